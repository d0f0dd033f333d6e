"""The open file of a log: its transactions and checkpoints, and its tables for queries."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from refold.engine.closing import Closing
from refold.engine.errors import NotALog
from refold.engine.log.file import (
    FileIdentity,
    Transaction,
    open_log,
    sqlite_errors,
    without_waiting,
)

if TYPE_CHECKING:
    from sqlite_utils import Database

CHECKPOINT_EVERY = 100  # ended episodes; after each one it would halve the throughput


class LogConnection(Closing):
    """A log file, open for writing (created if missing) or read-only; see ``EventLog``."""

    def __init__(self, path: str | Path, *, readonly: bool = False, durable: bool = False) -> None:
        self.path = str(path)
        self.readonly = readonly
        self.durable = durable
        self._ended = 0
        self._closed = False
        with sqlite_errors(self.path):
            self._connection = open_log(self.path, readonly=readonly, durable=durable)
        self._file = FileIdentity(self.path)

    def close(self) -> None:
        """Close the file; unless *readonly*, merge its write-ahead log into it first."""
        if self._closed:
            return
        self._closed = True
        if "database" in vars(self):
            self.database.close()
        try:
            if not self.readonly:
                self._checkpoint()  # so that a log is one file, ready to be copied
        finally:
            self._connection.close()

    @cached_property
    def database(self) -> "Database":
        """
        The log for queries: its tables and views, read-only, as a sqlite-utils ``Database``.

        It is closed with the log. Read all rows of a query, or close it: while one is open, the
        file cannot be tidied up. ``docs/query.md`` lists the views.

        Raises:
            NotALog: The log is closed.
            LogMoved: Another file has taken the place of the log.
        """
        from refold.engine.log.database import open_database  # noqa: PLC0415 - slow, seldom needed

        if self._closed:
            raise NotALog(f"{self.path}: expected an open log, got a closed one; open it again")
        self._file.check()
        return open_database(self.path)

    @property
    def size(self) -> int:
        """Size of the file in bytes."""
        return Path(self.path).stat().st_size

    def transaction(self) -> Transaction:
        """Write everything inside as one transaction: all of it is stored, or nothing."""
        return Transaction(self.path, self._connection)

    def _checkpoint_if_due(self) -> None:
        self._ended += 1
        # Inside an outer transaction a checkpoint would fail.
        if self._ended % CHECKPOINT_EVERY == 0 and not self._connection.in_transaction:
            # A reader that holds a snapshot must not hold up the writer: what cannot be
            # checkpointed now is left to the next time.
            with without_waiting(self._connection):
                self._checkpoint()

    def _checkpoint(self) -> None:
        # SQLite's automatic checkpoints reuse the WAL but never shrink it; TRUNCATE empties it.
        with sqlite_errors(self.path):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _query(self, sql: str, *parameters: Any, **named: Any) -> list[Any]:
        with sqlite_errors(self.path):
            return self._connection.execute(sql, named or parameters).fetchall()
