"""
A log's file as it lies there: what SQLite finds wrong with it, and rows that nobody has read yet.

Nothing that is decoded elsewhere is decoded here, so that one row that cannot be read does not
hide the others.
"""

from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from attrs import frozen

from refold.engine.errors import NotALog
from refold.engine.log.file import open_log, sqlite_errors
from refold.engine.log.schema import check_migrations

_TABLES = ("episodes", "events", "grades")
_MOST = 20
_PAGE = 500


@frozen
class SavedRow:
    """A row of ``grades``: what stands beside *grade*, the whole grade as JSON, is said twice."""

    digest: str
    rubric: str
    version: int
    rubric_digest: str
    score: float
    grade: bytes


class Audit:
    """
    A log file, opened for looking at it only.

    Raises:
        NotALog, NewerLog: As for ``EventLog``.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        with sqlite_errors(path):
            self._connection = open_log(path, readonly=True, durable=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def problems(self) -> list[str]:
        """Return what is wrong with pages, indexes, rows and references; empty if all is well."""
        try:
            with sqlite_errors(self._path):
                return [
                    *self._integrity(),
                    *self._references(),
                    *check_migrations(self._connection),
                ]
        except NotALog as error:
            return [str(error)]

    def ids(self) -> Iterator[str]:
        """Yield the id of every episode in the order they began, read page by page."""
        last = 0
        while rows := self._rows(
            "SELECT id, CAST(uid AS BLOB) FROM episodes WHERE id > ? ORDER BY id LIMIT ?",
            *(last, _PAGE),
        ):
            yield from ((uid or b"").decode(errors="replace") for _, uid in rows)
            last = rows[-1][0]

    def grades(self, id: str) -> list[SavedRow]:
        """Return the grades that are kept beside the episode *id*."""
        rows = self._rows(
            "SELECT g.digest, g.rubric, g.version, g.rubric_digest, g.score,"
            " CAST(g.grade AS BLOB) FROM grades AS g JOIN episodes AS e ON e.id = g.episode"
            " WHERE e.uid = ? ORDER BY g.rubric, g.version, g.rubric_digest, g.digest",
            id,
        )
        return [SavedRow(*row) for row in rows]

    def _integrity(self) -> Iterator[str]:
        for table in ("sqlite_master", *_TABLES):
            for (found,) in self._rows(f"PRAGMA integrity_check({table})")[:_MOST]:
                if found != "ok":
                    yield f"table {table}: expected a sound one, got {found!r}"

    def _references(self) -> Iterator[str]:
        for table in _TABLES:
            for _, row, parent, _ in self._rows(f"PRAGMA foreign_key_check({table})")[:_MOST]:
                yield f"table {table} row {row}: expected its row of {parent}, got none"

    def _rows(self, sql: str, *parameters: Any) -> list[Any]:
        with sqlite_errors(self._path):
            return self._connection.execute(sql, parameters).fetchall()
