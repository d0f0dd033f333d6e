"""
Labels as reports count them: by unit and author, on episodes as they are now.

A unit is an episode, or one of its steps. What people think of it as a whole is what most of them
say; where as many say otherwise, it is a tie, and nobody's verdict.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from attrs import Factory, frozen

from refold.engine.log.remarks import Remark

UnitKey = tuple[str, int | None]
"""Id of an episode, and a step or None."""


@frozen
class LabelledUnit:
    """
    What people said of one unit.

    Attributes:
        episode: Id of the episode.
        step: Position, or None for the whole episode.
        scenario: The episode's scenario.
        values: Value by author.
        drawn: How it was drawn, by author, as ``Remark.drawn``.
    """

    episode: str
    step: int | None
    scenario: str
    values: dict[str, str] = Factory(dict)
    drawn: dict[str, str] = Factory(dict)


def labelled_units(
    remarks: Iterable[Remark], name: str, scenarios: Mapping[str, str]
) -> list[LabelledUnit]:
    """
    Return the units that are labelled *name*, in the order of their first label.

    Args:
        remarks: Those that count.
        name: Of the label.
        scenarios: Scenario by the id of each episode that is asked about; others are left out.
    """
    found: dict[UnitKey, LabelledUnit] = {}
    for each in remarks:
        if each.kind == "label" and each.name == name and each.episode in scenarios:
            fresh = LabelledUnit(each.episode, each.step, scenarios[each.episode])
            unit = found.setdefault((each.episode, each.step), fresh)
            assert each.value is not None
            unit.values[each.author] = each.value
            unit.drawn[each.author] = each.drawn
    return list(found.values())


def verdict(values: Iterable[str]) -> str | None:
    """Return the value that most say; None if others are said as often, or none."""
    ranked = Counter(values).most_common(2)
    if not ranked or (len(ranked) == 2 and ranked[0][1] == ranked[1][1]):
        return None
    return ranked[0][0]
