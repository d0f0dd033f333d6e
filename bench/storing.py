"""Writing: appends against raw SQLite, and whole episodes recorded by a policy."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from time import perf_counter

from bench.rows import Bar, Row, rate_row
from bench.timing import Work, in_turns
from bench.worlds import TASKS, played, short
from refold.agents import make_policy, play
from refold.engine import Episode, EpisodeInfo, EventLog, Stream
from refold.engine.chain import chain_heads
from refold.engine.folding import step_ranges
from refold.engine.log.connection import CHECKPOINT_EVERY
from refold.scenarios import load

APPEND = Bar("ratio", least=0.6)
RECORD = Bar("value", least=300)
RAW = "raw sqlite3, same schema and commits"

Steps = Sequence[Sequence[bytes]]
"""The payloads of an episode, its start and then each step."""


def store_rows(folder: Path, rounds: int, episodes: int) -> Iterator[Row]:
    """Yield the rows of appending and of recording, *episodes* episodes in each measurement."""
    streams = [played("workflow/hard", "greedy"), played("workflow/hard", "random")]
    steps = [_steps(stream) for stream in streams]
    paths = (folder / f"append-{number}.db" for number in count())
    rates = in_turns(
        _appends(paths, steps, episodes), _raw_appends(paths, steps, episodes), rounds=rounds
    )
    yield rate_row("append, hard, a step a transaction", "events/s", RAW, rates, APPEND)
    for name in TASKS:
        yield _recording(folder, name, rounds, episodes)


def _steps(stream: Stream) -> Steps:
    return [stream.payloads[seqs.start : seqs.stop] for seqs in step_ranges(stream)]


def _size(steps: list[Steps]) -> int:
    return sum(len(payloads) for episode in steps for payloads in episode)


def _appends(paths: Iterator[Path], steps: list[Steps], episodes: int) -> Work:
    def prepare() -> Callable[[], int]:
        log = EventLog(next(paths))

        def run() -> int:
            for number in range(episodes):
                for kind, (start, *rest) in enumerate(steps):
                    tail = log.begin(EpisodeInfo(f"{kind}-{number}", "workflow/hard", 1), start)
                    for payloads in rest:
                        tail = log.append(tail, payloads, end=payloads is rest[-1])
            log.close()
            return episodes * _size(steps)

        return run

    return prepare


def _raw_appends(paths: Iterator[Path], steps: list[Steps], episodes: int) -> Work:
    """Return the same commits by sqlite3 alone; texts and hashes are ready before it begins."""
    kinds = [_raw_rows(episode) for episode in steps]

    def prepare() -> Callable[[], int]:
        connection = raw_connection(next(paths))

        def run() -> int:
            ids = count(1)
            for _ in range(episodes):
                for rows in kinds:
                    _raw_episode(connection, next(ids), rows)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            connection.close()
            return episodes * _size(steps)

        return run

    return prepare


def raw_connection(path: Path) -> sqlite3.Connection:
    """Return a connection to a new log at *path*, set up as refold does."""
    EventLog(path).close()
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("trusted_schema = OFF", "synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _raw_rows(episode: Steps) -> list[list[tuple[int, str, bytes]]]:
    payloads = [payload for step in episode for payload in step]
    rows = [
        (seq, payload.decode(), head)
        for seq, (payload, head) in enumerate(zip(payloads, chain_heads(payloads), strict=True))
    ]
    rest = iter(rows)
    return [[next(rest) for _ in step] for step in episode]


def _raw_episode(
    connection: sqlite3.Connection, id: int, steps: list[list[tuple[int, str, bytes]]]
) -> None:
    for step in steps:
        connection.execute("BEGIN IMMEDIATE")
        if step is steps[0]:
            connection.execute(
                "INSERT INTO episodes (id, uid, scenario, seed, agent, run, epoch, release,"
                " started_at) VALUES (?, ?, 'workflow/hard', 1, '', '', 0, '1', 'now')",
                (id, str(id)),
            )
        connection.executemany(
            "INSERT INTO events (episode, seq, payload, hash) VALUES (?, ?, ?, ?)",
            [(id, *row) for row in step],
        )
        if step is steps[-1]:
            connection.execute("UPDATE episodes SET ended_at = 'now' WHERE id = ?", (id,))
        connection.execute("COMMIT")
    if id % CHECKPOINT_EVERY == 0:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _recording(folder: Path, name: str, rounds: int, episodes: int) -> Row:
    paths = (folder / f"record-{name.replace('/', '-')}-{number}.db" for number in count())
    rates = in_turns(
        _recorded(name, episodes, paths),
        _recorded(name, episodes, None),
        rounds=rounds,
        clock=perf_counter,
    )
    return rate_row(
        f"record, {short(name)} greedy", "episodes/s wall", "the same in memory", rates, RECORD
    )


def _recorded(name: str, episodes: int, paths: Iterator[Path] | None) -> Work:
    scenario = load(name)

    def prepare() -> Callable[[], int]:
        log = EventLog(next(paths)) if paths else None

        def run() -> int:
            for number in range(episodes):
                episode = Episode.start(scenario, log=log, agent="greedy", epoch=number)
                with episode.in_one_transaction():  # as `refold record` does
                    play(episode, make_policy("greedy", episode.family, seed=0))
            if log is not None:
                log.close()
            return episodes

        return run

    return prepare
