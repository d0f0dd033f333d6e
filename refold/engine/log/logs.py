"""
Several logs read as one: those in a folder, such as the shards that the machines of a cluster left.

It is what ``refold merge`` would make of them, if no two hold the same episode, but nothing is
copied: each is read where it lies. Nothing can be written. The logs follow one another in the order
in which their first episodes began.
"""

import heapq
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import pairwise, repeat
from typing import NoReturn

from refold.engine.errors import AmbiguousEpisode, NotALog, RefoldError, UnknownEpisode
from refold.engine.log.info import EpisodeInfo
from refold.engine.log.judgements import Judgement
from refold.engine.log.left_out import LeftOut
from refold.engine.log.origins import Origin
from refold.engine.log.protocol import Tail
from refold.engine.log.remarks import Remark
from refold.engine.log.store import EventLog
from refold.engine.stream import Stream

MOST_LOGS = 200
"""Logs that are read as one: each needs up to four of the files that a process may have open."""

_SUFFIX = ".db"
_LAST = "last"


def open_to_read(path: str, *, again: bool = False) -> EventLog:
    """
    Return the log at *path*, or the logs in the folder *path* as one, opened read-only.

    *again* if this process, or the one that started it, has it open already: then the ids are not
    compared once more.

    Raises:
        NotALog: There is none, or a file in the folder is named like a log and is none.
        NewerLog: One was written by a newer release.
        RefoldError: Two logs of the folder hold an episode of the same id.
    """
    if not os.path.isdir(path):
        return EventLog(path, readonly=True)
    logs = Logs(path)
    try:
        if not again:
            logs.check_ids()
    except BaseException:
        logs.close()
        raise
    return logs


def find_logs(folder: str) -> Sequence[str]:
    """
    Return the paths of the logs in *folder* and below, sorted: all files that end in ``.db``.

    Links to folders are not followed.

    Raises:
        NotALog: There is none, there are too many, or a folder cannot be read.
    """

    def refuse(error: OSError) -> NoReturn:
        raise NotALog(f"{error.filename}: expected a folder that can be read, got {error.strerror}")

    found = sorted(
        os.path.join(inside, name)
        for inside, _, names in os.walk(folder, onerror=refuse)
        for name in names
        if name.endswith(_SUFFIX)
    )
    if not found:
        raise NotALog(
            f"{folder}: expected a folder with logs, files that end in {_SUFFIX}, got none; "
            "name a log, or another folder"
        )
    if len(found) > MOST_LOGS:
        raise NotALog(
            f"{folder}: expected at most {MOST_LOGS} logs, got {len(found)}; "
            "`refold merge` puts several into one"
        )
    return found


class Logs(EventLog):
    """
    The logs in the folder *path*, read as one.

    Episodes and what belongs to them can be looked up and gone through as in one log. What would
    write, or is of a single file, raises ``NotALog``.

    Raises:
        NotALog, NewerLog: As for ``open_to_read``.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.readonly = True
        self.durable = False
        with ExitStack() as stack:
            opened = [
                stack.enter_context(EventLog(each, readonly=True)) for each in find_logs(path)
            ]
            self._logs = sorted(opened, key=lambda log: (log.began(), log.path))
            self._opened = stack.pop_all()
        self._recent = self._logs[0]

    @property
    def parts(self) -> Sequence[EventLog]:
        """The logs, in order."""
        return self._logs

    @property
    def size(self) -> int:
        """Size of all files in bytes."""
        return sum(log.size for log in self._logs)

    def close(self) -> None:
        """Close all files."""
        self._opened.close()

    def check_ids(self) -> None:
        """Raise ``RefoldError`` if two of the logs hold an episode of the same id."""
        named = (zip(log.sorted_ids(), repeat(log.path)) for log in self._logs)
        for (id, path), (other, another) in pairwise(heapq.merge(*named)):
            if id == other:
                raise RefoldError(
                    f"episode {id}: expected it in one log of {self.path}, got it in {path} and "
                    f"{another}; move one of them away, or `refold merge` them"
                )

    @property
    def _connection(self) -> NoReturn:  # type: ignore[override]
        raise self._no_file()

    def _no_file(self) -> NotALog:
        return NotALog(f"{self.path}: expected a log file, got a directory; name a file in it")

    @property
    def database(self) -> NoReturn:
        """Raise ``NotALog``: only a single log can be queried."""
        raise self._no_file()

    def holder(self, id: str) -> EventLog | None:
        """Return the log that holds the episode of that whole *id*; None if none does."""
        # Episodes are gone through log by log.
        for log in (self._recent, *self._logs):
            if log.holds(id):
                self._recent = log
                return log
        return None

    def holds(self, id: str) -> bool:
        """Return whether one of the logs holds an episode of that whole *id*."""
        return self.holder(id) is not None

    def count(self) -> int:
        """Return the number of episodes in all logs."""
        return sum(log.count() for log in self._logs)

    def find(self, reference: str) -> EpisodeInfo:
        """Return the episode that *reference* names; see ``LogReader.find``."""
        holder = self.holder(reference)
        if holder is not None:
            return holder.find(reference)
        newest = next((log for log in reversed(self._logs) if log.count()), self._logs[-1])
        if reference == _LAST:
            return newest.find(reference)
        if reference.startswith(f"{_LAST}:"):  # the newest run of all
            runs = (info.run for info in self.episodes(newest_first=True) if info.run)
            reference = f"{next(runs, _LAST)}{reference.removeprefix(_LAST)}"
        found = list(self._find_in_each(reference))
        whole = [each for each in found if reference == f"{each.run}:{each.scenario}:{each.seed}"]
        found = whole or found
        if not found:
            raise self._unknown_episode(reference)
        if len(found) > 1:
            raise AmbiguousEpisode(reference, [each.id for each in found])
        return found[0]

    def _find_in_each(self, reference: str) -> Iterator[EpisodeInfo]:
        for log in self._logs:
            try:
                yield log.find(reference)
            except UnknownEpisode:
                continue

    def _log_of(self, reference: str) -> tuple[EventLog, str]:
        """Return the log of the episode that *reference* names, and its id; raises as ``find``."""
        holder = self.holder(reference)
        if holder is not None:
            return holder, reference
        id = self.find(reference).id
        return self.holder(id) or self._recent, id

    def episodes(
        self,
        *,
        scenario: str | None = None,
        agent: str | None = None,
        run: str | None = None,
        newest_first: bool = False,
        left_out: LeftOut | None = None,
    ) -> Iterator[EpisodeInfo]:
        """Yield the episodes of all logs, those of one after those of another."""
        for log in reversed(self._logs) if newest_first else self._logs:
            yield from log.episodes(
                scenario=scenario,
                agent=agent,
                run=run,
                newest_first=newest_first,
                left_out=left_out,
            )

    def forks_of(self, id: str, *, left_out: LeftOut | None = None) -> list[EpisodeInfo]:
        """Return the forks of the episode with the whole *id*, in whatever log they are."""
        return [fork for log in self._logs for fork in log.forks_of(id, left_out=left_out)]

    def tail(self, reference: str) -> Tail:
        """Return the current tail of an episode; see ``LogReader.tail``."""
        log, id = self._log_of(reference)
        return log.tail(id)

    def events(self, reference: str) -> Stream:
        """Return the event stream of the episode that *reference* names; see ``LogReader``."""
        log, id = self._log_of(reference)
        return log.events(id)

    def grades(self, reference: str) -> list[bytes]:
        """Return the saved grades of an episode as canonical JSON, in the order of saving."""
        log, id = self._log_of(reference)
        return log.grades(id)

    def graded_by(self) -> list[tuple[str, int, str]]:
        """Return name, version and digest of each rubric that saved grades are by, sorted."""
        return sorted({rubric for log in self._logs for rubric in log.graded_by()})

    def origin(self, episode: str) -> Origin | None:
        """Return where the episode with the id *episode* came from; None if it was played here."""
        return self._log_of(episode)[0].origin(episode)

    def judgement(self, question: str, judge: str, attempt: int) -> tuple[bytes, bytes] | None:
        """Return payload and hash of a judge's answer, that of the first log that has one."""
        found = (log.judgement(question, judge, attempt) for log in self._logs)
        return next((each for each in found if each is not None), None)

    def judges(self) -> list[bytes]:
        """Return the payloads of answers, one of each judge and log."""
        return list(dict.fromkeys(judge for log in self._logs for judge in log.judges()))

    def judgements(self) -> Iterator[tuple[Judgement, bytes]]:
        """Yield the answers of judges with the stored bodies of their questions, log by log."""
        for log in self._logs:
            yield from log.judgements()

    def remarks(self, episode: str | None = None) -> list[Remark]:
        """Return what people said of an episode, of all if None, log by log."""
        return [remark for log in self._logs for remark in log.remarks(episode)]

    def later_events(self, remark: Remark) -> int | None:
        """Return how many events came after a *remark*; None if it is of no state there was."""
        holder = self.holder(remark.episode)
        return None if holder is None else holder.later_events(remark)
