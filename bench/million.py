"""
Lists, runs, standings, a search and re-grading over a huge log: ``python -m bench.million FOLDER``.

By hand: a million episodes take 13 GB, and half an hour to write, index and measure. What lies in
FOLDER is used again. The log holds copies, under new ids, of a few hundred episodes that are
played; their words, for searches, are read from those few and added to the index for all copies.
The rest is what any log of that size goes through. Each command is a process of its own: seconds
are CPU time, that of its workers together; MB are peaks of memory, that of the largest worker.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

from bench.processes import run_command
from bench.regrading import write_rubrics
from bench.worlds import played
from refold.engine import EpisodeInfo, EventLog, Stream
from refold.engine.log.index.file import index_path
from refold.engine.log.index.index import LogIndex
from refold.engine.log.info import in_utc
from refold.engine.log.left_out import LeftOut
from refold.graders import grade, save_grade
from refold.triage.words import words_of

PLAYED = (
    ("workflow/easy", "greedy", 1),
    ("workflow/easy", "random", 100),
    ("inbox/easy", "random", 100),
)
"""Scenario, agent, and how many episodes of them are played."""
RUNS = 40
BATCH = 2_000
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    """Write what is missing, measure, and print a line for each command."""
    parser = argparse.ArgumentParser(prog="python -m bench.million", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--episodes", type=int, default=1_000_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", help="commands that begin so")
    given = parser.parse_args()
    log = given.folder / f"{given.episodes}.db"
    if not log.exists():
        _told("write", lambda: write_log(log, given.episodes))
    if not Path(index_path(str(log))).exists():
        _told("index rows and words", lambda: write_index(log))
    for words in commands(given.folder, given.jobs):
        if words[0].startswith(given.only or ""):
            taken = run_command([*words, "--log", str(log)])
            figures = f"{taken.own:.1f} s, {taken.peak:.0f} MB"
            if taken.workers:
                figures += f"; workers {taken.workers:.1f} s, {taken.worker_peak:.0f} MB"
            print(f"{' '.join(words)}: {figures}; {taken.wall:.0f} s wall", flush=True)


def commands(folder: Path, jobs: int) -> Iterator[Sequence[str]]:
    """Yield what is measured; the first of them that grades fills the index."""
    shared = ["--jobs", str(jobs)]
    yield ["runs", *shared]
    yield ["runs"]
    yield ["leaderboard"]
    yield ["report", "run-7"]
    yield ["compare", "run-7", "run-9"]
    yield ["episodes", "--limit", "0"]
    yield ["episodes", "--limit", "0", "--json"]
    yield ["episodes", "--grep", "password"]
    yield ["episodes", "--below", "0.5", "--sort", "score"]
    yield ["grade", *shared]
    rubrics = write_rubrics(folder, "inbox/easy")  # of half the episodes
    yield ["regrade", "--rubric", str(rubrics), "--any-scenario", *shared]


def write_log(path: Path, episodes: int) -> None:
    """Write a log of so many *episodes*, each with the grade by its rubric saved."""
    streams = list(_streams())
    grades = [grade(stream) for _, _, stream in streams]
    with EventLog(path) as log:
        for first in range(0, episodes, BATCH):
            with log.transaction():
                for number in range(first, min(first + BATCH, episodes)):
                    place = number % len(streams)
                    info = _info(number, episodes, *streams[place][:2])
                    log.begin(info, streams[place][2].payloads, end=True)
                    save_grade(log, info.id, grades[place])


def _streams() -> Iterator[tuple[str, str, Stream]]:
    for name, agent, times in PLAYED:
        yield from ((name, agent, played(name, agent, dice)) for dice in range(times))


def _info(number: int, episodes: int, name: str, agent: str) -> EpisodeInfo:
    began = in_utc(BEGAN + timedelta(seconds=number))
    run = number * RUNS // episodes
    # As ids are: not in the order in which episodes begin.
    id = f"{number * 2654435761 % 2**32:08x}{number:08x}"
    return EpisodeInfo(
        id, name, number % 1000, agent, f"run-{run}", 0, started_at=began, ended_at=began
    )


def write_index(path: Path) -> None:
    """Make the index of the log at *path*: its rows, and the words of its episodes."""
    words = [words_of(stream) for _, _, stream in _streams()]
    left_out = LeftOut()
    with (
        EventLog(path, readonly=True) as log,
        LogIndex(log, index_path(str(path))) as index,
    ):
        index.catch_up(left_out)
        missing = [number for number, _ in index.unsearchable()]
        for first in range(0, len(missing), BATCH):
            batch = missing[first : first + BATCH]
            index.add_words({number: words[(number - 1) % len(words)] for number in batch})


def _told(what: str, work: Callable[[], None]) -> None:
    began = perf_counter()
    work()
    print(f"{what}: {perf_counter() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
