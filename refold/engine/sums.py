"""Sums of floats that are the same in every release of Python."""

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import add


def add_up(values: Iterable[float]) -> float:
    """
    Return the sum of *values*, added one by one in their order; 0.0 if there are none.

    Recorded rewards and grades depend on it: from Python 3.12 on the built-in ``sum`` rounds
    differently, so equal episodes would get different digests.
    """
    return reduce(add, values, 0.0)


def add_up_stretches(values: Sequence[float], most: int) -> list[float]:
    """Return *values*; if there are more than *most*, the sums of stretches of equal length."""
    length = -(-len(values) // most) or 1  # rounded up
    return [add_up(values[at : at + length]) for at in range(0, len(values), length)]
