"""
Where episodes of a group part, and how much of who passes and who fails stands in the choice.

The measure is information in bits: n H(passes) of the episodes at a place, less the sum of that
over the choices taken there (Quinlan, Machine Learning 1, 1986), less what shuffled passes give on
average: without that, choices that hardly anybody takes would seem to decide everything.
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from math import log2
from random import Random

from attrs import frozen

from refold.reports.grouping.paths import Node, Path

SHUFFLES = 400
MOST_SHUFFLED = 20
"""Places that are held against chance: those where choice tells most before that."""

_CHANCE = 0.95


@frozen
class Choice:
    """
    What some episodes chose at a place.

    Attributes:
        action: It in words; None for those that only one episode each chose.
        paths: The episodes, in the group's order.
    """

    action: str | None
    paths: tuple[Path, ...]

    @property
    def passed(self) -> int:
        """How many of them passed."""
        return sum(path.passed for path in self.paths)


@frozen
class Split:
    """
    A place where episodes chose differently.

    Attributes:
        position: Number of actions taken before.
        choices: What was chosen, the largest share of passes first, single ones last.
        bits: Information about passes in the choice, above that of shuffled passes.
        total: Information that there is, n H(passes).
        clear: Whether it is above that of 95 % of the shuffles.
    """

    position: int
    choices: tuple[Choice, ...]
    bits: float
    total: float
    clear: bool

    @property
    def paths(self) -> list[Path]:
        """All episodes that came there and went on."""
        return [path for choice in self.choices for path in choice.paths]


def find_splits(paths: Iterable[Path]) -> list[Split]:
    """Return where *paths* part, the most telling place first; equal ones by position."""
    places: dict[Node, dict[str, list[Path]]] = {}
    for path in paths:
        for node, action in path.moves:
            places.setdefault(node, {}).setdefault(action, []).append(path)
    candidates = [
        (node[0], choices)
        for node, taken in places.items()
        if len(choices := _choices(taken)) > 1 and _information(_counts(choices)) > 0
    ]
    candidates.sort(key=lambda each: (-_information(_counts(each[1])), each[0]))
    splits = [_split(*each) for each in candidates[:MOST_SHUFFLED]]
    return sorted(splits, key=lambda each: (-each.bits, each.position))


def _choices(taken: dict[str, list[Path]]) -> tuple[Choice, ...]:
    several = [Choice(action, tuple(on)) for action, on in taken.items() if len(on) > 1]
    several.sort(key=lambda each: (-each.passed / len(each.paths), -len(each.paths), each.action))
    single = tuple(path for on in taken.values() if len(on) == 1 for path in on)
    return (*several, Choice(None, single)) if single else tuple(several)


def _counts(choices: Sequence[Choice]) -> list[tuple[int, int]]:
    return [(choice.passed, len(choice.paths)) for choice in choices]


def _split(position: int, choices: tuple[Choice, ...]) -> Split:
    counts = _counts(choices)
    found, shuffled = _information(counts), _shuffled(counts)
    return Split(
        position=position,
        choices=choices,
        bits=max(0.0, found - sum(shuffled) / SHUFFLES),
        total=_entropy(sum(passed for passed, _ in counts), sum(n for _, n in counts)),
        clear=found > shuffled[round(_CHANCE * SHUFFLES) - 1],
    )


def _information(counts: Sequence[tuple[int, int]]) -> float:
    total = _entropy(sum(passed for passed, _ in counts), sum(n for _, n in counts))
    return total - sum(_entropy(passed, n) for passed, n in counts)


def _entropy(passed: int, n: int) -> float:
    """Return n H(passed / n) in bits."""
    shares = (passed / n, 1 - passed / n)
    return -n * sum(share * log2(share) for share in shares if share)


def _shuffled(counts: Sequence[tuple[int, int]]) -> list[float]:
    """Return the information of choices of these sizes for shuffled passes, ascending."""
    dice = Random(0)  # fixed: equal logs, equal words
    sizes = [n for _, n in counts]
    ends = [0, *accumulate(sizes)]
    passes = [which for passed, n in counts for which in (1,) * passed + (0,) * (n - passed)]
    found = []
    for _ in range(SHUFFLES):
        dice.shuffle(passes)
        drawn = [sum(passes[start:end]) for start, end in pairwise(ends)]
        found.append(_information(list(zip(drawn, sizes, strict=True))))
    return sorted(found)
