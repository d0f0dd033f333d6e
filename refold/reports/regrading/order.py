"""
The order of agents: which pairs change places under the new grades, and whether that is clear.

Two agents are compared on the seeds that both played. What is claimed is about these scenarios
with other seeds; p-values are adjusted for all pairs, whatever is shown of them.
"""

from collections.abc import Sequence
from itertools import combinations
from statistics import fmean
from typing import Literal

from attrs import frozen

from refold.reports.p_values import holm
from refold.reports.paired import Difference, difference_here
from refold.reports.regrading.scores import NEW, OLD, Scores
from refold.reports.statistics import PLACES

Word = Literal["kept", "reversed", "new order", "order lost", "swapped, within noise"]

STRENGTH: tuple[Word, ...] = ("reversed", "new order", "order lost", "swapped, within noise")
"""What may become of a pair that changes places, the strongest first."""

Strata = Sequence[Sequence[float]]


@frozen
class AgentPair:
    """
    Two agents, the first of which was ahead, or was by its name if neither was.

    Attributes:
        agents: Their names.
        old: Difference of their means by the old grades, first minus second.
        new: The same by the new grades.
        p: P-value of the new difference, adjusted for all pairs; None where no pair changes
            places, so that nothing has to be told from chance.
        least_p: The smallest p-value possible with so many seeds that differ; None with *p*.
        worlds: Number of seeds that both played.
        word: What became of their order.
    """

    agents: tuple[str, str]
    old: float
    new: float
    p: float | None
    least_p: float | None
    worlds: int
    word: Word


@frozen
class _Compared:
    """Two agents and their differences, by scenario and seed, of the old and the new grades."""

    agents: tuple[str, str]
    sides: tuple[Strata, Strata]

    @property
    def means(self) -> tuple[float, float]:
        old, new = (round(fmean(map(fmean, side)), PLACES) + 0.0 for side in self.sides)
        return old, new

    @property
    def swapped(self) -> bool:
        old, new = self.means
        return old * new < 0


def agent_pairs(scores: Scores) -> tuple[AgentPair, ...]:
    """Return all pairs of agents that have a seed in common, those that changed places first."""
    compared = [
        found
        for pair in combinations(sorted(scores.agents), 2)
        if (found := _compare(scores, pair))
    ]
    if not any(each.swapped for each in compared):
        return tuple(_pair(each, None, None, "kept") for each in compared)
    olds, news = ([difference_here(each.sides[side]) for each in compared] for side in (OLD, NEW))
    old_ps, new_ps = (holm([each.p for each in side]) for side in (olds, news))
    pairs = [
        _pair(each, new, p, _word(each, old.is_clear(old_p), new.is_clear(p)))
        for each, old, new, old_p, p in zip(compared, olds, news, old_ps, new_ps, strict=True)
    ]
    return tuple(sorted(pairs, key=lambda pair: [*STRENGTH, "kept"].index(pair.word)))


def _compare(scores: Scores, agents: tuple[str, str]) -> _Compared | None:
    first, second = (scores.agents[agent] for agent in agents)
    sides: tuple[list[list[float]], list[list[float]]] = ([], [])
    for scenario in filter(second.__contains__, first):
        a, b = first[scenario], second[scenario]
        seeds = [seed for seed in a if seed in b]
        for side in (OLD, NEW) if seeds else ():
            sides[side].append(
                [
                    fmean(each[side] for each in a[seed]) - fmean(each[side] for each in b[seed])
                    for seed in seeds
                ]
            )
    if not sides[OLD]:
        return None
    found = _Compared(agents, sides)
    if found.means[OLD] >= 0:
        return found
    turned = [[[-each for each in group] for group in side] for side in sides]
    return _Compared(agents[::-1], (turned[OLD], turned[NEW]))


def _word(compared: _Compared, was_clear: bool, is_clear: bool) -> Word:
    if not compared.swapped:
        return "kept"
    if is_clear:
        return "reversed" if was_clear else "new order"
    return "order lost" if was_clear else "swapped, within noise"


def _pair(each: _Compared, found: Difference | None, p: float | None, word: Word) -> AgentPair:
    old, new = each.means
    worlds = sum(map(len, each.sides[OLD]))
    return AgentPair(each.agents, old, new, p, found.least_p if found else None, worlds, word)
