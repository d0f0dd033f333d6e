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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from attrs import evolve

from refold.engine.chain import GENESIS, link
from refold.engine.errors import (
    AmbiguousEpisode,
    EpisodeExists,
    LogDamaged,
    NotALog,
    StaleWriter,
    UnknownEpisode,
)
from refold.engine.log.file import FileIdentity, open_log, sqlite_errors, without_waiting
from refold.engine.log.info import EpisodeInfo, EpisodeRecord, utc_now
from refold.engine.log.judgements import (
    Judgement,
    each_judge,
    each_judgement,
    find_payload,
    has_judgements,
    save_judgement,
)
from refold.engine.log.left_out import LeftOut
from refold.engine.log.origins import Origin, find_origin, save_origin
from refold.engine.log.protocol import Tail
from refold.engine.log.remarks import Remark, count_later_events, find_remarks, save_remark
from refold.engine.log.rows import INSERT_EPISODE, SELECT_EPISODES, read_info, record_values
from refold.engine.stream import Stream

if TYPE_CHECKING:
    from sqlite_utils import Database

CHECKPOINT_EVERY = 100  # ended episodes; after each one it would halve the throughput
_PAGE = 500

_INSERT_EVENT = "INSERT INTO events (episode, seq, payload, hash) VALUES (?, ?, ?, ?)"


class EventLog:
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

    def __init__(self, path: str | Path, *, readonly: bool = False, durable: bool = False) -> None:
        self.path = str(path)
        self.readonly = readonly
        self._ended = 0
        self._closed = False
        with sqlite_errors(self.path):
            self._connection = open_log(self.path, readonly=readonly, durable=durable)
        self._file = FileIdentity(self.path)

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

    def begin(self, record: EpisodeRecord, payloads: Sequence[bytes], *, end: bool = False) -> Tail:
        """
        Store a new episode with its first events, all or none; *end* if there will be no more.

        An *end* without ``ended_at`` is now; ``ended_at`` without an *end* is ignored.

        Raises:
            EpisodeExists: The log holds an episode of that id already.
            LogBusy: Another process holds the write lock for longer than 10 seconds.
        """
        ended_at = (record.ended_at or utc_now()) if end else None
        row = record_values(evolve(record, ended_at=ended_at))
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

    def tail(self, reference: str) -> Tail:
        """Return the current tail of an episode; raises as ``find`` does."""
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
        Save a grade of an episode, in place of an earlier one by the same rubric.

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
                raise self._unknown_episode(episode)

    def save_origin(self, episode: str, origin: Origin) -> None:
        """Save where the episode with the id *episode* came from, unless that is known."""
        with self.transaction():
            save_origin(self._connection, episode, origin)

    def origin(self, episode: str) -> Origin | None:
        """Return where the episode with the id *episode* came from; None if it was played here."""
        with sqlite_errors(self.path):
            return find_origin(self._connection, episode)

    def save_judgement(self, found: Judgement, body: bytes) -> bool:
        """
        Save a judge's answer to the question *body*, unless there is one; return whether not.

        An answer is never replaced: the first one to a question, by a judge, is what counts.
        """
        with self.transaction():
            return save_judgement(self._connection, found, body)

    def judgement(self, question: str, judge: str, attempt: int) -> tuple[bytes, bytes] | None:
        """Return payload and hash of a judge's answer, by digests; None if there is none."""
        with sqlite_errors(self.path):
            if not has_judgements(self._connection):
                return None
            return find_payload(self._connection, question, judge, attempt)

    def judges(self) -> list[bytes]:
        """Return the payload of one answer of each judge, the judge that first answered first."""
        with sqlite_errors(self.path):
            return each_judge(self._connection)

    def judgements(self) -> Iterator[tuple[Judgement, bytes]]:
        """Yield every answer of a judge with the stored body of its question, oldest first."""
        with sqlite_errors(self.path):
            yield from each_judgement(self._connection)

    def save_remark(self, remark: Remark) -> bool:
        """
        Save what a person says of an episode; return False if that is there already.

        Raises:
            UnknownEpisode: The log holds no episode of that id.
        """
        with self.transaction():
            if not self.holds(remark.episode):
                raise self._unknown_episode(remark.episode)
            return save_remark(self._connection, remark)

    def remarks(self, episode: str | None = None) -> list[Remark]:
        """
        Return what people said of the episode with the id *episode*, of all if None, oldest first.

        Raises:
            RefoldError: A remark was altered.
        """
        with sqlite_errors(self.path):
            return find_remarks(self._connection, episode)

    def later_events(self, remark: Remark) -> int | None:
        """Return how many events came after a *remark*; None if it is of no state there was."""
        with sqlite_errors(self.path):
            return count_later_events(self._connection, remark.episode, remark.digest)

    def holds(self, id: str) -> bool:
        """Return whether the log holds an episode of that whole *id*."""
        return bool(self._query("SELECT 1 FROM episodes WHERE uid = ?", id))

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

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write everything inside as one transaction: all of it is stored, or nothing."""
        with sqlite_errors(self.path):
            # SQLite has no nested transactions; a savepoint lets an inner one fail by itself.
            inner = self._connection.in_transaction
            # IMMEDIATE waits here until it has the write lock. A deferred transaction takes a
            # snapshot first, and fails without waiting if another process writes before it does.
            self._connection.execute("SAVEPOINT part" if inner else "BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:  # an interrupt too: an open transaction would keep the lock
                if self._connection.in_transaction:  # on a full disk, SQLite has ended it by itself
                    self._connection.execute("ROLLBACK TO part" if inner else "ROLLBACK")
                raise
            self._connection.execute("RELEASE part" if inner else "COMMIT")

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

    def find(self, reference: str) -> EpisodeInfo:
        """
        Return the episode that *reference* names: an id, a unique prefix of one, or ``last``.

        Raises:
            UnknownEpisode: There is none.
            AmbiguousEpisode: The prefix fits several, and is no whole id.
        """
        if not reference:
            raise self._unknown_episode(reference)
        if reference == "last":
            rows = self._query(f"{SELECT_EPISODES} ORDER BY e.id DESC LIMIT 1")
        else:
            # A whole id first: it may be the beginning of others. A prefix as a range, not LIKE,
            # since ids may hold ``_`` and the range uses the index.
            rows = self._query(f"{SELECT_EPISODES} WHERE e.uid = ?", reference) or self._query(
                f"{SELECT_EPISODES} WHERE e.uid >= ? AND e.uid < ? ORDER BY e.uid LIMIT 5",
                reference,
                f"{reference}\U0010ffff",
            )
        if not rows:
            raise self._unknown_episode(reference)
        if len(rows) > 1:
            raise AmbiguousEpisode(reference, [row[1] for row in rows])
        return read_info(rows[0])

    def _unknown_episode(self, reference: str) -> UnknownEpisode:
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
        left_out: LeftOut | None = None,
    ) -> Iterator[EpisodeInfo]:
        """
        Yield the log's episodes in the order they began, read page by page.

        Args:
            scenario: Only those with this scenario name, or of this family.
            agent: Only those of this agent.
            run: Only those of this run.
            newest_first: Reverse the order.
            left_out: Notes those that cannot be read, so that the others follow; None raises.

        Raises:
            LogDamaged: The last step or the end of one cannot be read.
        """
        order, follows = ("DESC", "<") if newest_first else ("ASC", ">")
        # Pages of whole rows instead of an open cursor, which would keep the WAL from being reused.
        # By row number, not OFFSET: a page costs the same anywhere, and new episodes shift nothing.
        where = f"""
            WHERE (:scenario IS NULL OR e.scenario = :scenario
                OR substr(e.scenario, 1, length(:scenario) + 1) = :scenario || '/')
            AND (:agent IS NULL OR e.agent = :agent) AND (:run IS NULL OR e.run = :run)
            AND (:last IS NULL OR e.id {follows} :last) ORDER BY e.id {order} LIMIT {_PAGE}"""
        chosen: dict[str, Any] = {"scenario": scenario, "agent": agent, "run": run, "last": None}
        while rows := self._page(where, chosen, left_out):
            yield from _read_rows((row for _, row in rows if row is not None), left_out)
            chosen["last"] = rows[-1][0]

    def _page(
        self, where: str, chosen: Mapping[str, Any], left_out: LeftOut | None
    ) -> list[tuple[int, Any]]:
        """Return number and row of each episode that fits; None where *left_out* notes an error."""
        try:
            return [(row[0], row) for row in self._query(f"{SELECT_EPISODES} {where}", **chosen)]
        except NotALog:
            if left_out is None:
                raise
        # A page of the file is damaged, and one row that lies there hides all others of the query.
        keys = self._query(f"SELECT e.id, CAST(e.uid AS BLOB) FROM episodes AS e {where}", **chosen)
        return [(key, self._row(key, uid, left_out)) for key, uid in keys]

    def _row(self, key: int, uid: bytes, left_out: LeftOut) -> Any:
        try:
            return self._query(f"{SELECT_EPISODES} WHERE e.id = ?", key)[0]
        except NotALog as error:
            left_out.add(uid.decode(errors="replace"), error)
            return None

    def forks(self, reference: str, *, left_out: LeftOut | None = None) -> list[EpisodeInfo]:
        """
        Return the forks of an episode, in the order they began; raises as ``find`` does.

        *left_out*, if given, notes those that cannot be read.
        """
        rows = self._query(
            f"{SELECT_EPISODES} WHERE e.parent = ? ORDER BY e.id", self.find(reference).id
        )
        return list(_read_rows(rows, left_out))

    def count(self) -> int:
        """Return the number of episodes in the log."""
        return int(self._query("SELECT count(*) FROM episodes")[0][0])

    def events(self, reference: str) -> Stream:
        """
        Return the event stream of the episode that *reference* names, its hash chain checked.

        Raises:
            UnknownEpisode, AmbiguousEpisode: As for ``find``.
            LogDamaged: The chain is broken, or an event cannot be read.
            UnknownName: No installed package provides the episode's family.
        """
        # As if *reference* were a whole id, which it nearly always is: one query, no look-up. BLOB
        # gives the stored bytes, which are what was hashed, without decoding and encoding them.
        rows = self._query(
            "SELECT v.seq, CAST(v.payload AS BLOB), v.hash FROM episodes AS e"
            " JOIN events AS v ON v.episode = e.id WHERE e.uid = ? ORDER BY v.seq",
            reference,
        )
        if not rows:
            id = self.find(reference).id
            if id == reference:
                raise LogDamaged(id, 0, "expected episode_started, got no events")
            return self.events(id)
        # A gap breaks the chain too, unless whoever left it computed the hashes anew: hence both.
        head = GENESIS
        for place, (seq, payload, stored) in enumerate(rows):
            try:
                head = link(head, seq, payload)
            except (AttributeError, TypeError, OverflowError):  # types that STRICT does not allow
                raise LogDamaged(reference, place, f"expected an event, got seq {seq!r}") from None
            if head != stored:
                raise LogDamaged(reference, seq, "expected the stored hash to fit, got another")
            if seq != place:
                raise LogDamaged(reference, place, "expected the next event, got a later one")
        return Stream.read([row[1] for row in rows], head=head, episode=reference)

    def grades(self, reference: str) -> list[bytes]:
        """Return the saved grades of an episode as canonical JSON, in the order of saving."""
        rows = self._query(
            "SELECT CAST(g.grade AS BLOB) FROM episodes AS e JOIN grades AS g ON g.episode = e.id"
            " WHERE e.uid = ? ORDER BY g.rowid",
            reference,
        )
        if not rows:
            id = self.find(reference).id
            return [] if id == reference else self.grades(id)
        return [row[0] for row in rows]

    def graded_by(self) -> list[tuple[str, int, str]]:
        """Return name, version and digest of each rubric that saved grades are by, sorted."""
        rows = self._query(
            "SELECT DISTINCT rubric, version, rubric_digest FROM grades ORDER BY 1, 2, 3"
        )
        return [tuple(row) for row in rows]

    def _query(self, sql: str, *parameters: Any, **named: Any) -> list[Any]:
        with sqlite_errors(self.path):
            return self._connection.execute(sql, named or parameters).fetchall()


def _read_rows(rows: Iterable[Any], left_out: LeftOut | None) -> Iterator[EpisodeInfo]:
    """Yield the episodes of *rows*; *left_out*, if given, notes those that cannot be read."""
    for row in rows:
        try:
            info = read_info(row)
        except LogDamaged as error:
            if left_out is None:
                raise
            left_out.add(error.episode, error)
        else:
            yield info


def _is_refused_by_trigger(error: sqlite3.IntegrityError) -> bool:
    """Return whether a trigger of the schema refused a statement, not one of its constraints."""
    return error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_TRIGGER
