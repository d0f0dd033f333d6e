"""
How far replaying alone moves an agent's mean: its noise floor, from seeds played several times.

Seeds differ from each other, and so do scenarios in how noisy they are, so only the scatter
within one seed counts, and each scenario keeps its own. One scenario says nothing of another:
an agent of which any scenario was played once only has no noise floor.
"""

from collections.abc import Sequence
from math import fsum, sqrt
from statistics import variance

from attrs import frozen

from refold.reports.quantiles import t_quantile
from refold.reports.statistics import CONFIDENCE


@frozen
class Noise:
    """Variance of an agent's mean of scenario means over replays, with degrees of freedom."""

    variance: float
    degrees: float


def replay_noise(scenarios: Sequence[Sequence[Sequence[float]]]) -> Noise | None:
    """
    Return the noise of one agent's mean; None unless every scenario has a repeated seed.

    By scenario s^2 = sum (n_w - 1) s_w^2 / sum (n_w - 1) within its seeds w; the variance is
    that of the mean of scenario means of seed means, with Satterthwaite's degrees of freedom.
    It is 0 for an agent that always does the same.

    Args:
        scenarios: For each scenario its seeds, each the scores of its repetitions.
    """
    parts, degrees = [], []
    for worlds in scenarios:
        free = sum(len(scores) - 1 for scores in worlds)
        if free < 1:
            return None
        squares = fsum((len(each) - 1) * variance(each) for each in worlds if len(each) > 1)
        shares = fsum(1 / len(scores) for scores in worlds) / len(worlds) ** 2
        parts.append(squares / free * shares / len(scenarios) ** 2)
        degrees.append(float(free))
    return _sum(parts, degrees) if parts else None


def noise_of_difference(a: Noise, b: Noise, *, confidence: float = CONFIDENCE) -> float:
    """
    Return how far from 0 noise alone takes the difference of two equal agents' means.

    t sqrt(variance a + variance b), each with its own degrees of freedom.
    """
    both = _sum([a.variance, b.variance], [a.degrees, b.degrees])
    return t_quantile(both.degrees, confidence) * sqrt(both.variance)


def noise_of_replay(noise: Noise, *, confidence: float = CONFIDENCE) -> float:
    """Return how far replaying everything moves an agent's mean: t sqrt(2 variance)."""
    return t_quantile(noise.degrees, confidence) * sqrt(2 * noise.variance)


def _sum(variances: Sequence[float], degrees: Sequence[float]) -> Noise:
    total = fsum(variances)
    if not total:
        return Noise(0.0, fsum(degrees))
    squares = fsum(v * v / free for v, free in zip(variances, degrees, strict=True))
    return Noise(total, total * total / squares)
