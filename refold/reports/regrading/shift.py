"""How far the mean moved: on these episodes exactly, and elsewhere with an interval."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Literal

from attrs import frozen

from refold.reports.statistics import PLACES, Bounds, Method, difference_interval
from refold.scenarios.keys import ScenarioKey

FEWEST_UNITS = 2
"""Fewer scenarios, or seeds of a single one, tell nothing of others."""


@frozen
class Shift:
    """
    How far the new grades moved the mean of the scenarios' means.

    Attributes:
        here: On the episodes graded, exactly.
        low: Lower end of the 95 % interval for others; None where one unit says nothing of them.
        high: Upper end, None with *low*.
        method: How the interval was made, None with *low*.
        unit: What the interval takes for drawn: ``scenario``; ``world``, a seed of it, where
            there is one scenario only.
        units: How many of them there are.
    """

    here: float
    low: float | None
    high: float | None
    method: Method | None
    unit: Literal["scenario", "world"]
    units: int

    @property
    def unit_word(self) -> str:
        """What people call the unit."""
        return "seed" if self.unit == "world" else self.unit


def shift_of(moves: Mapping[ScenarioKey, Mapping[int, Sequence[float]]], *, reach: Bounds) -> Shift:
    """
    Return how far the mean moved.

    Args:
        moves: New minus old score of each episode, by scenario and seed; at least one.
        reach: How far the criteria that changed can move any score, down and up.
    """
    means = {
        key: fmean(each for world in worlds.values() for each in world)
        for key, worlds in moves.items()
    }
    single = len(means) == 1
    units = (
        [fmean(each) for each in next(iter(moves.values())).values()]
        if single
        else [*means.values()]
    )
    here = round(fmean(means.values()), PLACES) + 0.0
    unit: Literal["scenario", "world"] = "world" if single else "scenario"
    if len(units) < FEWEST_UNITS:
        return Shift(here, None, None, None, unit, len(units))
    found = difference_interval(units, bounds=reach)
    return Shift(here, found.low, found.high, found.method, unit, len(units))
