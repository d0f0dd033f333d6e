"""Of many values of a parameter, those that are tried at once, and those only by all tests."""

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


def first_at_once(values: Iterable[Any], number: int = 1) -> list[Any]:
    """Return *values*, tuples if of several parameters: the first are fast, the others slow."""
    rest = iter(values)
    fast = list(islice(rest, number))
    slow = (each if isinstance(each, tuple) else (each,) for each in rest)
    return [*fast, *(pytest.param(*each, marks=pytest.mark.slow) for each in slow)]
