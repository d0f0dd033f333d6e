"""
Statistics of scores, for samples as small as one: pure functions, each with formula and source.

Intervals are two-sided and hold with the given *confidence*. Scores lie in a known range,
*bounds*, which intervals never leave. Values are independent units: whoever has several scores of
one unit gives their mean, or groups them. Nothing here knows about episodes.
"""

from collections import Counter
from collections.abc import Sequence
from math import comb, fsum, sqrt
from statistics import fmean, stdev
from typing import Literal

from attrs import evolve, frozen

from refold.reports.gaffke import gaffke_interval
from refold.reports.quantiles import beta_quantile, t_quantile

CONFIDENCE = 0.95
PLACES = 9
"""Scores have 4 decimal places; what is beyond these is rounding error."""

_FEWEST_FOR_T = 5

Bounds = tuple[float, float]
Method = Literal["student", "gaffke", "clopper_pearson", "korn_graubard"]


@frozen
class Estimate:
    """The mean of *n* values, with a confidence interval from *low* to *high* by *method*."""

    n: int
    mean: float
    low: float
    high: float
    method: Method


def mean_interval(
    values: Sequence[float], *, bounds: Bounds = (0.0, 1.0), confidence: float = CONFIDENCE
) -> Estimate:
    """
    Return the mean of *values*, at least one, with a confidence interval for the expected value.

    Gaffke's interval, which needs no shape of the distribution: Student's covers 0.56 to 0.95
    for scores in two lumps, as agents make them. For 0 and 1 it is Clopper and Pearson's.

    Raises:
        ValueError: There is no value.
    """
    if not values:
        raise ValueError("mean_interval: expected at least one value, got none")
    widest = min(bounds[0], *values), max(bounds[1], *values)  # by a rounding error at most
    low, high = gaffke_interval(values, widest, confidence)
    low, high = max(bounds[0], low), min(bounds[1], high)
    return Estimate(len(values), fmean(values), low, high, "gaffke")


def grouped_mean_interval(
    groups: Sequence[Sequence[float]],
    *,
    bounds: Bounds = (0.0, 1.0),
    confidence: float = CONFIDENCE,
) -> Estimate:
    """
    Return the mean of the means of *groups*, with ``mean_interval`` over these.

    Values depend on each other within a group, such as a seed played several times. Of a single
    group the values are the units, so that nothing is said of other seeds. The *n* of the
    result is the number of values.

    Raises:
        ValueError: There is no value, or an empty group.
    """
    units = [fmean(group) for group in groups] if len(groups) != 1 else groups[0]
    found = mean_interval(units, bounds=bounds, confidence=confidence)
    return evolve(found, n=sum(map(len, groups)))


def difference_interval(
    values: Sequence[float], *, bounds: Bounds = (-1.0, 1.0), confidence: float = CONFIDENCE
) -> Estimate:
    """
    Return the mean of *values*, differences of at least one scenario each, with an interval.

    Student's mean +- t(n - 1) s / sqrt(n) (Biometrika 6, 1908), cut to *bounds*, if there are at
    least 5 and at least half of them differ from the commonest; else ``mean_interval``. Where
    little moved, what did move is too rare for Student's: it covers 0.83 in place of 0.95.

    Args:
        values: Means of scenarios.
        bounds: The farthest that they can move down and up.
        confidence: Of the interval.

    Raises:
        ValueError: There is no value.
    """
    n = len(values)
    (_, commonest), *_ = Counter(round(each, PLACES) for each in values).most_common(1) or [(0, 0)]
    if n < _FEWEST_FOR_T or 2 * commonest > n:
        return mean_interval(values, bounds=bounds, confidence=confidence)
    error = stdev(values) / sqrt(n)
    return student_interval(n, fmean(values), error, n - 1, bounds, confidence)


def student_interval(
    n: int, mean: float, error: float, degrees: float, bounds: Bounds, confidence: float
) -> Estimate:
    """Return *mean* +- t *error* with so many *degrees* of freedom, cut to *bounds*."""
    half = t_quantile(degrees, confidence) * error
    low, high = max(bounds[0], mean - half), min(bounds[1], mean + half)
    return Estimate(n, mean, low, high, "student")


def pass_interval(passed: int, n: int, *, confidence: float = CONFIDENCE) -> Estimate:
    """
    Return the pass rate *passed* / *n* with its exact interval.

    Beta quantiles (Clopper, Pearson, Biometrika 26, 1934): the confidence is never below the
    one asked for, whatever n >= 1 is.

    Raises:
        ValueError: *n* is below 1, or *passed* is not 0 to *n*.
    """
    if n < 1 or not 0 <= passed <= n:
        raise ValueError(f"pass_interval: expected 0 <= passed <= n, n > 0, got {passed} of {n}")
    low, high = _clopper_pearson(passed, n, confidence)
    return Estimate(n, passed / n, low, high, "clopper_pearson")


def clustered_pass_interval(
    clusters: Sequence[tuple[int, int]], *, confidence: float = CONFIDENCE
) -> Estimate:
    """
    Return the pass rate of episodes that depend on each other within *clusters*.

    Clopper and Pearson's interval for as many independent episodes as these are worth (Korn,
    Graubard, Survey Methodology 24, 1998): p (1 - p) / v times (t(n - 1) / t(G - 1))^2, at most
    n, with v the variance of the rate over G clusters. Where nothing or everything passed, v says
    nothing, and the clusters count as one episode each. Of a single cluster the episodes are the
    units, so that nothing is said of other seeds.

    Args:
        clusters: Passed and all episodes of each cluster, such as a seed played several times.
        confidence: Of the interval.

    Raises:
        ValueError: There is no episode, or a cluster has more passes than episodes.
    """
    passed, n, count = sum(k for k, _ in clusters), sum(m for _, m in clusters), len(clusters)
    plain = pass_interval(passed, n, confidence=confidence)
    if any(not 0 <= k <= m for k, m in clusters):
        raise ValueError(f"clustered_pass_interval: expected 0 <= passed <= n, got {clusters}")
    if count in (1, n):
        return plain
    rate = passed / n
    worth = float(count)
    if 0 < passed < n:
        squares = fsum((k - rate * m) ** 2 for k, m in clusters)
        t = t_quantile(n - 1, confidence) / t_quantile(count - 1, confidence)
        spread = count / (count - 1) * squares / n**2
        worth = min(n, rate * (1 - rate) / spread * t * t) if spread else n
    low, high = _clopper_pearson(rate * worth, worth, confidence)
    return Estimate(n, rate, low, high, "korn_graubard")


def _clopper_pearson(passed: float, n: float, confidence: float) -> tuple[float, float]:
    tail = (1 - confidence) / 2
    low = beta_quantile(passed, n - passed + 1, tail) if passed > 0 else 0.0
    high = beta_quantile(passed + 1, n - passed, 1 - tail) if passed < n else 1.0
    return low, high


def pass_at_k(n: int, passed: int, k: int) -> float:
    """
    Return the probability that at least one of *k* episodes passes, given *passed* of *n*.

    1 - C(n - passed, k) / C(n, k), unbiased (Chen et al., arXiv 2107.03374, equation 1).

    Raises:
        ValueError: Not 1 <= *k* <= *n*, or *passed* is not 0 to *n*.
    """
    _check_draw(n, passed, k)
    return 1 - comb(n - passed, k) / comb(n, k)


def pass_hat_k(n: int, passed: int, k: int) -> float:
    """
    Return the probability that all of *k* episodes pass (pass^k), given *passed* of *n*.

    C(passed, k) / C(n, k), unbiased (Yao et al., tau-bench, arXiv 2406.12045, section 3).

    Raises:
        ValueError: Not 1 <= *k* <= *n*, or *passed* is not 0 to *n*.
    """
    _check_draw(n, passed, k)
    return comb(passed, k) / comb(n, k)


def _check_draw(n: int, passed: int, k: int) -> None:
    if not (1 <= k <= n and 0 <= passed <= n):
        raise ValueError(f"expected 1 <= k <= n and 0 <= passed <= n, got n {n}, {passed=}, {k=}")
