"""The same actions put to fresh environments, and what changes by itself."""

import re
from collections.abc import Iterable, Sequence
from functools import cached_property, partial
from itertools import pairwise
from typing import Any

from attrs import frozen

from refold.replays.transcripts import (
    Difference,
    Script,
    Transcript,
    differences,
    play_afresh,
)
from refold.scenarios.answered.paths import read_path, values_at

MOST_ACTIONS = 50
"""Actions of a play that are put again."""

_FEWEST_VALUES = 6
"""Values that have to be in order before they are those of a clock: dice are so 1 time in 720."""
_LABEL = re.compile(r"[0-9a-fA-F-]{8,}")


@frozen(eq=False)
class Repeats:
    """
    What fresh environments answered to the same actions.

    Attributes:
        first: In a process that had played nothing.
        again: In another such process.
        other_seed: With another seed, after ``first`` in its process.
        after: After an episode of the other seed.
        beside: While such an episode went on, an action of each in turn.
        in_order: Transcripts, each of which began after the one before it had ended.
    """

    first: Transcript
    again: Transcript
    other_seed: Transcript
    after: Transcript
    beside: Transcript
    in_order: Sequence[Transcript]

    @cached_property
    def passing(self) -> Sequence[Difference]:
        """
        Where ``first`` and ``again`` differ in a clock's values or an id that is made up.

        Once for each path.
        """
        found = _by_path(differences(self.first, self.again))
        return [each for path, each in found.items() if self._passes(path)]

    @cached_property
    def volatile(self) -> Sequence[str]:
        """The paths of ``passing``."""
        return [each.value.general_path for each in self.passing]

    @cached_property
    def by_chance(self) -> Sequence[Difference]:
        """Where else ``first`` and ``again`` differ, though seed and actions are equal."""
        return self.between(self.first, self.again)

    def between(self, a: Transcript, b: Transcript) -> Sequence[Difference]:
        """Return where *a* and *b* differ, the first of each path, without what passes."""
        return list(_by_path(differences(a, b, self.volatile)).values())

    def _passes(self, path: str) -> bool:
        steps = read_path(path)
        if steps is None:
            return False
        values = [
            value
            for transcript in self.in_order
            for answer in transcript.plain()
            for value in values_at(answer, steps)
        ]
        return len(values) >= _FEWEST_VALUES and (_is_in_order(values) or _are_labels(values))


def _by_path(found: Iterable[Difference]) -> dict[str, Difference]:
    """Return the first of *found* at each path."""
    by_path: dict[str, Difference] = {}
    for each in found:
        by_path.setdefault(each.value.general_path, each)
    return by_path


def repeat(
    scenario: bytes, named: Sequence[str], *, seed: int, other_seed: int, actions: Sequence[Any]
) -> Repeats:
    """
    Return what fresh environments answer to the first of *actions*; raises as ``play_afresh`` does.

    Args:
        scenario: The scenario's canonical JSON.
        named: The environments that the user has named.
        seed: The seed of the play that the actions are from.
        other_seed: Another seed.
        actions: The actions of that play.
    """
    script, other = (Script(each, actions[:MOST_ACTIONS]) for each in (seed, other_seed))
    play = partial(play_afresh, scenario, named)
    (first,), (changed,) = play([[script], [other]])
    (again,), (also,) = play([[script], [other]])
    (before,), (after,), (beside, _) = play([[other], [script], [script, other]])
    in_order = (first, changed, again, also, before, after, beside)
    return Repeats(first, again, changed, after, beside, in_order)


def _is_in_order(values: Sequence[Any]) -> bool:
    """Return whether *values*, all numbers or all texts, rise from the first to the last."""
    kinds = {type(value) for value in values}
    if not (kinds == {str} or kinds <= {int, float}):
        return False
    return bool(values[0] < values[-1]) and all(a <= b for a, b in pairwise(values))


def _are_labels(values: Sequence[Any]) -> bool:
    return all(isinstance(value, str) and _LABEL.fullmatch(value) for value in values)
