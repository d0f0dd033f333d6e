"""Sums of floats that are the same in every release of Python."""

from collections.abc import Iterable
from functools import reduce
from operator import add


def add_up(values: Iterable[float]) -> float:
    """
    Return the sum of *values*, added one by one in their order; 0.0 if there are none.

    Recorded rewards and grades depend on it: from Python 3.12 on the built-in ``sum`` rounds
    differently, so equal episodes would get different digests.
    """
    return reduce(add, values, 0.0)
