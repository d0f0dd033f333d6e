"""
Single points of the growth tables, each run in a process of its own for its peak memory.

``python -m bench.points KIND SIZE…`` prints one as JSON.
"""

import json
import sqlite3
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from bench.reading import PAYLOADS
from bench.samples import grade_samples, import_samples
from bench.stepping import steps_only
from bench.timing import rate
from bench.worlds import dag
from refold.engine import Episode, EventLog, fold
from refold.engine.codec import encode
from refold.graders import grade
from refold.scenarios.workflow.actions import WAIT

LEAST_STEPS = 5_000
SHOWN = 50

Point = dict[str, float]


def run_point(kind: str, *sizes: object) -> Point:
    """Return the point *kind* of *sizes*, measured in a fresh process."""
    command = [sys.executable, "-m", "bench.points", kind, *map(str, sizes)]
    root = Path(__file__).parents[1]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=root)
    point: Point = json.loads(done.stdout)
    return point


def steps_point(steps: int) -> Point:
    """Return what an episode of *steps* steps costs: in memory, recorded, and read again."""
    scenario = dag(10, 10, steps=steps)
    times = 1 + LEAST_STEPS // steps
    memory = [Episode.start(scenario) for _ in range(times)]
    in_memory = _cpu(lambda: [_wait(each, steps) for each in memory]) / times
    with tempfile.TemporaryDirectory() as folder, EventLog(Path(folder) / "log.db") as log:
        logged = [Episode.start(scenario, log=log) for _ in range(times)]
        recorded = _cpu(lambda: [_wait(each, steps) for each in logged]) / times
        again = _cpu(lambda: [_read(log, each.id) for each in logged]) / times
    return {
        "steps": steps,
        "µs a step": 1e6 * in_memory / steps,
        "µs a step, recorded": 1e6 * recorded / steps,
        "µs a step, read and folded": 1e6 * again / steps,
    }


def _wait(episode: Episode, steps: int) -> Episode:
    for _ in range(steps):
        episode.step(WAIT)
    return episode


def _read(log: EventLog, id: str) -> object:
    stream = log.events(id)
    return fold(stream, family=stream.family)


def subtasks_point(subtasks: int, workers: int) -> Point:
    """Return what a step costs on a DAG of *subtasks* × *workers*, and its observation as JSON."""
    scenario = dag(subtasks, workers)
    step = 1 / rate(steps_only(scenario, LEAST_STEPS))
    observation = Episode.start(scenario).observation
    times = 1 + LEAST_STEPS // subtasks
    encoding = _cpu(lambda: [encode(observation) for _ in range(times)]) / times
    return {
        "subtasks": subtasks,
        "workers": workers,
        "µs a step": 1e6 * step,
        "µs to encode an observation": 1e6 * encoding,
    }


def show_point(path: str) -> Point:
    """
    Return how long it takes to open the log at *path* and to show an episode of it.

    The first time is that of a process that has imported everything and done nothing yet; the
    other episodes are spread over the log. The raw figure is sqlite3 selecting the same events.
    """
    raw = _wall(lambda: _select(path, "0"))
    began = perf_counter()
    with EventLog(path, readonly=True) as log:
        _show(log, "0")
        first = perf_counter() - began
        episodes = log.count()
        others = [str(number * episodes // SHOWN) for number in range(SHOWN)]
        more = _wall(lambda: [_show(log, id) for id in others]) / SHOWN
    return {
        "ms to open and show": 1e3 * first,
        "ms raw": 1e3 * raw,
        "ms to show another": 1e3 * more,
    }


def _show(log: EventLog, reference: str) -> object:
    info = log.find(reference)
    stream = log.events(info.id)
    return fold(stream, family=stream.family), info


def _select(path: str, id: str) -> list[tuple[bytes]]:
    connection = sqlite3.connect(Path(path).absolute().as_uri() + "?mode=ro", uri=True)
    rows = connection.execute(PAYLOADS, (id,)).fetchall()
    connection.close()
    return rows


def grade_point(path: str, most: int) -> Point:
    """Return how fast the first *most* episodes of the log at *path* are graded."""
    with EventLog(path, readonly=True) as log:
        grade(log.events("last"))
        listed = islice(log.episodes(), most)
        taken = _cpu(lambda: deque((grade(log.events(info.id)) for info in listed), maxlen=0))
        return {"listed and re-graded/s": min(most, log.count()) / taken}


def import_point(archive: str, log_path: str) -> Point:
    """Return how fast the samples of *archive* are imported into a new log at *log_path*."""
    began = process_time()
    samples = import_samples(Path(archive), Path(log_path))
    imported = process_time() - began
    graded = _cpu(lambda: grade_samples(Path(log_path)))
    return {
        "samples": samples,
        "archive MB": Path(archive).stat().st_size / 2**20,
        "log MB": Path(log_path).stat().st_size / 2**20,
        "imported/s": samples / imported,
        "re-graded/s": samples / graded,
    }


def regrade_point(log_path: str, rubrics: str) -> Point:
    """Return how fast the log at *log_path* is graded again by *rubrics*, report included."""
    from bench.regrading import regrade  # noqa: PLC0415 - which runs this module

    began = process_time()
    episodes = regrade(Path(log_path), Path(rubrics))
    return {"episodes": episodes, "regraded/s": episodes / (process_time() - began)}


def _cpu(run: Callable[[], object]) -> float:
    began = process_time()
    run()
    return process_time() - began


def _wall(run: Callable[[], object]) -> float:
    began = perf_counter()
    run()
    return perf_counter() - began


def main() -> None:
    """Print the point that the arguments name."""
    kinds: Mapping[str, Callable[..., Point]] = {
        "steps": lambda steps: steps_point(int(steps)),
        "subtasks": lambda subtasks, workers: subtasks_point(int(subtasks), int(workers)),
        "show": show_point,
        "grade": lambda path, most: grade_point(path, int(most)),
        "import": import_point,
        "regrade": regrade_point,
    }
    kind, *sizes = sys.argv[1:]
    point: dict[str, Any] = kinds[kind](*sizes)
    print(json.dumps({**point, "peak MB": _peak()}))


def _peak() -> float:
    """Return this process's peak memory in MB, as Linux tells it; 0 elsewhere."""
    status = Path("/proc/self/status")  # not getrusage, which remembers the parent's peak
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(float(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    main()
