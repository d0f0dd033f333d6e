"""
Differences of two agents over the same seeds, with interval and p-value, for two claims.

A seed of a scenario that was played several times gives one difference, that of its means.
``difference_here`` is about *these scenarios*, played with other seeds: seeds are a sample,
scenarios are not. ``difference_elsewhere`` is about other scenarios of the kind. Both are about the
mean of the scenarios' means.
"""

from collections.abc import Sequence
from math import fsum, sqrt
from statistics import fmean, variance
from typing import Literal

from attrs import frozen

from refold.reports.p_values import SignFlips, sign_flip_test
from refold.reports.quantiles import t_quantile
from refold.reports.statistics import (
    CONFIDENCE,
    PLACES,
    Bounds,
    Estimate,
    Method,
    difference_interval,
    mean_interval,
    student_interval,
)

Claim = Literal["these_scenarios", "elsewhere"]

POWER = 0.8
"""Share of cases in which ``least_drop`` is seen."""

_FEWEST_DIFFERING = 5  # with fewer, the stratified interval covers 0.84 in place of 0.95


@frozen
class Difference:
    """
    A mean difference, second minus first, with what it claims.

    Attributes:
        claim: What the interval and the p-value speak of.
        units: Number of independent units: seeds, or scenarios.
        differing: How many of them differ at all.
        difference: Mean of the scenarios' mean differences.
        low: Lower end of its interval.
        high: Upper end of its interval.
        method: How the interval was made.
        p: Two-sided p-value of the sign-flip test over the units.
        least_p: The smallest p-value possible with so many units that differ.
        exact: Whether all flips were tried, rather than a fixed sample of them.
        error: Standard error; None where the interval rests on none.
        degrees: Degrees of freedom of *error*, None with it.
    """

    claim: Claim
    units: int
    differing: int
    difference: float
    low: float
    high: float
    method: Method
    p: float
    least_p: float
    exact: bool
    error: float | None
    degrees: float | None

    def is_clear(self, adjusted_p: float | None = None, *, confidence: float = CONFIDENCE) -> bool:
        """
        Return whether the difference is no chance: p small, and 0 outside of the interval.

        *adjusted_p* takes the place of the test's own p-value, where several pairs were tested;
        *confidence* has to be that of the interval.
        """
        p = self.p if adjusted_p is None else adjusted_p
        return p <= 1 - confidence and not self.low <= 0 <= self.high

    def least_drop(self, *, confidence: float = CONFIDENCE) -> float | None:
        """
        Return the true difference that a test of these units sees in four of five cases.

        (t + t_0.8) error, with the two-sided t of *confidence*; None without *error*.
        """
        if self.error is None or self.degrees is None:
            return None
        power = t_quantile(self.degrees, 2 * POWER - 1)
        return (t_quantile(self.degrees, confidence) + power) * self.error


def difference_here(
    scenarios: Sequence[Sequence[float]],
    *,
    bounds: Bounds = (-1.0, 1.0),
    confidence: float = CONFIDENCE,
) -> Difference:
    """
    Return the difference on these scenarios, with other seeds.

    Stratified t: the error is sqrt(sum s_g^2 / n_g) / G over the seeds of G scenarios, with
    Satterthwaite's degrees of freedom (Biometrics Bulletin 2, 1946). Where a scenario has a single
    seed, the scenarios' means are taken as a sample, which is too wide rather than too narrow.
    Where fewer than 5 seeds differ, or the seeds of each scenario all alike, Gaffke's interval
    over seeds. The p-value flips seeds.

    Args:
        scenarios: For each scenario the differences of its seeds, at least one.
        bounds: Lowest and highest difference possible.
        confidence: Of the interval.

    Raises:
        ValueError: There is no scenario, or one without a seed.
    """
    _check(scenarios)
    parts = [each / (len(scenarios) * len(group)) for group in scenarios for each in group]
    flips = sign_flip_test(parts)
    interval = _interval_here(scenarios, flips.differing, bounds, confidence)
    return _difference("these_scenarios", *interval, flips)


def difference_elsewhere(
    scenarios: Sequence[Sequence[float]],
    *,
    bounds: Bounds = (-1.0, 1.0),
    confidence: float = CONFIDENCE,
) -> Difference:
    """
    Return the difference on other scenarios of the kind; arguments are as for ``difference_here``.

    The interval is ``difference_interval`` of the scenarios' means; the p-value flips scenarios,
    so that below 6 of them nothing can be clear.

    Raises:
        ValueError: There is no scenario, or one without a seed.
    """
    _check(scenarios)
    means = [fmean(group) for group in scenarios]
    estimate = difference_interval(means, bounds=bounds, confidence=confidence)
    error, degrees = _error_of(means) if estimate.method == "student" else (None, None)
    return _difference("elsewhere", estimate, error, degrees, sign_flip_test(means))


def _difference(
    claim: Claim, estimate: Estimate, error: float | None, degrees: float | None, flips: SignFlips
) -> Difference:
    return Difference(
        claim=claim,
        units=estimate.n,
        differing=flips.differing,
        difference=round(estimate.mean, PLACES) + 0.0,
        low=estimate.low,
        high=estimate.high,
        method=estimate.method,
        p=flips.p,
        least_p=flips.least_p,
        exact=flips.exact,
        error=error,
        degrees=degrees,
    )


def _interval_here(
    scenarios: Sequence[Sequence[float]], differing: int, bounds: Bounds, confidence: float
) -> tuple[Estimate, float | None, float | None]:
    means = [fmean(group) for group in scenarios]
    if differing >= _FEWEST_DIFFERING:
        if min(map(len, scenarios)) > 1:
            error, degrees = stratified_error(scenarios)
        else:
            error, degrees = _error_of(means) if len(means) >= _FEWEST_DIFFERING else (0.0, 1.0)
        if round(error, PLACES):
            worlds = sum(map(len, scenarios))
            estimate = student_interval(worlds, fmean(means), error, degrees, bounds, confidence)
            return estimate, error, degrees
    return _gaffke_here(scenarios, bounds, confidence), None, None


def stratified_error(scenarios: Sequence[Sequence[float]]) -> tuple[float, float]:
    """
    Return the standard error of the mean of scenario means, and its degrees of freedom.

    sqrt(sum v_g) / G with v_g = s_g^2 / n_g, and (sum v_g)^2 / sum(v_g^2 / (n_g - 1)); an error of
    0 has the degrees of freedom 1. Every scenario needs two values or more.
    """
    parts = [variance(group) / len(group) for group in scenarios]
    total = fsum(parts)
    if not total:
        return 0.0, 1.0
    squares = fsum(v * v / (len(group) - 1) for v, group in zip(parts, scenarios, strict=True))
    return sqrt(total) / len(scenarios), total * total / squares


def _error_of(means: Sequence[float]) -> tuple[float, float]:
    return sqrt(variance(means) / len(means)), float(len(means) - 1)


def _gaffke_here(
    scenarios: Sequence[Sequence[float]], bounds: Bounds, confidence: float
) -> Estimate:
    """Return Gaffke's interval over seeds, each scaled so that scenarios weigh the same."""
    worlds = sum(map(len, scenarios))
    weights = [worlds / (len(scenarios) * len(group)) for group in scenarios]
    values = [
        weight * each for weight, group in zip(weights, scenarios, strict=True) for each in group
    ]
    widest = max(weights)
    made = mean_interval(
        values, bounds=(widest * bounds[0], widest * bounds[1]), confidence=confidence
    )
    low, high = max(bounds[0], made.low), min(bounds[1], made.high)
    return Estimate(worlds, made.mean, low, high, made.method)


def _check(scenarios: Sequence[Sequence[float]]) -> None:
    if not scenarios or not all(scenarios):
        raise ValueError("differences: expected scenarios of at least one world, got an empty one")
