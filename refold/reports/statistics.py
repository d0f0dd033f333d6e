"""
Statistics of scores, for samples as small as one: pure functions, each with formula and source.

Intervals are two-sided and hold with the given *confidence*. Scores lie in a known range,
*bounds*, which intervals never leave. If all values are equal, Student's t would give an interval
of zero width, which n equal values cannot justify; ``mean_interval`` says what is used instead.
Nothing here knows about episodes.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import comb, fsum, sqrt
from random import Random
from statistics import fmean, stdev, variance
from typing import Literal

from attrs import frozen

from refold.reports.quantiles import beta_quantile, t_quantile

CONFIDENCE = 0.95
EXACT_UP_TO = 14
"""Number of clusters up to which all sign flips are tried; with more, a fixed sample of them."""

_FLIPS = 2**EXACT_UP_TO
_PLACES = 9  # scores have 4; what is beyond is rounding error

Bounds = tuple[float, float]
Method = Literal["student", "equal_values", "clopper_pearson"]


@frozen
class Estimate:
    """The mean of *n* values, with a confidence interval from *low* to *high* by *method*."""

    n: int
    mean: float
    low: float
    high: float
    method: Method


@frozen
class PairedDifference:
    """
    How the second of two agents did against the first, over pairs of episodes.

    Attributes:
        pairs: Number of pairs.
        clusters: Number of independent units that they fall into.
        difference: Mean over the pairs of second minus first.
        low: Lower end of its interval.
        high: Upper end of its interval.
        method: How the interval was made.
        p: Two-sided p-value of the sign-flip test.
        least_p: The smallest p-value possible with so many clusters, or flips.
        exact: Whether all flips were tried, rather than a fixed sample of them.
    """

    pairs: int
    clusters: int
    difference: float
    low: float
    high: float
    method: Method
    p: float
    least_p: float
    exact: bool


@frozen
class Noise:
    """Standard deviation of the scores of repeated episodes, with its degrees of freedom."""

    deviation: float
    degrees: int


def mean_interval(
    values: Sequence[float], *, bounds: Bounds = (0.0, 1.0), confidence: float = CONFIDENCE
) -> Estimate:
    """
    Return the mean of *values*, at least one, with a confidence interval for the expected value.

    mean +- t(n - 1) s / sqrt(n), Student's t interval (Student, Biometrika 6, 1908), cut to
    *bounds*. When all values are the same m, and so for n = 1, t has no spread to go by. Then
    with c = ((1 - confidence) / 2) ** (1 / n) the interval is
    low + c (m - low) to high - c (high - m): by Markov's inequality, a draw above m' =
    low + (mean - low) / c has a chance of at most c, n of them at most c ** n; likewise below.
    It holds for every distribution within *bounds*, and for n passes or n failures it is
    Clopper and Pearson's.

    Raises:
        ValueError: There is no value.
    """
    if not values:
        raise ValueError("mean_interval: expected at least one value, got none")
    if _all_equal(values):
        return _equal_values_interval(len(values), values[0], bounds, confidence)
    mean, error = fmean(values), stdev(values) / sqrt(len(values))
    return _student_interval(len(values), mean, error, len(values) - 1, bounds, confidence)


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
    tail = (1 - confidence) / 2
    low = beta_quantile(passed, n - passed + 1, tail) if passed else 0.0
    high = beta_quantile(passed + 1, n - passed, 1 - tail) if passed < n else 1.0
    return Estimate(n, passed / n, low, high, "clopper_pearson")


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


def paired_difference(
    clusters: Sequence[Sequence[float]],
    *,
    bounds: Bounds = (-1.0, 1.0),
    confidence: float = CONFIDENCE,
) -> PairedDifference:
    """
    Return the mean of paired differences with confidence interval and p-value.

    Differences within a cluster may depend on each other, clusters may not. The interval is
    mean +- t(G - 1) sqrt(G / (G - 1) sum (S_g - n_g mean)^2) / N over the sums S_g of G clusters
    (Cameron, Miller, J. Human Resources 50, 2015; for evaluations Miller, arXiv 2411.00640);
    with clusters of one size it is Student's on their means. Where these are all equal, and so
    for one cluster, it is ``mean_interval``'s. The p-value is that of the sign-flip test
    (Fisher 1935, section 21): the share of flips of whole clusters whose sum is at least as
    far out; beyond EXACT_UP_TO clusters with a difference, of a fixed sample of flips.

    Raises:
        ValueError: There is no cluster, or an empty one.
    """
    if not clusters or not all(clusters):
        raise ValueError("paired: expected clusters of at least one difference, got an empty one")
    count, pairs = len(clusters), sum(map(len, clusters))
    sums = [fsum(cluster) for cluster in clusters]
    mean = round(fsum(sums) / pairs, _PLACES) + 0.0
    if _all_equal([fmean(cluster) for cluster in clusters]):
        estimate = _equal_values_interval(count, mean, bounds, confidence)
    else:
        rests = [total - len(each) * mean for total, each in zip(sums, clusters, strict=True)]
        error = sqrt(count / (count - 1) * fsum(rest**2 for rest in rests)) / pairs
        estimate = _student_interval(count, mean, error, count - 1, bounds, confidence)
    moved = [total for total in sums if round(total, _PLACES)]  # to flip 0 changes nothing
    exact = len(moved) <= EXACT_UP_TO
    return PairedDifference(
        pairs=pairs,
        clusters=count,
        difference=mean,
        low=estimate.low,
        high=estimate.high,
        method=estimate.method,
        p=_sign_flips(moved),
        least_p=min(1.0, 2.0 ** (1 - len(moved))) if exact else 2 / (_FLIPS + 1),
        exact=exact,
    )


def noise_floor(groups: Iterable[Sequence[float]]) -> Noise | None:
    """
    Return the pooled standard deviation within *groups* of equal episodes, repeated.

    sqrt(sum (n_i - 1) s_i^2 / sum (n_i - 1)), the pooled variance; None where nothing repeats.
    """
    repeated = [group for group in groups if len(group) > 1]
    degrees = sum(len(group) - 1 for group in repeated)
    if not degrees:
        return None
    squares = fsum((len(group) - 1) * variance(group) for group in repeated)
    return Noise(sqrt(squares / degrees), degrees)


def noise_of_difference(noise: Noise, pairs: int, *, confidence: float = CONFIDENCE) -> float:
    """
    Return how far from 0 noise alone takes the mean difference of *pairs* of equal agents.

    t(degrees) sqrt(2 / pairs) deviation: both sides of each pair bring their own noise.
    """
    return t_quantile(noise.degrees, confidence) * sqrt(2 / pairs) * noise.deviation


def _student_interval(
    n: int, mean: float, error: float, degrees: int, bounds: Bounds, confidence: float
) -> Estimate:
    half = t_quantile(degrees, confidence) * error
    low, high = max(bounds[0], mean - half), min(bounds[1], mean + half)
    return Estimate(n, mean, low, high, "student")


def _equal_values_interval(n: int, value: float, bounds: Bounds, confidence: float) -> Estimate:
    low, high = bounds
    share = ((1 - confidence) / 2) ** (1 / n)
    low, high = low + share * (value - low), high - share * (high - value)
    return Estimate(n, value, low, high, "equal_values")


def _all_equal(values: Sequence[float]) -> bool:
    return round(max(values) - min(values), _PLACES) == 0


def _sign_flips(sums: Sequence[float]) -> float:
    """Return twice the smaller tail of the sums over all flips, or over a sample of them."""
    exact = len(sums) <= EXACT_UP_TO
    flipped = [round(total, _PLACES) for total in (_all_flips if exact else _some_flips)(sums)]
    observed = round(sum(sums), _PLACES)
    tail = min(sum(each <= observed for each in flipped), sum(each >= observed for each in flipped))
    more = 0 if exact else 1  # what was observed counts as one of the sample: no p of 0
    return min(1.0, 2 * (tail + more) / (len(flipped) + more))


def _all_flips(sums: Iterable[float]) -> list[float]:
    totals = [0.0]
    for each in sums:
        totals = [total + each for total in totals] + [total - each for total in totals]
    return totals


def _some_flips(sums: Sequence[float]) -> Iterator[float]:
    draw = _mersenne_twister().random
    for _ in range(_FLIPS):
        yield sum([each if draw() <= draw() else -each for each in sums])


def _mersenne_twister() -> Random:
    """Return the generator that numpy calls ``RandomState(0)``: printed p-values rest on it."""
    words = [0]
    for place in range(1, 624):
        words.append((1812433253 * (words[-1] ^ words[-1] >> 30) + place) % 2**32)
    generator = Random()
    generator.setstate((3, (*words, len(words)), None))
    return generator


def _check_draw(n: int, passed: int, k: int) -> None:
    if not (1 <= k <= n and 0 <= passed <= n):
        raise ValueError(f"expected 1 <= k <= n and 0 <= passed <= n, got n {n}, {passed=}, {k=}")
