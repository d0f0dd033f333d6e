"""
Quantiles of Student's t and of the beta distribution, right to the last digits of a float.

mpmath evaluates the distribution function in 30 digits and solves for the quantile with Newton's
method. The start is the mode, where the function turns from convex to concave: from there each
step falls short of the root, never beyond it, so that the method converges for every quantile.
"""

from collections.abc import Callable
from functools import cache, lru_cache
from threading import Lock
from typing import Any

_DIGITS = 30
_MOST_STEPS = 100  # far tails take a dozen

_lock = Lock()  # a context of mpmath changes its own precision while it computes


@lru_cache(maxsize=4096)
def beta_quantile(a: float, b: float, share: float) -> float:
    """
    Return the x below which a beta variable lies with probability *share*.

    Args:
        a: First parameter, above 0.
        b: Second parameter, above 0, and at least 1 if *a* is not.
        share: Between 0 and 1, both excluded.
    """
    if b < 1:
        return 1 - beta_quantile(b, a, 1 - share)
    with _lock:
        mp = _context()
        scale = mp.beta(a, b)
        return _solve(
            lambda x: _beta_cdf(mp, a, b, x) - share,
            lambda x: x ** (a - 1) * (1 - x) ** (b - 1) / scale,
            # Below 1 the function is concave throughout; x^a / (a B(a, b)) never lies below it.
            start=_mode(mp, a, b) if a >= 1 else (share * a * scale) ** (1 / mp.mpf(a)),
        )


@lru_cache(maxsize=4096)
def t_quantile(degrees: float, confidence: float) -> float:
    """Return the t that Student's variable exceeds in size with probability 1 - *confidence*."""
    with _lock:
        mp = _context()
        half = mp.mpf(degrees) / 2
        scale = 2 / (mp.sqrt(degrees) * mp.beta(0.5, half))
        return _solve(
            lambda t: _beta_cdf(mp, mp.mpf(0.5), half, t**2 / (degrees + t**2)) - confidence,
            lambda t: scale * (1 + t**2 / degrees) ** (-0.5 - half),
            start=mp.mpf(0),
        )


def _mode(mp: Any, a: float, b: float) -> Any:
    return mp.mpf(a - 1) / (a + b - 2) if a + b > 2 else mp.mpf(0)


def _solve(function: Callable[[Any], Any], slope: Callable[[Any], Any], start: Any) -> float:
    find = _context().findroot
    return float(find(function, start, solver="newton", df=slope, maxsteps=_MOST_STEPS))


def _beta_cdf(mp: Any, a: Any, b: Any, x: Any) -> Any:
    """
    Return I_x(a, b), the regularized incomplete beta function (DLMF 8.17.8).

    All terms of this series are positive. ``mpmath.betainc`` sums one that alternates, which
    cancels for large *a* and *b* and takes minutes where both are 5,000.
    """
    if x > 0.5:
        return 1 - _beta_cdf(mp, b, a, 1 - x)
    return x**a * (1 - x) ** b / (a * mp.beta(a, b)) * mp.hyp2f1(a + b, 1, a + 1, x)


@cache
def _context() -> Any:
    from mpmath import MPContext  # type: ignore[import-untyped]  # noqa: PLC0415 - slow to import

    context = MPContext()  # of its own: the shared one has whatever precision others gave it
    context.dps = _DIGITS
    return context
