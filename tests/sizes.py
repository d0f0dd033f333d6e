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
    """Return *values* as parameters: some of them are fast, the others belong to all tests."""
    rest = iter(values)
    fast = list(islice(rest, number))
    return [*fast, *(pytest.param(each, marks=pytest.mark.slow) for each in rest)]
