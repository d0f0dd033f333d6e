"""
The log: one SQLite file that holds many event streams.

Append-only: a step's events are one transaction, chained by hash, refused unless they follow
the last event that is stored. Once ``append`` has returned, a crash of the process loses nothing,
and half a step is never seen. With ``durable`` that holds for a power cut as well; without it, a
power cut may lose the last steps, never part of one.

Files may come from strangers: every open checks application id, version and exact schema, with
``trusted_schema`` off, and every read checks the chain.
"""

import sqlite3
from collections.abc import Sequence

from attrs import evolve

from refold.engine.chain import GENESIS, link
from refold.engine.errors import EpisodeExists, StaleWriter
from refold.engine.log.info import EpisodeRecord, utc_now
from refold.engine.log.protocol import Tail
from refold.engine.log.rows import INSERT_EPISODE, record_values
from refold.engine.log.side_tables import SideTables

_INSERT_EVENT = "INSERT INTO events (episode, seq, payload, hash) VALUES (?, ?, ?, ?)"


class EventLog(SideTables):
    """
    A log file, opened for writing (created if missing) or read-only.

    Do not share an instance between threads, and open at most one for writing in each process.

    Args:
        path: The file.
        readonly: Neither write to the file nor create it. Use it for any file that is not yours.
        durable: Wait for the disk at each step, so that a power cut loses nothing.

    Raises:
        NotALog: The file is missing (when *readonly*), unreadable, or no log of refold.
        NewerLog: It was written by a newer release.
    """

    @property
    def parts(self) -> Sequence["EventLog"]:
        """The log files that this one consists of: itself."""
        return (self,)

    @property
    def paths(self) -> Sequence[str]:
        """The paths of these files."""
        return [log.path for log in self.parts]

    def holder(self, id: str) -> "EventLog | None":
        """Return the log file that holds the episode of that whole *id*; None if none does."""
        return self if self.holds(id) else None

    def begin(self, record: EpisodeRecord, payloads: Sequence[bytes], *, end: bool = False) -> Tail:
        """
        Store a new episode with its first events, all or none; *end* if there will be no more.

        An *end* without ``ended_at`` is now; ``ended_at`` without an *end* is ignored.

        Raises:
            EpisodeExists: The log holds an episode of that id already.
            LogBusy: Another process holds the write lock for longer than 10 seconds.
        """
        ended_at = (record.ended_at or utc_now()) if end else None
        if record.ended_at != ended_at:
            record = evolve(record, ended_at=ended_at)
        row = record_values(record)
        with self.transaction():
            self._file.check_now_and_then()
            try:
                cursor = self._connection.execute(INSERT_EPISODE, row)
            except sqlite3.IntegrityError as error:
                if not _is_refused_by_trigger(error):
                    raise
                problem = f"episode {record.id!r}: expected a new id, got one in use"
                raise EpisodeExists(problem) from None
            assert cursor.lastrowid is not None
            return self._insert_events(Tail(cursor.lastrowid, 0, GENESIS), payloads)

    def append(self, tail: Tail, payloads: Sequence[bytes], *, end: bool = False) -> Tail:
        """
        Store *payloads* right after *tail*, all or none, and return the new tail.

        Args:
            tail: What ``begin``, ``tail`` or the last ``append`` returned.
            payloads: Canonical JSON of the next events.
            end: These are the episode's last.

        Raises:
            StaleWriter: Another writer has appended to the episode since *tail* was current.
            LogBusy: Another process holds the write lock for longer than 10 seconds.
        """
        with self.transaction():
            after = self._insert_events(tail, payloads)
            if end:
                self._set_ended(tail.key)
                self._file.check()
            else:
                self._file.check_now_and_then()
        if end:
            self._checkpoint_if_due()
        return after

    def _insert_events(self, tail: Tail, payloads: Sequence[bytes]) -> Tail:
        head = tail.head
        rows = []
        for seq, payload in enumerate(payloads, tail.seq):
            head = link(head, seq, payload)
            rows.append((tail.key, seq, payload.decode(), head))
        try:
            # sqlite3 itself, not sqlite-utils, whose inserts cost two to four times as much.
            self._connection.executemany(_INSERT_EVENT, rows)
        except sqlite3.IntegrityError as error:
            if not _is_refused_by_trigger(error):
                raise
            raise StaleWriter(
                f"log {self.path}: expected event {tail.seq} to be the episode's next, got another "
                "writer's events there; read the episode again"
            ) from None
        return Tail(tail.key, tail.seq + len(rows), head)

    def _set_ended(self, key: int) -> None:
        sql = "UPDATE episodes SET ended_at = ? WHERE id = ?"
        self._connection.execute(sql, (utc_now(), key))


def _is_refused_by_trigger(error: sqlite3.IntegrityError) -> bool:
    """Return whether a trigger of the schema refused a statement, not one of its constraints."""
    return error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_TRIGGER
