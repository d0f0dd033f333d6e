"""
The log: one SQLite file that holds many streams, and the only module that talks to SQLite.

Append-only: a step's events are one transaction, chained by hash, refused unless they follow
the last event that is stored. A process that dies loses nothing that ``append`` returned from;
half a step is never seen. With ``durable`` that holds for a power cut as well; without it, a
power cut may take the last steps, never part of one.

Files may come from strangers: every open checks application id, version and exact schema, with
``trusted_schema`` off, and every read checks the chain.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from attrs import frozen

from refold.engine.codec import GENESIS, link
from refold.engine.errors import (
    AmbiguousEpisode,
    EpisodeExists,
    LogDamaged,
    StaleWriter,
    UnknownEpisode,
)
from refold.engine.log.file import open_log, sqlite_errors
from refold.engine.log.info import SELECT, EpisodeInfo, now, read_info
from refold.engine.stream import Stream

CHECKPOINT_EVERY = 100
PAGE = 500

_INSERT = "INSERT INTO events (episode, seq, payload, hash) VALUES (?, ?, ?, ?)"


@frozen
class Tail:
    """
    Where an episode's next events go: an optimistic lock, since they must follow just this.

    Attributes:
        key: Row of the episode.
        seq: Seq of the next event.
        head: Head of the chain so far, 32 bytes.
    """

    key: int
    seq: int
    head: bytes


class EventLog:
    """
    A log file, opened for writing (made if missing) or only for reading.

    Not to be shared between threads; one writing instance for each process.

    Args:
        path: The file.
        readonly: Never write, nor make the file. For any file from somebody else.
        durable: Wait for the disk at each step.

    Raises:
        NotALog: The file is missing (when *readonly*), unreadable, or no log of refold.
        NewerLog: It was written by a newer release.
    """

    def __init__(self, path: str | Path, *, readonly: bool = False, durable: bool = False) -> None:
        self.path = str(path)
        self.readonly = readonly
        self._ended = 0
        self._closed = False
        with sqlite_errors(self.path):
            self._connection = open_log(self.path, readonly=readonly, durable=durable)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, its write-ahead log folded in when this instance was writing."""
        if self._closed:
            return
        self._closed = True
        try:
            if not self.readonly:
                self._checkpoint()
        finally:
            self._connection.close()

    def begin(self, info: EpisodeInfo, payloads: Sequence[bytes], *, end: bool = False) -> Tail:
        """
        Store a new episode with its first events, all or none; *end* says that there are no more.

        Of *info* the derived fields (steps, total, ended, reason, events, digest) are ignored.

        Raises:
            EpisodeExists: The log holds an episode of that id already.
            LogBusy: Another process holds the write lock for longer than 10 seconds.
        """
        row = (info.id, info.scenario, info.seed, info.agent, info.run, info.epoch)
        with self.transaction():
            cursor = self._connection.cursor()
            try:
                cursor.execute(
                    "INSERT INTO episodes (uid, scenario, seed, agent, run, epoch, release,"
                    " started_at, parent, fork_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (*row, info.release, info.started_at, info.parent, info.fork_at),
                )
            except sqlite3.IntegrityError as error:
                if not _is_refusal(error):
                    raise
                problem = f"episode {info.id!r}: expected a new id, got one in use"
                raise EpisodeExists(problem) from None
            assert cursor.lastrowid is not None
            tail = self._insert(Tail(cursor.lastrowid, 0, GENESIS), payloads)
            if end:
                self._end(tail.key, info.ended_at or now())
        return tail

    def append(self, tail: Tail, payloads: Sequence[bytes], *, end: bool = False) -> Tail:
        """
        Store *payloads* right after *tail*, all or none, and return the new tail.

        Args:
            tail: What ``begin``, ``tail`` or the last ``append`` returned.
            payloads: Canonical JSON of the next events.
            end: These are the episode's last.

        Raises:
            StaleWriter: Somebody else has appended to the episode since *tail* was current.
            LogBusy: Another process holds the write lock for longer than 10 seconds.
        """
        with self.transaction():
            after = self._insert(tail, payloads)
            if end:
                self._end(tail.key, now())
        if end:
            self._checkpoint_now_and_then()
        return after

    def tail(self, reference: str) -> Tail:
        """Return where the next events of an episode go; raises as ``find`` does."""
        info = self.find(reference)
        with sqlite_errors(self.path):
            (key,) = self._connection.execute(
                "SELECT id FROM episodes WHERE uid = ?", (info.id,)
            ).fetchone()
        return Tail(key, info.events, bytes.fromhex(info.digest))

    def save_grade(
        self, episode: str, *, digest: str, rubric: tuple[str, int, str], score: float, grade: bytes
    ) -> None:
        """
        Keep a grade beside an episode: derived data, the newest by each rubric.

        Args:
            episode: Id of the episode.
            digest: Digest of the events that were graded.
            rubric: Name, version and digest of the rubric.
            score: The score.
            grade: The whole grade, canonical JSON.

        Raises:
            UnknownEpisode: The log holds no episode of that id.
        """
        with self.transaction():
            cursor = self._connection.execute(
                "INSERT INTO grades (episode, digest, rubric, version, rubric_digest, score, grade)"
                " SELECT id, ?, ?, ?, ?, ?, ? FROM episodes WHERE uid = ?"
                " ON CONFLICT DO UPDATE SET digest = excluded.digest, score = excluded.score,"
                " grade = excluded.grade",
                (digest, *rubric, score, grade.decode(), episode),
            )
            if not cursor.rowcount:
                raise self._unknown(episode)

    def drop_grades(self) -> int:
        """Delete every saved grade, return how many there were; ``grade --save`` remakes them."""
        with self.transaction():
            return self._connection.execute("DELETE FROM grades").rowcount

    def _insert(self, tail: Tail, payloads: Sequence[bytes]) -> Tail:
        head = tail.head
        rows = []
        for seq, payload in enumerate(payloads, tail.seq):
            head = link(head, seq, payload)
            rows.append((tail.key, seq, payload.decode(), head))
        try:
            self._connection.executemany(_INSERT, rows)
        except sqlite3.IntegrityError as error:
            if not _is_refusal(error):
                raise
            raise StaleWriter(
                f"log {self.path}: expected event {tail.seq} to be the episode's next, got another "
                "writer's events there; read the episode again"
            ) from None
        return Tail(tail.key, tail.seq + len(rows), head)

    def _end(self, key: int, at: str) -> None:
        self._connection.execute("UPDATE episodes SET ended_at = ? WHERE id = ?", (at, key))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make everything written inside one transaction: all of it is stored, or nothing."""
        inner = self._connection.in_transaction
        with sqlite_errors(self.path):
            self._connection.execute("SAVEPOINT part" if inner else "BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK TO part" if inner else "ROLLBACK")
                raise
            self._connection.execute("RELEASE part" if inner else "COMMIT")

    def _checkpoint_now_and_then(self) -> None:
        self._ended += 1
        if self._ended % CHECKPOINT_EVERY == 0 and not self._connection.in_transaction:
            self._checkpoint()

    def _checkpoint(self) -> None:
        with sqlite_errors(self.path):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def find(self, reference: str) -> EpisodeInfo:
        """
        Return the episode that *reference* names: an id, a unique prefix of one, or ``last``.

        Raises:
            UnknownEpisode: There is none.
            AmbiguousEpisode: The prefix fits several, and is no whole id.
        """
        if not reference:
            raise self._unknown(reference)
        if reference == "last":
            rows = self._rows(f"{SELECT} ORDER BY e.id DESC LIMIT 1")
        else:
            rows = self._rows(f"{SELECT} WHERE e.uid = ?", reference) or self._rows(
                f"{SELECT} WHERE e.uid >= ? AND e.uid < ? ORDER BY e.uid LIMIT 5",
                reference,
                f"{reference}\U0010ffff",
            )
        if not rows:
            raise self._unknown(reference)
        if len(rows) > 1:
            raise AmbiguousEpisode(reference, [row[1] for row in rows])
        return read_info(rows[0])

    def _unknown(self, reference: str) -> UnknownEpisode:
        return UnknownEpisode(
            f"episode {reference!r}: expected an id, a unique prefix or 'last' of "
            f"{self.path}, got none that fits; `refold episodes` lists them"
        )

    def episodes(
        self,
        *,
        scenario: str | None = None,
        agent: str | None = None,
        run: str | None = None,
        newest_first: bool = False,
    ) -> Iterator[EpisodeInfo]:
        """
        Yield the log's episodes in the order they began, read page by page.

        Args:
            scenario: Only those of this scenario name, or of this family.
            agent: Only those of this agent.
            run: Only those of this run.
            newest_first: The other way round.
        """
        order, follows = ("DESC", "<") if newest_first else ("ASC", ">")
        wanted = f"""{SELECT}
            WHERE (:scenario IS NULL OR e.scenario = :scenario
                OR substr(e.scenario, 1, length(:scenario) + 1) = :scenario || '/')
            AND (:agent IS NULL OR e.agent = :agent) AND (:run IS NULL OR e.run = :run)
            AND (:last IS NULL OR e.id {follows} :last) ORDER BY e.id {order} LIMIT {PAGE}"""
        last = None
        while rows := self._rows(wanted, scenario=scenario, agent=agent, run=run, last=last):
            yield from map(read_info, rows)
            last = rows[-1][0]

    def forks(self, reference: str) -> list[EpisodeInfo]:
        """Return the forks of an episode, in the order they began; raises as ``find`` does."""
        return [
            read_info(row)
            for row in self._rows(
                f"{SELECT} WHERE e.parent = ? ORDER BY e.id", self.find(reference).id
            )
        ]

    def count(self) -> int:
        """Return how many episodes the log holds."""
        return int(self._rows("SELECT count(*) FROM episodes")[0][0])

    def events(self, reference: str) -> Stream:
        """
        Return the events of the episode that *reference* names, its hash chain checked.

        Raises:
            UnknownEpisode, AmbiguousEpisode: As for ``find``.
            LogDamaged: The chain is broken, or an event cannot be read.
            UnknownName: No installed package provides the episode's family.
        """
        rows = self._rows(
            "SELECT v.seq, CAST(v.payload AS BLOB), v.hash FROM episodes AS e"
            " JOIN events AS v ON v.episode = e.id WHERE e.uid = ? ORDER BY v.seq",
            reference,
        )
        if not rows:
            id = self.find(reference).id
            if id == reference:
                raise LogDamaged(id, 0, "expected episode_started, got no events")
            return self.events(id)
        head = GENESIS
        for place, (seq, payload, stored) in enumerate(rows):
            try:
                head = link(head, seq, payload)
            except (AttributeError, TypeError, OverflowError):  # not what the table may hold
                raise LogDamaged(reference, place, f"expected an event, got seq {seq!r}") from None
            if head != stored:
                raise LogDamaged(reference, seq, "expected the stored hash to fit, got another")
            if seq != place:
                raise LogDamaged(reference, place, "expected the next event, got a later one")
        return Stream.read([row[1] for row in rows], head=head, episode=reference)

    def grades(self, reference: str) -> list[bytes]:
        """Return the saved grades of an episode, canonical JSON each, the first saved first."""
        rows = self._rows(
            "SELECT CAST(g.grade AS BLOB) FROM episodes AS e JOIN grades AS g ON g.episode = e.id"
            " WHERE e.uid = ? ORDER BY g.rowid",
            reference,
        )
        if not rows:
            id = self.find(reference).id
            return [] if id == reference else self.grades(id)
        return [row[0] for row in rows]

    def _rows(self, sql: str, *parameters: Any, **named: Any) -> list[Any]:
        with sqlite_errors(self.path):
            return self._connection.execute(sql, named or parameters).fetchall()


def _is_refusal(error: sqlite3.IntegrityError) -> bool:
    """Return whether a trigger of the schema refused a statement."""
    return error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_TRIGGER
