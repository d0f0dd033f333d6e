"""Made-up agents: how their scores fall, world by world, with the truth known."""

from collections.abc import Callable
from random import Random

Draw = Callable[[Random], float]
Strata = list[list[float]]


def two_lumps(low: float, high: float, share: float) -> tuple[Draw, float]:
    """Return scores that are *high* with chance *share*, else *low*; and their mean."""
    return lambda dice: high if dice.random() < share else low, low + share * (high - low)


def skewed(a: float, b: float) -> tuple[Draw, float]:
    """Return scores of a beta distribution, and their mean."""
    return lambda dice: dice.betavariate(a, b), a / (a + b)


def rare_change(share: float, size: float) -> tuple[Draw, float]:
    """Return changes that are 0 but for a *share*, which is uniform up to *size*; and the mean."""

    def draw(dice: Random) -> float:
        return dice.uniform(0, size) if dice.random() < share else 0.0

    return draw, share * size / 2


def pass_rates(dice: Random, scenarios: int) -> list[float]:
    """Return how often an agent passes each of some scenarios: rarely to nearly always."""
    return [dice.betavariate(1.5, 1.5) for _ in range(scenarios)]


def play(dice: Random, rates: list[float], seeds: int, repeats: int = 1) -> Strata:
    """Return by scenario the share of passes in each world, played *repeats* times."""
    return [
        [sum(dice.random() < rate for _ in range(repeats)) / repeats for _ in range(seeds)]
        for rate in rates
    ]


def play_lumps(dice: Random, rates: list[float], seeds: int) -> Strata:
    """Return by scenario the scores of worlds: near 0.9 where passed, near 0.35 where not."""
    return [
        [(0.9 if dice.random() < rate else 0.35) + dice.gauss(0, 0.03) for _ in range(seeds)]
        for rate in rates
    ]


def minus(left: Strata, right: Strata) -> Strata:
    """Return the differences of two agents in the same worlds, second minus first."""
    return [[b - a for a, b in zip(*pair, strict=True)] for pair in zip(left, right, strict=True)]
