"""Which values of a test's parameter belong to the fast tier, and which to the slow one."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

import pytest

from refold.scenarios import scenario_names

SMALLEST = [name for name in scenario_names() if "/easy" in name]
LARGEST = ("inbox/hard", "inbox/expert@2", "workflow/expert", "workflow/expert@2")
SMALLEST_AND_LARGEST = [
    *SMALLEST,
    *(pytest.param(each, marks=pytest.mark.slow) for each in LARGEST),
]
"""Scenarios for what holds for any of a family."""


def first_fast(values: Iterable[Any], number: int = 1) -> list[Any]:
    """Return *values*, all marked slow but for the first *number*; a tuple is several values."""
    rest = iter(values)
    fast = list(islice(rest, number))
    slow = (each if isinstance(each, tuple) else (each,) for each in rest)
    return [*fast, *(pytest.param(*each, marks=pytest.mark.slow) for each in slow)]


ALL_SIZES = first_fast(
    [*SMALLEST, *(name for name in scenario_names() if name not in SMALLEST)], len(SMALLEST)
)
"""All scenarios that ship, of which only the smallest are fast."""
