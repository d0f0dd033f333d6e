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
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
from attrs import field, frozen
from sqlite_utils import Database

from engine.codec import GENESIS, link
from engine.errors import (
    AmbiguousEpisode,
    EpisodeExists,
    LogBusy,
    LogDamaged,
    NotALog,
    StaleWriter,
    UnknownEpisode,
)
from engine.events import EpisodeEnded, StepRewarded
from engine.schema import VERSION, check_identity, check_schema, migrate
from engine.stream import Stream

BUSY_SECONDS = 10
CHECKPOINT_EVERY = 100
LARGEST_VALUE = 64 * 2**20
PAGE = 500

_INSERT = "INSERT INTO events (episode, seq, payload, hash) VALUES (?, ?, ?, ?)"
_INFO = """
SELECT e.id, e.uid, e.scenario, e.seed, e.agent, e.run, e.epoch, e.release, e.started_at,
    e.ended_at,
    (SELECT CAST(payload AS BLOB) FROM events WHERE episode = e.id
        AND payload GLOB '{"type":"step_rewarded",*' ORDER BY seq DESC LIMIT 1),
    CASE WHEN e.ended_at IS NULL THEN NULL ELSE
        (SELECT CAST(payload AS BLOB) FROM events WHERE episode = e.id
            AND payload GLOB '{"type":"episode_ended",*' ORDER BY seq DESC LIMIT 1) END,
    (SELECT max(seq) + 1 FROM events WHERE episode = e.id),
    (SELECT hex(hash) FROM events WHERE episode = e.id ORDER BY seq DESC LIMIT 1)
FROM episodes AS e
"""


def now() -> str:
    """Return the time in UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@cache
def release() -> str:
    """Return the release of refold that is running."""
    return version("refold")


@frozen
class EpisodeInfo:
    """
    What the log knows of an episode without reading its stream.

    Attributes:
        id: Its name in this log.
        scenario: Name of the scenario, ``family/name`` for those that ship.
        seed: Seed of its world.
        agent: Who played it.
        run: Name of the ``record`` call that made it; empty outside of one.
        epoch: 0-based number among the run's episodes of this scenario.
        release: Release of refold that wrote it.
        started_at: UTC, ISO 8601.
        ended_at: The same, or None while it has no end.
        steps: Number of whole steps.
        total: Sum of the rewards so far.
        ended: ``terminated`` or ``truncated``; None while it has no end.
        reason: Why it ended, in a word of the family; None while it has no end.
        events: Number of events.
        digest: Hex head of the hash chain as stored; reading the events checks it.
    """

    id: str
    scenario: str
    seed: int
    agent: str = ""
    run: str = ""
    epoch: int = 0
    release: str = field(factory=release)
    started_at: str = field(factory=now)
    ended_at: str | None = None
    steps: int = 0
    total: float = 0.0
    ended: str | None = None
    reason: str | None = None
    events: int = 0
    digest: str = GENESIS.hex()


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
        with _errors(self.path):
            self._connection = _open(self.path, readonly=readonly, durable=durable)

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
        if not self.readonly:
            self._checkpoint()
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
                    " started_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (*row, info.release, info.started_at),
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
        with _errors(self.path):
            (key,) = self._connection.execute(
                "SELECT id FROM episodes WHERE uid = ?", (info.id,)
            ).fetchone()
        return Tail(key, info.events, bytes.fromhex(info.digest))

    def save_grade(
        self, episode: str, *, digest: str, rubric: tuple[str, int, str], score: float, grade: bytes
    ) -> None:
        """
        Keep a grade beside an episode: derived data, one for each rubric and digest.

        Args:
            episode: Id of the episode.
            digest: Digest of the events that were graded.
            rubric: Name, version and digest of the rubric.
            score: The score.
            grade: The whole grade, canonical JSON.
        """
        with self.transaction():
            self._connection.execute(
                "INSERT OR REPLACE INTO grades (episode, digest, rubric, version, rubric_digest,"
                " score, grade) SELECT id, ?, ?, ?, ?, ?, ? FROM episodes WHERE uid = ?",
                (digest, *rubric, score, grade.decode(), episode),
            )

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
        if self._connection.in_transaction:
            yield
            return
        with _errors(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def _checkpoint_now_and_then(self) -> None:
        self._ended += 1
        if self._ended % CHECKPOINT_EVERY == 0:
            self._checkpoint()

    def _checkpoint(self) -> None:
        with _errors(self.path):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def find(self, reference: str) -> EpisodeInfo:
        """
        Return the episode that *reference* names: an id, a unique prefix of one, or ``last``.

        Raises:
            UnknownEpisode: There is none.
            AmbiguousEpisode: The prefix fits several, and is no whole id.
        """
        if reference == "last":
            rows = self._rows(f"{_INFO} ORDER BY e.id DESC LIMIT 1")
        else:
            rows = self._rows(f"{_INFO} WHERE e.uid = ?", reference) or self._rows(
                f"{_INFO} WHERE e.uid >= ? AND e.uid < ? ORDER BY e.uid LIMIT 5",
                reference,
                f"{reference}\U0010ffff",
            )
        if not rows:
            raise UnknownEpisode(
                f"episode {reference!r}: expected an id, a unique prefix or 'last' of "
                f"{self.path}, got none that fits; `refold episodes` lists them"
            )
        if len(rows) > 1:
            raise AmbiguousEpisode(reference, [row[1] for row in rows])
        return _info(rows[0])

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
        wanted = f"""{_INFO}
            WHERE (?1 IS NULL OR e.scenario = ?1 OR e.scenario GLOB ?1 || '/*')
            AND (?2 IS NULL OR e.agent = ?2) AND (?3 IS NULL OR e.run = ?3)
            AND (?4 IS NULL OR e.id {follows} ?4) ORDER BY e.id {order} LIMIT {PAGE}"""
        last = None
        while rows := self._rows(wanted, scenario, agent, run, last):
            yield from map(_info, rows)
            last = rows[-1][0]

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
            return self.events(self.find(reference).id)
        head = GENESIS
        for seq, payload, stored in rows:
            head = link(head, seq, payload)
            if head != stored:
                raise LogDamaged(reference, seq, "expected the stored hash to fit, got another")
        return Stream.read([row[1] for row in rows], head=head, episode=reference)

    def grades(self, reference: str) -> list[bytes]:
        """Return the saved grades of an episode, canonical JSON each, in the order of rubrics."""
        id = self.find(reference).id
        rows = self._rows(
            "SELECT CAST(g.grade AS BLOB) FROM grades AS g JOIN episodes AS e ON e.id = g.episode"
            " WHERE e.uid = ? ORDER BY g.rubric, g.version, g.rubric_digest",
            id,
        )
        return [row[0] for row in rows]

    def _rows(self, sql: str, *parameters: Any) -> list[Any]:
        with _errors(self.path):
            return self._connection.execute(sql, parameters).fetchall()


def _info(row: Sequence[Any]) -> EpisodeInfo:
    rewarded, ended = row[10], row[11]
    step = _last_step(rewarded) if rewarded else None
    end = _end(ended) if ended else None
    return EpisodeInfo(
        id=row[1],
        scenario=row[2],
        seed=row[3],
        agent=row[4],
        run=row[5],
        epoch=row[6],
        release=row[7],
        started_at=row[8],
        ended_at=row[9],
        steps=step.step + 1 if step else 0,
        total=step.total if step else 0.0,
        ended=end.how if end else None,
        reason=end.reason if end else None,
        events=row[12] or 0,
        digest=(row[13] or GENESIS.hex()).lower(),
    )


_last_step = msgspec.json.Decoder(StepRewarded).decode
_end = msgspec.json.Decoder(EpisodeEnded).decode


def _is_refusal(error: sqlite3.IntegrityError) -> bool:
    """Return whether a trigger of the schema refused a statement."""
    return error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_TRIGGER


@contextmanager
def _errors(path: str) -> Iterator[None]:
    """Turn what SQLite says of the file at *path* into refold's own errors."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise LogBusy(
                f"{path}: expected the write lock within {BUSY_SECONDS} s, got none; "
                "stop the other writer or use another --log"
            ) from error
        raise NotALog(f"{path}: expected a usable refold log, got {error}") from error


def _open(path: str, *, readonly: bool, durable: bool) -> sqlite3.Connection:
    new = _check_file(Path(path), readonly=readonly)
    mode = "ro" if readonly else "rwc"
    uri = f"{Path(path).absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)
        connection.execute("PRAGMA trusted_schema = OFF")
        if not new:
            check_identity(connection, path)
        if not readonly:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            connection.execute("PRAGMA foreign_keys = ON")
            _migrate(connection, path)
        check_schema(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, path: str) -> None:
    connection.execute("BEGIN IMMEDIATE")
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not tables or check_identity(connection, path) < VERSION:
        migrate(Database(connection, execute_plugins=False))
    connection.execute("COMMIT")


def _check_file(path: Path, *, readonly: bool) -> bool:
    """Return whether a log is to be made at *path*; raise NotALog if it cannot be one."""
    if path.is_dir():
        raise NotALog(f"{path}: expected a log file, got a directory; name a file in it")
    if not path.exists():
        if readonly:
            raise NotALog(f"{path}: expected a log, got no such file; `refold record` makes one")
        if not path.parent.is_dir():
            raise NotALog(f"{path}: expected an existing folder, got {str(path.parent)!r}")
        return True
    try:
        with path.open("rb") as file:
            beginning = file.read(16)
    except OSError as error:
        raise NotALog(f"{path}: expected a readable log, got {error.strerror}") from None
    if not beginning and not readonly:
        return True
    if beginning != b"SQLite format 3\0":
        raise NotALog(f"{path}: expected a refold log, got another kind of file; check --log")
    return False
