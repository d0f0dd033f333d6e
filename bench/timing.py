"""
Rates of two kinds of work, measured in turns so that noise hits both alike.

A rate is units of work for each second, as a rule of CPU time, since machines are shared.
"""

import gc
from collections.abc import Callable, Sequence
from statistics import median
from time import process_time

from attrs import frozen

Work = Callable[[], Callable[[], int]]
"""Prepares some work, which is not timed, and returns what does it and counts its units."""


@frozen
class Rates:
    """
    What was measured.

    Attributes:
        rate: Median rate of the work.
        control: Median rate of the control.
        ratio: Median over the rounds of the work's rate for each unit of the control's.
        spread: Half the range of the work's rates, as a share of their median.
    """

    rate: float
    control: float
    ratio: float
    spread: float


def rate(work: Work, clock: Callable[[], float] = process_time) -> float:
    """Return the units of *work* done for each second of *clock*, measured once."""
    run = work()
    gc.collect()
    began = clock()
    units = run()
    return units / (clock() - began)


def in_turns(
    work: Work,
    control: Work,
    *,
    rounds: int,
    clock: Callable[[], float] = process_time,
) -> Rates:
    """Return the rates of *work* and *control*, each measured *rounds* times after a warm-up."""
    for each in (work, control):
        each()()
    pairs = [(rate(work, clock), rate(control, clock)) for _ in range(rounds)]
    return Rates(
        rate=median(pair[0] for pair in pairs),
        control=median(pair[1] for pair in pairs),
        ratio=median(pair[0] / pair[1] for pair in pairs),
        spread=spread([pair[0] for pair in pairs]),
    )


def spread(values: Sequence[float]) -> float:
    """Return half the range of *values* as a share of their median."""
    return (max(values) - min(values)) / 2 / median(values)
