"""The outcomes of a log's episodes by their recorded rubrics, each graded only once."""

from collections.abc import Container, Iterable, Iterator
from functools import lru_cache
from itertools import islice
from time import monotonic

import msgspec
from attrs import evolve

from refold.engine import EventLog
from refold.engine.codec import encode
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.engine.log.index.asking import ask_for_each
from refold.engine.log.index.index import LogIndex
from refold.engine.log.index.rows import IndexedEpisode, KeptOutcome
from refold.engine.log.index.upkeep import Watch
from refold.engine.log.index.wanted import EVERY, Order, Wanted
from refold.engine.log.left_out import LeftOut
from refold.graders.elsewhere import Workers
from refold.graders.sources import RecordedRubrics
from refold.reports.measured import Measured, losses_of
from refold.reports.outcomes import (
    PLAYED_AGAIN,
    EpisodeScore,
    Outcome,
    Played,
    Setting,
    replaced_failures,
    score_episodes,
)
from refold.reports.usage import usage_of
from refold.triage.figures import pack_figures, unpack_figures

_BATCH = 200  # episodes that are written at once
_OLDEST_FIRST = Order("began", falling=False)

_decode_counts = msgspec.json.Decoder(dict[str, float]).decode


def indexed_scores(
    log: EventLog,
    left_out: LeftOut,
    *,
    wanted: Wanted = EVERY,
    watch: Watch | None = None,
    workers: Workers | None = None,
) -> Iterator[EpisodeScore]:
    """
    Yield the scores of the episodes of *log* that are *wanted*, in the order they began.

    As ``read_outcomes`` gives them, forks included. Episodes that have been graded before are not
    read: what ``verify`` would find in them is not noticed. All are graded before the first comes.

    Args:
        log: The log.
        left_out: Notes those that cannot be read or graded.
        wanted: Which.
        watch: Is told how many of those that have to be graded now are done.
        workers: Processes that grade these by the recorded rubrics; None for this one alone.
    """

    def read(index: LogIndex) -> Iterator[EpisodeScore]:
        index.catch_up(left_out, wanted)
        _grade_missing(index, wanted, left_out, watch, workers)
        replaced = _replaced(index, wanted)
        for id, run, agent, seed, score, excluded, began, ended, setting in index.outcomes(wanted):
            why = PLAYED_AGAIN if id in replaced else excluded
            yield EpisodeScore(id, run, agent, seed, score, why, began, ended, _setting(setting))

    return ask_for_each(log, read)


def run_episodes(
    index: LogIndex, run: str, left_out: LeftOut, *, seconds: float | None = None
) -> tuple[list[Measured], int]:
    """
    Return the episodes of *run* as ``measure_run`` does, and how many are still to be graded.

    Args:
        index: The index, up to date.
        run: Name of the run.
        left_out: Notes those that cannot be read or graded.
        seconds: Stop grading after about so long; None for as long as it takes.
    """
    rows = index.rows(Wanted(run=run, forks=False), _OLDEST_FIRST)
    kept, found = index.run_outcomes(run), {}
    for row in rows:
        outcome = kept.get(row.number)
        if outcome is not None and outcome.digest == row.digest:
            found[row.number] = _unpack(row, outcome)
    began, left = monotonic(), 0
    missing = [row for row in rows if row.number not in found]
    for at in range(0, len(missing), _BATCH):
        if seconds is not None and monotonic() - began > seconds:
            left = len(missing) - at
            break
        batch = missing[at : at + _BATCH]
        for graded in _grade(index, batch, len(batch), left_out, None):
            found.update(graded)
    replaced = replaced_failures(rows)
    episodes = [found[row.number] for row in rows if row.number in found]
    return [_marked(each, replaced) for each in episodes], left


def _marked(each: Measured, replaced: Container[str]) -> Measured:
    """Return *each* as excluded if it is among those that were *replaced*."""
    if each.info.id not in replaced:
        return each
    return evolve(each, outcome=evolve(each.outcome, excluded=PLAYED_AGAIN))


def _grade_missing(
    index: LogIndex,
    wanted: Wanted,
    left_out: LeftOut,
    watch: Watch | None,
    workers: Workers | None,
) -> None:
    """Grade those *wanted* of which the index has no outcome, and keep what comes of it."""
    missing = index.without_outcomes(wanted)
    done = 0
    for batch in _grade(index, index.each(missing), len(missing), left_out, workers):
        done += len(batch)
        if watch is not None:
            watch(done, len(missing))


def _grade(
    index: LogIndex,
    missing: Iterable[IndexedEpisode],
    number: int,
    left_out: LeftOut,
    workers: Workers | None,
) -> Iterator[dict[int, Measured]]:
    """
    Grade the *number* episodes *missing* and keep what comes of it.

    Yields them by number, in batches.
    """
    ahead: dict[str, int] = {}

    def take() -> Iterator[Played]:
        for row in missing:
            ahead[row.id] = row.number
            yield Played(row.info, again=False)

    scored = score_episodes(
        index.log,
        take(),
        usage_of,
        episodes=number,
        left_out=left_out,
        source=RecordedRubrics(left_out),
        workers=workers,
    )
    while batch := list(islice(scored, _BATCH)):
        graded = {
            ahead.pop(info.id): Measured(info, outcome, usage, losses_of(grade))
            for info, outcome, usage, grade in batch
        }
        index.add_outcomes({number: _pack(each) for number, each in graded.items()})
        yield graded


def _replaced(index: LogIndex, wanted: Wanted) -> set[str]:
    """Return those *wanted* that failed and were played again since."""
    failed = index.numbers(evolve(wanted, ended="not-counted"))
    if not any(row.reason == INSTRUMENT_FAILED for row in index.each(failed)):
        return set()  # as in most logs: then none need be read
    return replaced_failures(index.each(index.numbers(wanted, _OLDEST_FIRST)))


def _pack(each: Measured) -> KeptOutcome:
    outcome = each.outcome
    return KeptOutcome(
        digest=outcome.digest,
        setting=encode(msgspec.to_builtins(outcome.setting)),
        score=outcome.score,
        excluded=outcome.excluded,
        counts=msgspec.json.encode(outcome.counts),
        figures=pack_figures(each.lost, each.usage),
    )


def _unpack(row: IndexedEpisode, kept: KeptOutcome) -> Measured:
    lost, usage = unpack_figures(kept.figures)
    outcome = Outcome(
        id=row.id,
        run=row.run,
        agent=row.agent,
        setting=_setting(kept.setting),
        seed=row.seed,
        epoch=row.epoch,
        steps=row.steps,
        score=kept.score,
        counts=_decode_counts(kept.counts),
        digest=row.digest,
        excluded=kept.excluded,
    )
    return Measured(row.info, outcome, usage, lost)


@lru_cache(maxsize=64)  # the episodes of a scenario share it
def _setting(body: bytes) -> Setting:
    # msgspec makes one without calling what prepares its hash.
    return evolve(msgspec.json.decode(body, type=Setting))
