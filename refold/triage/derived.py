"""Words and verdicts in the index of a log, made for the episodes that lack them."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from time import monotonic

from refold.engine import EventLog, RefoldError
from refold.engine.log.index.index import LogIndex
from refold.engine.log.index.rows import IndexedEpisode
from refold.engine.log.index.upkeep import Watch
from refold.engine.log.left_out import LeftOut
from refold.graders import grade
from refold.replays.verdict import VERSION, verdict
from refold.triage.words import words_of

MOST_VERDICTS = 500
"""Verdicts that a list may wait for."""

_BATCH = 50  # episodes that are written at once


def add_words(
    index: LogIndex,
    left_out: LeftOut,
    *,
    seconds: float | None = None,
    watch: Watch | None = None,
) -> int:
    """
    Make all ended episodes searchable, newest first, and return how many are still to be done.

    Args:
        index: The index, up to date.
        left_out: Notes episodes that cannot be read.
        seconds: Stop after about so long; None for as long as it takes.
        watch: Is told how far it has come.
    """
    began = monotonic()
    missing = index.unsearchable()
    for done in range(0, len(missing), _BATCH):
        if seconds is not None and monotonic() - began > seconds:
            return len(missing) - done
        batch = missing[done : done + _BATCH]
        read = left_out.read_each(
            batch, lambda each: words_of(index.log.events(each[1])), id=itemgetter(1)
        )
        index.add_words({number: words for (number, _), words in read})
        if watch is not None:
            watch(done + len(batch), len(missing))
    return 0


def short_verdicts(
    index: LogIndex,
    episodes: Sequence[IndexedEpisode],
    *,
    most: int | None = None,
    seconds: float | None = None,
    watch: Watch | None = None,
) -> Mapping[int, str]:
    """
    Return the verdict on each of *episodes* in its short form, by number.

    Those that have not ended or cannot be graded have none. One takes up to 10 ms, the first time.

    Args:
        index: The index.
        episodes: Episodes of it.
        most: Make verdicts only for so many of the first; of the others, take those that there
            are.
        seconds: Stop making them after about so long.
        watch: Is told how far it has come.
    """
    began = monotonic()
    ended = {each.number: each for each in episodes if each.ended is not None}
    known = index.verdicts(ended, VERSION)
    first = (each.number for each in episodes[:most])
    missing = [number for number in first if number in ended and number not in known]
    for done in range(0, len(missing), _BATCH):
        made = []
        for number in missing[done : done + _BATCH]:
            if seconds is not None and monotonic() - began > seconds:
                break
            each = ended[number]
            made.append((number, each.digest, VERSION, short_verdict(index.log, each.id)))
        index.add_verdicts(made)
        known.update((number, short) for number, *_, short in made)
        if watch is not None:
            watch(done + len(made), len(missing))
    return {number: short for number, short in known.items() if short}


def short_verdict(log: EventLog, id: str) -> str:
    """Return the short verdict on the episode *id*; empty if it runs, or cannot be graded."""
    try:
        stream = log.events(id)
        found = verdict(stream, grade(stream), pass_at=0.0)  # the short form names no pass mark
    except RefoldError:
        return ""
    return found.short if found is not None else ""
