"""
How far people, or a grader and people, agree on labels: pure functions on labels without order.

Alpha (Krippendorff, Content Analysis, 2004, chapter 11) takes any number of people, and units that
not all of them labelled; kappa (Cohen, Educ. Psychol. Meas. 20, 1960) takes two, and the units
that both did. Both are 1 for perfect agreement and 0 for what chance would give; where only one
value was ever given, neither is defined, and None is returned.
"""

import random
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import chain, combinations
from typing import TypeVar

from attrs import frozen

from refold.reports.statistics import CONFIDENCE

FEWEST = 50
"""Units below which the bootstrap's intervals are too narrow: at 20 they cover 0.81 to 0.91."""
FEWEST_SCENARIOS = 10
"""Scenarios from which on whole ones are drawn again."""

_DRAWS = 2000
_MOST_UNDEFINED = 0.01
_SEED = 20

Unit = Mapping[str, str]
"""The labels of one episode, or one step: value by author."""
T = TypeVar("T")


@frozen
class Agreement:
    """
    A measure of agreement.

    Attributes:
        value: The measure; None if it is not defined.
        low: Lower end of its interval; None if it has none.
        high: Upper end.
        n: Units that two or more labelled.
        why: Why nothing can be told from it; None if something can.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    why: str | None


def alpha(units: Iterable[tuple[str, ...]]) -> float | None:
    """
    Return Krippendorff's alpha for nominal values; None without two values to compare.

    A unit is the labels that it was given, by however many people.
    """
    total: Counter[str] = Counter()
    seen = 0.0
    for labels, times in Counter(units).items():
        if len(labels) > 1:
            counts = Counter(labels)
            total.update({value: times * count for value, count in counts.items()})
            seen += times * _unlike(counts) / (len(labels) - 1)
    n = total.total()
    by_chance = _unlike(total) / (n - 1) if n > 1 else 0
    return 1 - seen / by_chance if by_chance else None


def _unlike(counts: Counter[str]) -> int:
    """Return how many ordered pairs of these labels differ."""
    return counts.total() ** 2 - sum(count**2 for count in counts.values())


def kappa(pairs: Iterable[tuple[Hashable, Hashable]]) -> float | None:
    """Return Cohen's kappa of two people's labels; None without two values to compare."""
    counts = Counter(pairs)
    left: Counter[Hashable] = Counter()
    right: Counter[Hashable] = Counter()
    for (one, other), times in counts.items():
        left[one] += times
        right[other] += times
    n = counts.total()
    by_chance = sum(left[value] * right[value] for value in left)
    if by_chance == n**2:  # both are 0 without any pair
        return None
    same = sum(times for (one, other), times in counts.items() if one == other)
    return (n * same - by_chance) / (n**2 - by_chance)


def pairs_of(units: Iterable[Unit], one: str, other: str) -> list[tuple[str, str]]:
    """Return the labels of two authors on the units that both labelled."""
    return [(unit[one], unit[other]) for unit in units if one in unit and other in unit]


def author_pairs(units: Iterable[Unit]) -> list[tuple[str, str]]:
    """Return each two of the authors, by name."""
    return list(combinations(sorted({author for unit in units for author in unit}), 2))


def measure(
    items: Sequence[T], scenarios: Sequence[Hashable], of: Callable[[Iterable[T]], float | None]
) -> Agreement:
    """
    Return the measure *of* these *items*, with its bootstrap interval.

    Whole scenarios are drawn again if there are 10 or more, else items; by dice of a fixed seed,
    so that equal labels give equal intervals. The interval's ends are quantiles of 2,000 draws.

    Args:
        items: What is measured: units of two or more labels.
        scenarios: The scenario of each.
        of: The measure.
    """
    n = len(items)
    found = of(items)
    if n < FEWEST:
        return Agreement(found, None, None, n, f"{n} in common, {FEWEST} are needed")
    if found is None:
        return Agreement(None, None, None, n, "only one value was given")
    draws = _draws(items, scenarios, of)
    if draws is None:
        return Agreement(found, None, None, n, "nearly all values are equal")
    tail = (1 - CONFIDENCE) / 2
    low, high = (draws[round(share * (len(draws) - 1))] for share in (tail, 1 - tail))
    return Agreement(found, low, high, n, None)


def _draws(
    items: Sequence[T], scenarios: Sequence[Hashable], of: Callable[[Iterable[T]], float | None]
) -> list[float] | None:
    """Return the measure of each draw, sorted; None if too many have none."""
    by_scenario: dict[Hashable, list[T]] = {}
    for item, scenario in zip(items, scenarios, strict=True):
        by_scenario.setdefault(scenario, []).append(item)
    whole = len(by_scenario) >= FEWEST_SCENARIOS
    groups = list(by_scenario.values()) if whole else [[item] for item in items]
    dice = random.Random(_SEED)
    drawn = (chain.from_iterable(dice.choices(groups, k=len(groups))) for _ in range(_DRAWS))
    found = [value for items in drawn if (value := of(items)) is not None]
    return sorted(found) if len(found) >= (1 - _MOST_UNDEFINED) * _DRAWS else None
