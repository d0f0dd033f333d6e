"""Reading the labels of one name from a log, as reports count them."""

from collections import Counter
from collections.abc import Mapping, Sequence

from attrs import frozen

from refold.commands.shared.formatting import pluralise
from refold.commands.shared.output import print_to_stderr
from refold.engine import EventLog
from refold.engine.errors import UnknownName
from refold.engine.log.left_out import LeftOut
from refold.engine.log.remarks import Remark, standing
from refold.labels.values import label_names
from refold.reports.labelled import LabelledUnit, labelled_units, verdict


@frozen
class Verdicts:
    """What people say of episodes: good or not by id, and why the others have no verdict."""

    good: Mapping[str, bool]
    units: Sequence[LabelledUnit]
    left_out: Counter[str]


def values_of(log: EventLog, name: str) -> tuple[str, ...]:
    """
    Return the values that the label *name* may have.

    Raises:
        UnknownName: Nobody has labelled anything so.
    """
    known = label_names(log.remarks())
    if name not in known:
        raise UnknownName("label", name, known, hint="`refold label` gives one")
    return known[name]


def read_labels(
    log: EventLog,
    name: str,
    *,
    scenario: str | None,
    agent: str | None,
    run: str | None,
) -> list[LabelledUnit]:
    """
    Return what people labelled *name*, of the episodes that the filters let through.

    Labels on an earlier state of an episode that grew are left out, and told.

    Raises:
        UnknownName: Nobody has labelled anything so.
    """
    values_of(log, name)
    infos = log.episodes(scenario=scenario, agent=agent, run=run, left_out=LeftOut())
    scenarios = {info.id: info.scenario for info in infos}
    labels = [each for each in standing(log.remarks()) if (each.kind, each.name) == ("label", name)]
    return labelled_units(_fresh(log, labels), name, scenarios)


def verdicts(units: Sequence[LabelledUnit], values: Sequence[str]) -> Verdicts:
    """Return what most people say of each whole episode."""
    good: dict[str, bool] = {}
    kept: list[LabelledUnit] = []
    left_out: Counter[str] = Counter()
    for unit in units:
        if unit.step is not None:
            left_out["labels on a step"] += len(unit.values)
            continue
        decided = [value for value in unit.values.values() if value in values[:2]]
        most = verdict(decided)
        if most is None:
            left_out["tied" if decided else f"neither {values[0]} nor {values[1]}"] += 1
            continue
        good[unit.episode] = most == values[0]
        kept.append(unit)
    return Verdicts(good, kept, left_out)


def _fresh(log: EventLog, labels: list[Remark]) -> list[Remark]:
    """Return those of *labels* that are of their episodes as they are now; tell of the others."""
    fresh = [each for each in labels if log.later_events(each) == 0]
    if grown := len(labels) - len(fresh):
        print_to_stderr(
            f"{pluralise(grown, 'label')} not counted, given before more events; "
            "`refold labels` lists them"
        )
    return fresh
