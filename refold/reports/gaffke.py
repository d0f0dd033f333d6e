"""
Gaffke's confidence interval for the mean of a bounded variable, whatever its distribution.

For values x_1 ... x_n within [L, U] and weights w uniform on the simplex, the lower end is the
alpha / 2 quantile of w_0 L + sum w_i x_i, the upper end the 1 - alpha / 2 quantile of
sum w_i x_i + w_0 U (Gaffke 2005; Learned-Miller and Thomas, arXiv 1905.06208). For values of L and
U only it is Clopper and Pearson's interval. That it holds for every distribution is a conjecture,
to which no exception is known. Nothing is drawn here: the distribution is computed, so that the
ends are the same on every machine.
"""

from collections.abc import Callable, Sequence
from math import copysign, fsum, log1p, sqrt
from statistics import NormalDist, fmean

_EXACT_WORK = 2**15  # steps of the exact formula; where there are more, both sides are many
_CLOSE = 1e-9
_MOST_STEPS = 200
_AT_MEAN = 1e-4
_NORMAL = NormalDist()


def gaffke_interval(
    values: Sequence[float], bounds: tuple[float, float], confidence: float
) -> tuple[float, float]:
    """
    Return the ends of the two-sided interval for the mean of what *values* were drawn from.

    Args:
        values: At least one, independent, each within *bounds*.
        bounds: The lowest and highest value possible, both finite.
        confidence: Of the interval, between 0 and 1.
    """
    tail = (1 - confidence) / 2
    low = _quantile([bounds[0], *values], tail)
    high = -_quantile([-bounds[1], *(-value for value in values)], tail)
    return low, high


def _quantile(points: Sequence[float], share: float) -> float:
    """Return the *share* quantile of the mean of *points* with weights uniform on the simplex."""
    low, high, count = min(points), max(points), len(points)
    if low == high:
        return low
    middle = fmean(points)
    deviation = sqrt(fsum((x - middle) ** 2 for x in points) / (count * (count + 1)))
    # Cantelli's inequality: no quantile of any distribution is farther from the mean.
    low = max(low, middle - deviation * sqrt((1 - share) / share))
    high = min(high, middle + deviation * sqrt(share / (1 - share)))
    return _root(lambda t: share_below(points, t) - share, low, high)


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where *function*, which rises, is 0 between *low* and *high* (Illinois method)."""
    below, above = function(low), function(high)
    middle, last = low, 0.0
    for _ in range(_MOST_STEPS):
        if below == above:
            break
        middle = (low * above - high * below) / (above - below)
        value = function(middle)
        if abs(value) < _CLOSE:
            break
        again = value * last > 0  # the same end moved twice: halving pulls the other one in
        if value < 0:
            low, below, above = middle, value, above / 2 if again else above
        else:
            high, above, below = middle, value, below / 2 if again else below
        last = value
    return middle


def share_below(points: Sequence[float], t: float) -> float:
    """
    Return the probability that the mean of *points*, with random weights, is at most *t*.

    The weights are uniform on the simplex. With independent exponential variables e this is the
    chance that sum e_i (x_i - t) <= 0: a race between what lies above *t* and what lies below,
    in which nobody remembers how long it took, so that one product for each pair of the two sides
    gives it exactly (Varsi, Pacific J. Math. 46, 1973), by additions of positive terms only.
    Where both sides are many, it is the saddlepoint approximation (Lugannani and Rice, Adv. Appl.
    Prob. 12, 1980), right to four digits or more.
    """
    above = [x - t for x in points if x > t]
    below = [t - x for x in points if x <= t]
    if not above or not below:
        return 0.0 if above else 1.0
    if len(above) * len(below) > _EXACT_WORK:
        return _saddlepoint(above, below)
    row = [1.0] * len(below)
    for a in above:
        left = 0.0
        row = [left := (b * each + a * left) / (a + b) for b, each in zip(below, row, strict=True)]
    return row[-1]


def _saddlepoint(above: Sequence[float], below: Sequence[float]) -> float:
    steps = [*above, *(-b for b in below)]
    s = _saddle(steps, -1 / max(below), 1 / max(above))
    curvature = fsum((a / (1 - a * s)) ** 2 for a in steps)
    u, depth = s * sqrt(curvature), 2 * fsum(log1p(-a * s) for a in steps)
    if depth <= 0 or abs(u) < _AT_MEAN:  # there both terms of the formula go to infinity
        skewness: float = 2 * fsum(a**3 for a in steps) / fsum(a * a for a in steps) ** 1.5
        return 0.5 + skewness * _NORMAL.pdf(0) / 6
    w = copysign(sqrt(depth), s)
    return _NORMAL.cdf(w) + _NORMAL.pdf(w) * (1 / w - 1 / u)


def _saddle(steps: Sequence[float], low: float, high: float) -> float:
    """Return where -sum log(1 - a s), convex between its poles *low* and *high*, is least."""
    s = 0.0
    for _ in range(_MOST_STEPS):
        terms = [a / (1 - a * s) for a in steps]
        newton = s - fsum(terms) / fsum(term * term for term in terms)
        last, s = s, min(max(newton, (s + low) / 2), (s + high) / 2)
        if abs(s - last) < _CLOSE * (high - low):
            break
    return s
