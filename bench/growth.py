"""How cost grows with the steps of an episode, the subtasks of a DAG, the episodes of a log."""

from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from time import process_time

from bench.points import Point, run_point
from bench.worlds import played
from refold.engine import EpisodeInfo, EventLog

LOGGED = "workflow/easy"


def steps_growth(sizes: Sequence[int]) -> Iterator[Point]:
    """Yield a point for each length of an episode in which the agent only waits."""
    return (run_point("steps", steps) for steps in sizes)


def subtasks_growth(sizes: Sequence[tuple[int, int]]) -> Iterator[Point]:
    """Yield a point for each size, subtasks and workers, of a DAG played to its end."""
    return (run_point("subtasks", *size) for size in sizes)


def growing(folder: Path) -> Path:
    """Return the path of the log that ``episodes_growth`` makes in *folder*."""
    return folder / "growth.db"


def episodes_growth(folder: Path, sizes: Sequence[int], graded: int) -> Iterator[Point]:
    """Yield a point for each number of episodes in one growing log, *graded* of them graded."""
    path = growing(folder)
    stream = played(LOGGED, "greedy")
    numbers = count()
    stored = 0
    for size in sizes:
        began = process_time()
        with EventLog(path) as log:
            for _ in range(size - stored):
                info = EpisodeInfo(str(next(numbers)), LOGGED, 1, "greedy")
                log.begin(info, stream.payloads, end=True)
        taken = (process_time() - began) / (size - stored)
        stored = size
        shown = run_point("show", path)
        judged = run_point("grade", path, graded)
        yield {
            "episodes": size,
            "file MB": path.stat().st_size / 2**20,
            "µs to store an event": 1e6 * taken / len(stream),
            "ms to show another": shown["ms to show another"],
            **judged,
        }
