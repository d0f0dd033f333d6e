"""The outcomes of a log's episodes by their recorded rubrics, each graded only once."""

from functools import lru_cache
from itertools import islice

import msgspec
from attrs import evolve
from msgspec import Raw, Struct

from refold.engine import EpisodeInfo, EventLog
from refold.engine.codec import encode
from refold.engine.log.index.index import LogIndex, ask_index
from refold.engine.log.index.rows import IndexedEpisode
from refold.engine.log.index.upkeep import Watch
from refold.engine.log.index.wanted import EVERY, Order, Wanted
from refold.engine.log.left_out import LeftOut
from refold.graders.elsewhere import Workers
from refold.graders.sources import RecordedRubrics
from refold.reports.outcomes import (
    PLAYED_AGAIN,
    Outcome,
    Played,
    Setting,
    nothing_of,
    replaced_failures,
    score_episodes,
)

_BATCH = 200  # episodes that are written at once
_OLDEST_FIRST = Order("began", falling=False)


class _Kept(Struct):
    """What the index keeps of an outcome; the rest is in its row."""

    setting: Raw
    score: float
    counts: dict[str, float]
    excluded: str | None


_decode = msgspec.json.Decoder(_Kept).decode


def indexed_outcomes(
    log: EventLog,
    left_out: LeftOut,
    *,
    wanted: Wanted = EVERY,
    watch: Watch | None = None,
    workers: Workers | None = None,
) -> list[tuple[EpisodeInfo, Outcome]]:
    """
    Return the episodes of *log* that are *wanted* with their outcomes, in the order they began.

    As ``read_outcomes`` gives them, forks included. Episodes that have been graded before are not
    read: what ``verify`` would find in them is not noticed.

    Args:
        log: The log.
        left_out: Notes those that cannot be read or graded.
        wanted: Which.
        watch: Is told how many of those that have to be graded now are done.
        workers: Processes that grade these by the recorded rubrics; None for this one alone.
    """

    def read(index: LogIndex) -> list[tuple[EpisodeInfo, Outcome]]:
        index.catch_up(left_out, wanted)
        rows = index.rows(wanted, _OLDEST_FIRST)
        found = _outcomes(index, rows, left_out, watch, workers)
        replaced = replaced_failures(row.info for row in rows)
        return [
            (row.info, evolve(each, excluded=PLAYED_AGAIN) if each.id in replaced else each)
            for row in rows
            if (each := found.get(row.number)) is not None
        ]

    return ask_index(log, read)


def _outcomes(
    index: LogIndex,
    rows: list[IndexedEpisode],
    left_out: LeftOut,
    watch: Watch | None,
    workers: Workers | None,
) -> dict[int, Outcome]:
    """Return the outcome of each of *rows* by number, graded now where it is not kept."""
    kept = index.outcomes()
    found, missing = {}, []
    for row in rows:
        digest, body = kept.get(row.number, ("", b""))
        if digest == row.info.digest:
            found[row.number] = _unpack(row.info, body)
        else:
            missing.append(row)
    scored = score_episodes(
        index.log,
        (Played(row.info, again=False) for row in missing),
        nothing_of,
        episodes=len(missing),
        left_out=left_out,
        source=RecordedRubrics(left_out),
        workers=workers,
    )
    numbers = {row.info.id: row.number for row in missing}
    done = 0
    while batch := list(islice(scored, _BATCH)):
        graded = {numbers[info.id]: outcome for info, outcome, _ in batch}
        index.add_outcomes((n, each.digest, _pack(each)) for n, each in graded.items())
        found.update(graded)
        done += len(batch)
        if watch is not None:
            watch(done, len(missing))
    return found


def _pack(outcome: Outcome) -> bytes:
    setting = Raw(encode(msgspec.to_builtins(outcome.setting)))
    return msgspec.json.encode(
        _Kept(setting, outcome.score, dict(outcome.counts), outcome.excluded)
    )


def _unpack(info: EpisodeInfo, body: bytes) -> Outcome:
    kept = _decode(body)
    return Outcome(
        id=info.id,
        run=info.run,
        agent=info.agent,
        setting=_setting(bytes(kept.setting)),
        seed=info.seed,
        epoch=info.epoch,
        steps=info.steps,
        score=kept.score,
        counts=kept.counts,
        digest=info.digest,
        excluded=kept.excluded,
    )


@lru_cache(maxsize=64)  # the episodes of a scenario share it
def _setting(body: bytes) -> Setting:
    return msgspec.json.decode(body, type=Setting)
