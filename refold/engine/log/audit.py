"""
A log's file as stored: SQLite's own findings about it, and rows that nothing else has read yet.

Nothing is decoded here, so that one row that cannot be decoded does not hide the others.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

from attrs import frozen

from refold.engine.closing import Closing
from refold.engine.errors import NotALog
from refold.engine.log.file import open_log, sqlite_errors
from refold.engine.log.judgements import Judgement, each_judgement
from refold.engine.log.remarks import Remark, count_later_events, remark_rows
from refold.engine.log.schema import check_migrations

_TABLES = ("episodes", "events", "grades", "questions", "judgements", "remarks")
_MOST = 20  # findings for each table: a page of damage can touch every row
_PAGE = 500


@frozen
class SavedRow:
    """A row of ``grades``; *grade* is the whole grade as JSON, which the other columns repeat."""

    digest: str
    rubric: str
    version: int
    rubric_digest: str
    score: float
    grade: bytes


class Audit(Closing):
    """
    A log file, opened read-only for inspection.

    Raises:
        NotALog, NewerLog: As for ``EventLog``.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        with sqlite_errors(path):
            self._connection = open_log(path, readonly=True, durable=False)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def problems(self) -> list[str]:
        """Return the problems with pages, indexes, rows, references and migrations, if any."""
        try:
            with sqlite_errors(self._path):
                return [
                    *self._integrity_problems(),
                    *self._reference_problems(),
                    *check_migrations(self._connection),
                ]
        except NotALog as error:  # too damaged for the checks themselves: that is the finding
            return [str(error)]

    def ids(self) -> Iterator[str]:
        """Yield the id of every episode in the order they began, read page by page."""
        last = 0
        while rows := self._query(
            # A BLOB, since an id that is no valid UTF-8 must be listed like any other.
            "SELECT id, CAST(uid AS BLOB) FROM episodes WHERE id > ? ORDER BY id LIMIT ?",
            *(last, _PAGE),
        ):
            yield from ((uid or b"").decode(errors="replace") for _, uid in rows)
            last = rows[-1][0]

    def descends_from_itself(self, id: str) -> bool:
        """Return whether the parents of the episode *id*, followed upwards, lead back to it."""
        # UNION, which ends where a circle closes.
        return bool(
            self._query(
                "WITH RECURSIVE line(uid) AS (SELECT parent FROM episodes WHERE uid = ?"
                " UNION SELECT e.parent FROM line JOIN episodes AS e ON e.uid = line.uid)"
                " SELECT 1 FROM line WHERE uid = ?",
                *(id, id),
            )
        )

    def parent(self, id: str) -> str | None:
        """Return the parent of the episode *id*; None if it has none, or is not there."""
        rows = self._query("SELECT parent FROM episodes WHERE uid = ?", id)
        return rows[0][0] if rows else None

    def grades(self, id: str) -> list[SavedRow]:
        """Return the saved grades of the episode *id*, undecoded."""
        rows = self._query(
            "SELECT g.digest, g.rubric, g.version, g.rubric_digest, g.score,"
            " CAST(g.grade AS BLOB) FROM grades AS g JOIN episodes AS e ON e.id = g.episode"
            " WHERE e.uid = ? ORDER BY g.rubric, g.version, g.rubric_digest, g.digest",
            id,
        )
        return [SavedRow(*row) for row in rows]

    def judgements(self) -> Iterator[tuple[Judgement, bytes]]:
        """Yield every answer of a judge with the stored body of its question, undecoded."""
        with sqlite_errors(self._path):
            yield from each_judgement(self._connection)

    def questions(self) -> Iterator[tuple[str, bytes]]:
        """Yield digest and stored body of every question, page by page."""
        last = 0
        while self._has("questions") and (
            rows := self._query(
                "SELECT id, digest, body FROM questions WHERE id > ? ORDER BY id LIMIT ?",
                *(last, _PAGE),
            )
        ):
            yield from ((digest, body) for _, digest, body in rows)
            last = rows[-1][0]

    def remarks(self) -> Iterator[tuple[Remark, bytes]]:
        """Yield each remark, unchecked, with its stored hash."""
        with sqlite_errors(self._path):
            yield from remark_rows(self._connection)

    def later_events(self, remark: Remark) -> int | None:
        """Return how many events came after a *remark*; None if it is of no state there was."""
        with sqlite_errors(self._path):
            return count_later_events(self._connection, remark.episode, remark.digest)

    def _tables(self) -> list[str]:
        """Return refold's tables; a log of an older version, read-only, lacks some."""
        return [table for table in _TABLES if self._has(table)]

    def _has(self, table: str) -> bool:
        known = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
        return bool(self._query(known, table))

    def _integrity_problems(self) -> Iterator[str]:
        for table in (
            "sqlite_master",
            *self._tables(),
        ):  # by table: other tables are none of refold's
            for (found,) in self._query(f"PRAGMA integrity_check({table})")[:_MOST]:
                if found != "ok":
                    yield f"table {table}: expected a sound one, got {found!r}"

    def _reference_problems(self) -> Iterator[str]:
        for table in self._tables():
            for _, row, parent, _ in self._query(f"PRAGMA foreign_key_check({table})")[:_MOST]:
                yield f"table {table} row {row}: expected its row of {parent}, got none"

    def _query(self, sql: str, *parameters: Any) -> list[Any]:
        with sqlite_errors(self._path):
            return self._connection.execute(sql, parameters).fetchall()


class Audits(Audit):
    """Log files, opened read-only for inspection as one; see ``Audit``."""

    def __init__(self, paths: Sequence[str]) -> None:
        with ExitStack() as stack:
            self._audits = {path: stack.enter_context(Audit(path)) for path in paths}
            self._opened = stack.pop_all()

    def close(self) -> None:
        """Close the files."""
        self._opened.close()

    def problems(self) -> list[str]:
        """Return the problems of each file, which they name."""
        return [
            f"{path}: {each}" for path, file in self._audits.items() for each in file.problems()
        ]

    def ids(self) -> Iterator[str]:
        """Yield the id of every episode, file by file."""
        for file in self._audits.values():
            yield from file.ids()

    def descends_from_itself(self, id: str) -> bool:
        """Return whether the parents of the episode *id*, followed upwards, lead back to it."""
        seen: set[str] = set()
        parent = self.parent(id)
        while parent is not None and parent not in seen:
            if parent == id:
                return True
            seen.add(parent)
            parent = self.parent(parent)
        return False

    def parent(self, id: str) -> str | None:
        """Return the parent of the episode *id*; None if it has none, or is not there."""
        found = (file.parent(id) for file in self._audits.values())
        return next((each for each in found if each is not None), None)

    def grades(self, id: str) -> list[SavedRow]:
        """Return the saved grades of the episode *id*, undecoded."""
        return [row for file in self._audits.values() for row in file.grades(id)]

    def judgements(self) -> Iterator[tuple[Judgement, bytes]]:
        """Yield every answer of a judge with the stored body of its question, undecoded."""
        for file in self._audits.values():
            yield from file.judgements()

    def questions(self) -> Iterator[tuple[str, bytes]]:
        """Yield digest and stored body of every question, file by file."""
        for file in self._audits.values():
            yield from file.questions()

    def remarks(self) -> Iterator[tuple[Remark, bytes]]:
        """Yield each remark, unchecked, with its stored hash."""
        for file in self._audits.values():
            yield from file.remarks()

    def later_events(self, remark: Remark) -> int | None:
        """Return how many events came after a *remark*; None if it is of no state there was."""
        found = (file.later_events(remark) for file in self._audits.values())
        return next((each for each in found if each is not None), None)


def open_audit(paths: Sequence[str]) -> Audit:
    """Return the logs at *paths*, at least one, opened for inspection as one."""
    return Audits(paths) if len(paths) > 1 else Audit(paths[0])
