"""
P-values: the sign-flip test of paired differences, and Holm's correction for several of them.

Where flips are drawn, they are the same on every machine, so that a printed p-value is too.
"""

from collections.abc import Iterable, Sequence
from random import Random

from attrs import frozen

from refold.reports.statistics import PLACES

EXACT_UP_TO = 14
"""Number of units that differ up to which all sign flips are tried; with more, a sample."""

_FLIPS = 2**EXACT_UP_TO
_TIE = 10**-PLACES / 2  # sums that are equal except for rounding errors
_AT_ONCE = 8  # a random byte flips eight units


@frozen
class SignFlips:
    """
    The result of a sign-flip test.

    Attributes:
        p: Two-sided p-value.
        least_p: The smallest p-value possible with so many units that differ.
        differing: Number of units that differ from 0; the others have no sign to flip.
        exact: Whether all flips were tried, rather than a fixed sample of them.
    """

    p: float
    least_p: float
    differing: int
    exact: bool


def sign_flip_test(values: Iterable[float]) -> SignFlips:
    """
    Return the p-value of the sum of *values*, independent and symmetric about 0 if nothing differs.

    Fisher 1935, section 21: twice the share of sign flips whose sum is at least as far to the
    same side. Of more than EXACT_UP_TO values that are not 0, a fixed sample of flips is tried,
    and what was observed counts as one of them, so that p is never 0.
    """
    moved = [value for value in values if round(value, PLACES)]
    exact = len(moved) <= EXACT_UP_TO
    flipped = (_all_flips if exact else _some_flips)(moved)
    observed = sum(moved)
    tail = min(
        sum([each <= observed + _TIE for each in flipped]),
        sum([each >= observed - _TIE for each in flipped]),
    )
    more = 0 if exact else 1
    return SignFlips(
        p=min(1.0, 2 * (tail + more) / (len(flipped) + more)),
        least_p=min(1.0, 2.0 ** (1 - len(moved))) if exact else 2 / (_FLIPS + 1),
        differing=len(moved),
        exact=exact,
    )


def holm(ps: Sequence[float]) -> list[float]:
    """
    Return *ps* adjusted for their number, in the same order (Holm, Scand. J. Stat. 6, 1979).

    To call those of at most 0.05 findings errs once in 5 % of cases at most, whatever depends on
    whatever. All that was looked at belongs in *ps*, not only what is shown.
    """
    adjusted, least = [0.0] * len(ps), 0.0
    for rank, place in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        least = max(least, min(1.0, (len(ps) - rank) * ps[place]))
        adjusted[place] = least
    return adjusted


def _all_flips(values: Iterable[float]) -> list[float]:
    totals = [0.0]
    for each in values:
        totals = [total + each for total in totals] + [total - each for total in totals]
    return totals


def _some_flips(values: Sequence[float]) -> list[float]:
    dice, totals = Random(0), [0.0] * _FLIPS
    for start in range(0, len(values), _AT_ONCE):
        table = _all_flips(values[start : start + _AT_ONCE])
        last = len(table) - 1  # fewer units than bits are left at the end
        bits = dice.randbytes(_FLIPS)
        totals = [total + table[byte & last] for total, byte in zip(totals, bits, strict=True)]
    return totals
