"""An open index, and how it is brought up to date with its log."""

import sqlite3
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from msgspec.structs import astuple

from refold.engine.closing import Closing
from refold.engine.errors import RefoldError
from refold.engine.log.index.file import (
    DAMAGED_CODES,
    IndexDamaged,
    IndexUnusable,
    file_number,
    open_index,
)
from refold.engine.log.index.rows import (
    INFO_FIELDS,
    IndexedEpisode,
    Met,
    read_rows,
    saved_scores,
)
from refold.engine.log.index.wanted import EVERY, Wanted, condition_of
from refold.engine.log.left_out import LeftOut
from refold.engine.log.reader import PAGE
from refold.engine.log.store import EventLog
from refold.release import RELEASE

COLUMNS = (
    "id",
    *("uid" if name == "id" else name for name in INFO_FIELDS),
    *("input", "output", "cost", "score", "scores"),
)
"""Of the table ``rows``, in the order in which episodes are written and read."""
_INSERT = (
    f"INSERT OR REPLACE INTO rows ({', '.join(COLUMNS)}) VALUES ({', '.join('?' for _ in COLUMNS)})"
)
_TABLES = (
    *("source", "rows", "errors", "unread", "settings", "outcomes", "summaries", "verdicts"),
    "searchable",
)

Watch = Callable[[int, int], None]
"""Is told how many of how many episodes are done."""


class OpenIndex(Closing):
    """
    The index of *log* in the file at *path*, or in a temporary one if that is None.

    Raises:
        IndexUnusable: The file cannot be used; so does every method.
        IndexDamaged: It would be if it were made anew.
    """

    def __init__(self, log: EventLog, path: str | None) -> None:
        self.log = log
        self._path = path
        self._connection = open_index(path)

    def close(self) -> None:
        """Close the file; a temporary one is gone then."""
        self._connection.close()

    def catch_up(
        self, left_out: LeftOut, wanted: Wanted = EVERY, watch: Watch | None = None
    ) -> None:
        """
        Bring rows and scores up to date with the log.

        What is in the index already and has not grown costs next to nothing. *left_out* notes
        damaged episodes, of those that are *wanted* by scenario, agent and run: what else they
        are cannot be told.
        """
        damaged = LeftOut()
        with self._errors():
            if not self._is_of_log():
                self._begin_anew()
            self._retry_unread(damaged)
            self._read_grown(damaged)
            self._read_new(damaged, watch)
            self._read_grades()
        if damaged:
            names = Wanted(wanted.scenario, wanted.agent, wanted.run, forks=wanted.forks)
            where, given = condition_of(names)
            told = {uid for (uid,) in self.all(f"SELECT uid FROM unread WHERE {where}", given)}
            for id, problem in damaged.problems.items():
                if id in told:
                    left_out.problems.setdefault(id, problem)

    def all(self, sql: str, parameters: Any = ()) -> list[Any]:
        """Return all rows of a query."""
        with self._errors():
            return self._connection.execute(sql, parameters).fetchall()

    def all_numbers(self, sql: str, parameters: Any = ()) -> Sequence[int]:
        """Return the numbers in the one column of a query, of which there may be millions."""
        with self._errors():
            rows = self._connection.execute(sql, parameters)
            return array("q", (number for (number,) in rows))  # 8 bytes each

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write everything inside as one transaction; others wait for it."""
        with self._errors():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def write(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement with each of *rows*, in the caller's transaction."""
        self._connection.executemany(sql, rows)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
            kind = IndexDamaged if code in DAMAGED_CODES else IndexUnusable
            raise kind(self._path, f"expected a usable index, got {error}") from None
        except UnicodeEncodeError as error:  # a lone surrogate in what is asked for
            raise RefoldError(f"expected valid Unicode to look for, got {error}") from None

    def _is_of_log(self) -> bool:
        """Return whether first and last episode of the index are those of the log."""
        if self.all("SELECT stamp FROM source") != [(self._stamp(),)]:
            return False
        last = self.all("SELECT id, uid, ended, digest FROM rows ORDER BY id DESC LIMIT 1")
        for number, uid, ended, digest in last:
            now = self.log.digests([number])
            if not now or self.log.id_of(number) != uid or (ended and now[number] != digest):
                return False
        return True

    def _stamp(self) -> str:
        # With the number of the file itself: an index that came with a stranger's log, and could
        # say anything of it, is no index of it here.
        return f"{RELEASE} {file_number(self._path)} {self.log.stamp()}"

    def _begin_anew(self) -> None:
        with self.transaction():
            if self._is_of_log():  # another process has begun it meanwhile
                return
            for table in _TABLES:
                self._connection.execute(f"DELETE FROM {table}")
            self._connection.execute("INSERT INTO texts (texts) VALUES ('delete-all')")
            # As of before the rows are read: what is graded meanwhile is found the next time.
            now = self.log.grades_so_far()
            self.write("INSERT INTO source VALUES (?, ?, ?)", [(self._stamp(), *now)])

    def _retry_unread(self, left_out: LeftOut) -> None:
        unread = [number for (number,) in self.all("SELECT id FROM unread ORDER BY id")]
        if unread and any(True for _ in read_rows(self.log, unread, left_out)):
            with self.transaction():
                self._read(unread, left_out)

    def _read_grown(self, left_out: LeftOut) -> None:
        unended = dict(self.all("SELECT id, digest FROM rows WHERE ended IS NULL ORDER BY id"))
        now = self.log.digests(unended)
        grown = [number for number, digest in unended.items() if now.get(number) != digest]
        if grown:
            with self.transaction():
                self._read(grown, left_out)

    def _read_new(self, left_out: LeftOut, watch: Watch | None) -> None:
        last = self.log.last_number()
        while self.log.numbers_after(self._last_number()):
            with self.transaction():
                # Looked up again: another process may have read these meanwhile.
                self._read(self.log.numbers_after(self._last_number()), left_out)
            if watch is not None:
                watch(self._last_number(), last)

    def _last_number(self) -> int:
        ((last,),) = self.all(
            "SELECT max(coalesce((SELECT max(id) FROM rows), 0),"
            " coalesce((SELECT max(id) FROM unread), 0))"
        )
        return int(last)

    def _read(self, numbers: Sequence[int], left_out: LeftOut) -> None:
        """Read the episodes of these *numbers* anew, in the caller's transaction."""
        kept = set()
        for row, met in read_rows(self.log, numbers, left_out):
            try:
                self._keep(row, met)
            except OverflowError as error:  # a number in a forged event
                problem = RefoldError(f"expected numbers that can be stored, got {error}")
                left_out.add(row.id, problem)
            else:
                kept.add(row.number)
        self.write("DELETE FROM unread WHERE id = ?", ((number,) for number in kept))
        rest = [number for number in numbers if number not in kept]
        self.write("DELETE FROM rows WHERE id = ?", ((number,) for number in rest))
        self.write(
            "INSERT OR REPLACE INTO unread VALUES (?, ?, ?, ?, ?, ?)",
            ((number, self.log.id_of(number), *self.log.names_of(number)) for number in rest),
        )

    def _keep(self, row: IndexedEpisode, met: Met) -> None:
        self._connection.execute(_INSERT, astuple(row))
        self.write("DELETE FROM errors WHERE id = ?", [(row.number,)] if met.errors else [])
        self.write(
            "INSERT INTO errors VALUES (?, ?)",
            [(error, row.number) for error in sorted(met.errors)],
        )

    def _read_grades(self) -> None:
        (known,) = self.all("SELECT last_grade, grades FROM source")
        now = self.log.grades_so_far()
        if now == known:
            return
        changed = self.log.graded_after(known[0])
        if now[1] - known[1] != len(changed):
            changed = [number for (number,) in self.all("SELECT id FROM rows")]
        with self.transaction():
            for first in range(0, len(changed), PAGE):
                scores = saved_scores(self.log, changed[first : first + PAGE])
                self.write(
                    "UPDATE rows SET score = ?, scores = ? WHERE id = ?",
                    ((*found, number) for number, found in scores.items()),
                )
            self.write("UPDATE source SET last_grade = ?, grades = ?", [now])
