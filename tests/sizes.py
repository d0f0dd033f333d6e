"""Scenarios for tests of what holds for any of a family: its smallest, and its largest if slow."""

import pytest

from refold.scenarios import scenario_names

SMALLEST = [name for name in scenario_names() if "/easy" in name]
LARGEST = ("inbox/hard", "inbox/expert@2", "workflow/expert", "workflow/expert@2")
SMALLEST_AND_LARGEST = [
    *SMALLEST,
    *(pytest.param(each, marks=pytest.mark.slow) for each in LARGEST),
]
