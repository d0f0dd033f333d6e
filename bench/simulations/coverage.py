"""How often intervals cover the truth."""

from random import Random
from statistics import fmean

from bench.simulations.worlds import Draw, rare_change, skewed, two_lumps
from refold.reports.paired import difference_here
from refold.reports.statistics import (
    clustered_pass_interval,
    difference_interval,
    mean_interval,
)

MEANS: dict[str, tuple[int, tuple[Draw, float]]] = {
    "two lumps, 85 % in the upper, n 5": (5, two_lumps(0.35, 0.9, 0.85)),
    "two lumps, 95 % in the upper, n 20": (20, two_lumps(0.35, 0.9, 0.95)),
    "two lumps, half and half, n 10": (10, two_lumps(0.35, 0.9, 0.5)),
    "skewed, n 5": (5, skewed(4, 0.6)),
    "skewed, n 20": (20, skewed(4, 0.6)),
    "uniform, n 10": (10, skewed(1, 1)),
}
CHANGES: dict[str, tuple[int, int, tuple[Draw, float]]] = {
    "2 % of episodes change, 50 scenarios of 5": (50, 5, rare_change(0.02, 0.3)),
    "5 % of episodes change, 20 scenarios of 5": (20, 5, rare_change(0.05, 0.3)),
    "20 % of episodes change, 7 scenarios of 5": (7, 5, rare_change(0.2, 0.3)),
    "all episodes change, 7 scenarios of 5": (7, 5, skewed(2, 5)),
}


def mean_of_scores(n: int, scores: tuple[Draw, float], studies: int) -> float:
    """Return how often the interval of the mean of *n* scores covers the truth."""
    (draw, truth), dice, covered = scores, Random(n), 0
    for _ in range(studies):
        made = mean_interval([draw(dice) for _ in range(n)])
        covered += made.low - 1e-9 <= truth <= made.high + 1e-9
    return covered / studies


def shift_elsewhere(
    scenarios: int, episodes: int, changes: tuple[Draw, float], studies: int
) -> float:
    """Return how often the interval of scenarios' mean changes covers what holds elsewhere."""
    (draw, truth), dice, covered = changes, Random(scenarios), 0
    for _ in range(studies):
        # Scenarios differ: in some, twice as much changes, in others nothing does.
        means = [
            dice.choice((0, 2)) * fmean(draw(dice) for _ in range(episodes))
            for _ in range(scenarios)
        ]
        made = difference_interval(means, bounds=(-1, 1))
        covered += made.low <= truth <= made.high
    return covered / studies


def pass_rate(scenarios: int, episodes: int, spread: float, studies: int) -> float:
    """Return how often the interval of all passes covers the rate, where scenarios differ."""
    dice, covered, rate = Random(scenarios), 0, 0.7
    for _ in range(studies):
        clusters = []
        for _ in range(scenarios):
            size = 1 / spread - 1
            own = dice.betavariate(rate * size, (1 - rate) * size)
            clusters.append((sum(dice.random() < own for _ in range(episodes)), episodes))
        made = clustered_pass_interval(clusters)
        covered += made.low <= rate <= made.high
    return covered / studies


def difference_of_scenarios(scenarios: int, seeds: int, studies: int) -> float:
    """Return how often the interval of these scenarios covers the true difference of two agents."""
    dice, covered = Random(seeds), 0
    for _ in range(studies):
        gaps = [(dice.random(), dice.random()) for _ in range(scenarios)]
        truth = fmean(0.5 * (b - a) for a, b in gaps)
        strata = [
            [0.5 * ((dice.random() < b) - (dice.random() < a)) for _ in range(seeds)]
            for a, b in gaps
        ]
        made = difference_here(strata)
        covered += made.low <= truth <= made.high
    return covered / studies
