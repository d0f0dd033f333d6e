"""How far a run has come, and how long the rest of it may take."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from statistics import fmean, median

from refold.engine import EpisodeInfo

_FEWEST_ENDED = 3
_PAUSE = 1800.0
"""Seconds to the next end from which on, with 20 times the usual, a run rested and was resumed."""
_UNUSUAL = 20


def seconds_between(start: str, end: str) -> float | None:
    """Return the seconds between two times of a log; None if one of them is no time."""
    try:
        return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    except (ValueError, TypeError):  # TypeError: only one of them has a time zone
        return None


def played_seconds(infos: Sequence[EpisodeInfo]) -> float | None:
    """Return how long the run *infos* has been played until now; None before its first end."""
    gaps = [gap for _, gap in _gaps(infos)]
    return sum(gaps) if gaps else None


def seconds_left(infos: Sequence[EpisodeInfo]) -> float | None:
    """
    Return how long the episodes of a run that have not ended will take, at the pace so far.

    The pace is that of each scenario, since hard ones take longer and often come last; None if
    nothing is left, or fewer than 3 episodes have ended.
    """
    gaps: dict[str, list[float]] = defaultdict(list)
    for scenario, gap in _gaps(infos):
        gaps[scenario].append(gap)
    every = [gap for each in gaps.values() for gap in each]
    waiting = [info.scenario for info in infos if info.ended is None]
    if not waiting or len(every) < _FEWEST_ENDED:
        return None
    return sum(fmean(gaps.get(scenario, every)) for scenario in waiting)


def _gaps(infos: Iterable[EpisodeInfo]) -> Iterator[tuple[str, float]]:
    """Yield the scenario of each episode that has ended, and the seconds since the end before."""
    infos = list(infos)
    ended = sorted((info.ended_at, info.scenario) for info in infos if info.ended_at)
    if not ended:
        return
    times = [min(info.started_at for info in infos), *(time for time, _ in ended)]
    found = [seconds_between(*pair) or 0.0 for pair in pairwise(times)]
    usual = median(found)
    for (_, scenario), gap in zip(ended, found, strict=True):
        if gap >= 0:
            yield scenario, usual if gap > max(_PAUSE, _UNUSUAL * usual) else gap
