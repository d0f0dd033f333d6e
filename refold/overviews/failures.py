"""Why episodes of a run did not pass: those with the same scenario and sentence together."""

import re
from collections import defaultdict
from collections.abc import Sequence

from attrs import frozen

from refold.overviews.reading import RunRead
from refold.reports.measured import Measured

_NUMBER = re.compile(r"(?<!\w)\d+(?:\.\d+)?(?!\w)")
"""A number that stands for itself: those in ids tell things apart."""


@frozen
class Reason:
    """
    What went wrong in some episodes.

    Attributes:
        scenario: Their scenario.
        sentence: What went wrong in the lowest of them; empty if nobody knows.
        episodes: All of them, lowest score first.
        lost: What they lost together: the sum of 1 minus their scores.
    """

    scenario: str
    sentence: str
    episodes: tuple[Measured, ...]
    lost: float


def failed_episodes(read: RunRead, pass_at: float) -> list[Measured]:
    """Return the episodes of a run that count and did not pass, lowest score first."""
    counted = [each for each in read.episodes if each.outcome.excluded is None]
    failed = [each for each in counted if each.outcome.score < pass_at]
    return sorted(failed, key=lambda each: each.outcome.score)


def masked(sentence: str) -> str:
    """Return *sentence* without its numbers, so that it is equal to others of its kind."""
    return _NUMBER.sub("#", sentence)


def reasons(read: RunRead, pass_at: float) -> list[Reason]:
    """Return what went wrong in a run, costliest first."""
    groups: dict[tuple[str, str], list[Measured]] = defaultdict(list)
    for each in failed_episodes(read, pass_at):
        sentence = read.verdicts.get(each.info.id, "")
        groups[each.info.scenario, masked(sentence)].append(each)
    return sorted(
        (_reason(read, scenario, group) for (scenario, _), group in groups.items()),
        key=lambda reason: -reason.lost,
    )


def _reason(read: RunRead, scenario: str, group: Sequence[Measured]) -> Reason:
    sentence = read.verdicts.get(group[0].info.id, "")
    return Reason(scenario, sentence, tuple(group), sum(1 - each.outcome.score for each in group))
