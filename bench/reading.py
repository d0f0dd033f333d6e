"""Reading: streams back from a log, folded, graded and verified; and what the chain costs."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.rows import Bar, Row, rate_row
from bench.timing import Work, in_turns
from bench.worlds import TASKS, actions, played, short
from refold.engine import Episode, EpisodeInfo, EventLog, Stream, fold
from refold.engine.chain import GENESIS, chain_heads
from refold.engine.codec import codec_of, opening_of
from refold.graders import grade
from refold.replays import verify
from refold.replays.golden import GOLDEN_FOLDER, read_golden
from refold.scenarios import load

READ = Bar("value", least=400_000)
REGRADE = Bar("value", least=5_000)
VERIFY = Bar("value", least=1_000)
DECODE = "msgspec decoding the same bytes"
WORKED = "workflow-hard-worked-example.jsonl"

PAYLOADS = """
SELECT CAST(v.payload AS BLOB) FROM episodes AS e JOIN events AS v ON v.episode = e.id
WHERE e.uid = ? ORDER BY v.seq
"""


def read_rows(folder: Path, rounds: int, episodes: int) -> Iterator[Row]:
    """Yield the rows of reading, with *episodes* stored episodes in each measurement."""
    greedy = {f"{name} greedy": played(name, "greedy") for name in TASKS}
    streams = {**greedy, "workflow/hard worked example": read_golden(GOLDEN_FOLDER / WORKED)}
    paths = {
        name: stored(folder / f"read-{number}.db", [stream], episodes)
        for number, (name, stream) in enumerate(streams.items())
    }
    for name in greedy:
        yield from _fold_rows(paths[name], name, rounds)
    for name, stream in streams.items():
        yield from _judge_rows(paths[name], name, stream, rounds)


def stored(path: Path, streams: Sequence[Stream], episodes: int) -> Path:
    """Return *path*, a log made there of *episodes* copies of *streams* in turns."""
    with EventLog(path) as log:
        for number in range(episodes):
            copied = streams[number % len(streams)]
            log.begin(EpisodeInfo(f"{number}", "bench", 1), copied.payloads, end=True)
    return path


def _fold_rows(path: Path, name: str, rounds: int) -> Iterator[Row]:
    raw = sqlite3.connect(path.absolute().as_uri() + "?mode=ro", uri=True)
    with EventLog(path, readonly=True) as log:
        ids = [info.id for info in log.episodes()]
        payloads = [log.events(id).payloads for id in ids]
        checked = _each(ids, lambda each: _fold(log.events(each)))
        unchecked = _each(ids, lambda each: _fold(_unchecked(raw, each)))
        decoded = _each(payloads, _decode)
        hashed = _each(payloads, lambda each: len(chain_heads(each)))
        work = f"read + chain + decode + fold, {short(name)}"
        yield rate_row(work, "events/s", DECODE, in_turns(checked, decoded, rounds=rounds), READ)
        rates = in_turns(unchecked, checked, rounds=rounds)
        yield rate_row("the same without hashes", "events/s", "with hashes", rates)
        rates = in_turns(hashed, decoded, rounds=rounds)
        yield rate_row("hashes alone", "events/s", DECODE, rates)
    raw.close()


def _judge_rows(path: Path, name: str, stream: Stream, rounds: int) -> Iterator[Row]:
    script = actions(stream)
    what = f"{short(name)}, {len(script)} steps"
    scenario = load(name.split(maxsplit=1)[0])
    with EventLog(path, readonly=True) as log:
        ids = [info.id for info in log.episodes()]
        graded = _each(ids, lambda each: _one(grade(log.events(each))))
        decoded = _each(ids, lambda _: _one(_decode(stream.payloads)))
        bar = REGRADE if 10 <= len(script) <= 20 else None
        rates = in_turns(graded, decoded, rounds=rounds)
        yield rate_row(f"re-grade, {what}", "episodes/s", DECODE, rates, bar)
        verified = _each(ids, lambda each: _one(verify(log.events(each))))
        replayed = _each(ids, lambda _: _play(Episode.start(scenario), script))
        rates = in_turns(verified, replayed, rounds=rounds)
        yield rate_row(f"verify, {what}", "episodes/s", "playing it in memory", rates, VERIFY)


def _each(items: Iterable[Any], do: Callable[[Any], int]) -> Work:
    def run() -> int:
        return sum(map(do, items))

    return lambda: run


def _fold(stream: Stream) -> int:
    fold(stream, family=stream.family)
    return len(stream)


def _decode(payloads: Sequence[bytes]) -> int:
    scenario = opening_of(payloads[0], episode="bench").scenario
    codec = codec_of(scenario.family, scenario.rules)
    return len(codec.events(payloads, episode="bench"))


def _unchecked(raw: sqlite3.Connection, id: str) -> Stream:
    """Return a stream without computing its chain; the genesis stands in for its head."""
    payloads = [payload for (payload,) in raw.execute(PAYLOADS, (id,)).fetchall()]
    return Stream.read(payloads, head=GENESIS, episode=id)


def _play(episode: Episode, script: Sequence[Any]) -> int:
    for action in script:
        episode.step(action)
    return 1


def _one(_done: object) -> int:
    return 1
