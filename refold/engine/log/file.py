"""
The log as a file: opening and creating it, and turning SQLite's errors into refold's own.

A file may come from a stranger: nothing in it is trusted before application id, version and
schema were checked, and nothing is written to it before that.
"""

import errno
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from refold.engine.errors import DiskFull, LogBusy, LogMoved, NotALog, RefoldError
from refold.engine.log.schema import VERSION, check_identity, check_schema, migrate

BUSY_SECONDS = 10  # a step's transaction takes milliseconds: only bulk writes come near this
LARGEST_VALUE = 64 * 2**20  # bytes; SQLite's own limit would let a forged row take 1 GB of memory
_SECONDS_UNCHECKED = 1.0
_SQLITE_ENDS = ("-wal", "-shm", "-journal")
_ANOTHER_KIND = "expected a refold log, got another kind of file; check --log"


class sqlite_errors:  # noqa: N801 - called like a function
    """Turn SQLite's errors about the file at *path* into refold's own."""

    # No generator, which would cost each query and each step's transaction a microsecond.
    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            self._raise_own(error)

    def _raise_own(self, error: BaseException) -> None:
        """Raise refold's own error instead of *error*, if it is one of SQLite's."""
        if isinstance(error, sqlite3.Error):
            raise _own_error(self._path, error) from error
        if isinstance(error, UnicodeDecodeError):  # damaged text, in a table or SQLite's message
            raise NotALog(f"{self._path}: expected a usable refold log, got {error}") from None
        if isinstance(error, UnicodeEncodeError):  # a lone surrogate: the caller's, not the log's
            raise RefoldError(
                f"{self._path}: expected valid Unicode to store or find, got {error}"
            ) from None


class Transaction(sqlite_errors):
    """
    One transaction on *connection* to the file at *path*: all of it is stored, or nothing.

    Inside of another, it is a part that can fail by itself.
    """

    def __init__(self, path: str, connection: sqlite3.Connection) -> None:
        super().__init__(path)
        self._connection = connection
        self._part = False

    def __enter__(self) -> None:
        # SQLite has no nested transactions; a savepoint lets an inner one fail by itself.
        self._part = self._connection.in_transaction
        # IMMEDIATE waits here until it has the write lock. A deferred transaction takes a snapshot
        # first, and fails without waiting if another process writes before it does.
        self._execute("SAVEPOINT part" if self._part else "BEGIN IMMEDIATE")

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None:
            self._execute("RELEASE part" if self._part else "COMMIT")
            return
        # After an interrupt too: an open transaction would keep the lock. On a full disk, SQLite
        # has ended it by itself.
        if self._connection.in_transaction:
            self._execute("ROLLBACK TO part" if self._part else "ROLLBACK")
        self._raise_own(error)

    def _execute(self, sql: str) -> None:
        try:
            self._connection.execute(sql)
        except Exception as error:
            self._raise_own(error)
            raise


def _own_error(path: str, error: sqlite3.Error) -> RefoldError:
    # The low byte is the primary code; errors of the sqlite3 module itself have no code.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return LogBusy(
            f"{path}: expected the write lock within {BUSY_SECONDS} s, got none; "
            "stop the other writer or use another --log"
        )
    if code == sqlite3.SQLITE_FULL:
        return DiskFull(
            f"{path}: expected room on the disk, got none; nothing of the last write was "
            "stored: free some space and try again"
        )
    return NotALog(f"{path}: expected a usable refold log, got {error}")


def open_log(path: str, *, readonly: bool, durable: bool) -> sqlite3.Connection:
    """
    Return a connection to the log at *path*, checked; created or migrated unless *readonly*.

    Raises:
        NotALog: The file is missing (when *readonly*), unreadable, or no log of refold.
        NewerLog: It was written by a newer release.
    """
    if "\0" in path:
        raise NotALog(f"{path!r}: expected a file name, got one with a NUL in it")
    try:
        _check_path(Path(path), readonly=readonly)
    except OSError as error:
        raise NotALog(f"{path}: expected a readable log, got {error.strerror}") from None
    connection = connect(path, "mode=ro" if readonly else "mode=rwc")
    try:
        _check_is_sqlite(connection, path)
        # Immutable skips all locks and the WAL, so it is used only where nothing can be lost by it.
        if readonly and not _readable_with_locks(connection) and not _has_wal(path):
            connection.close()
            connection = connect(path, "mode=ro&immutable=1")
        # Before migrating, so that a foreign database is left as it is, and once more after it: an
        # older log has an older schema until then.
        if readonly or not _is_empty(connection):
            check_schema(connection, path)
        if not readonly and _migrate(connection, path):
            check_schema(connection, path)
        if not readonly:
            _use_wal(connection)
            # In WAL mode NORMAL cannot corrupt the file: a power cut loses whole last steps.
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            connection.execute("PRAGMA foreign_keys = ON")
            # What a savepoint or a trigger may undo: small, but slow as a file.
            connection.execute("PRAGMA temp_store = MEMORY")
    except BaseException:  # an interrupt too: an open handle would keep the file locked
        connection.close()
        raise
    return connection


class FileIdentity:
    """
    The file that *path* named when a log was opened; it must still be what the path names.

    SQLite goes on writing to a file that was removed, and all of it is lost when it is closed.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._absolute = os.path.abspath(path)  # the process may change its folder
        self._file = self._find()
        self._next = 0.0

    def _find(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._absolute)
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def check_now_and_then(self) -> None:
        """Check it if the last time is a second ago or more, which costs next to nothing."""
        if time.monotonic() >= self._next:
            self.check()

    def check(self) -> None:
        """Raise ``LogMoved`` if the path names another file by now, or none."""
        found = self._find()
        if found != self._file:
            got = "no file" if found is None else "another file"
            raise LogMoved(
                f"{self._path}: expected the log that was opened, got {got} there; it was removed "
                "or replaced meanwhile, and what was recorded since is not in it: record it again"
            )
        self._next = time.monotonic() + _SECONDS_UNCHECKED


def _migrate(connection: sqlite3.Connection, path: str) -> bool:
    """Bring an empty or older log to the schema of this release; return whether it was either."""
    # With the write lock held, and looked at again: another process may be creating the same log.
    connection.execute("BEGIN IMMEDIATE")
    older = _is_empty(connection) or check_identity(connection, path) < VERSION
    if older:
        migrate(connection)
    connection.execute("COMMIT")
    return older


def connect(path: str, parameters: str, *, seconds: int = BUSY_SECONDS) -> sqlite3.Connection:
    """Return a connection to the file at *path* that waits up to so many *seconds* for locks."""
    uri = f"{Path(path).absolute().as_uri()}?{parameters}"
    # isolation_level=None: the module's implicit transactions begin deferred, and DDL escapes them.
    connection = sqlite3.connect(uri, uri=True, timeout=seconds, isolation_level=None)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)
    # A stranger's views and triggers may call functions; off, only those without side effects run.
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


@contextmanager
def without_waiting(connection: sqlite3.Connection) -> Iterator[None]:
    """Let statements on *connection* wait for no other connection while the context is open."""
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")


def _readable_with_locks(connection: sqlite3.Connection) -> bool:
    """
    Return whether the database can be read with locks, as it must be if others may write it.

    Where neither file nor folder is writable, SQLite cannot create the shared files that readers
    of a WAL database need; but then no other process can write either, and no lock is needed.
    """
    try:
        connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.DatabaseError as error:
        code = error.sqlite_errorcode & 0xFF
        return code not in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
    return True


def _has_wal(path: str) -> bool:
    """Return whether part of the log is still in the write-ahead log, as after a crash."""
    wal = Path(f"{path}-wal")
    return wal.exists() and wal.stat().st_size > 0


def _is_empty(connection: sqlite3.Connection) -> bool:
    """Return whether the database is empty: just created, or left so by a crash."""
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    return not tables and not application


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL mode, waiting for other processes that do so at the same time."""
    # The pragma fails at once where BEGIN IMMEDIATE waits for the lock, so that does the waiting.
    for _ in range(100):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        else:
            return


def _check_is_sqlite(connection: sqlite3.Connection, path: str) -> None:
    """Raise NotALog if SQLite finds that the file is no SQLite database."""
    # Reading the first bytes ourselves would be simpler, but POSIX locks belong to the process:
    # closing any handle on the file drops the locks of all its connections, and then another
    # process could delete the WAL under them. So only SQLite ever opens the file.
    try:
        connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_NOTADB:
            raise NotALog(f"{path}: {_ANOTHER_KIND}") from None


def _check_path(path: Path, *, readonly: bool) -> None:
    """Raise NotALog, or OSError, if there cannot be a log at *path*."""
    # SQLite says "unable to open database file" for most of these.
    if path.is_dir():
        raise NotALog(f"{path}: expected a log file, got a directory; name a file in it")
    if not path.exists():
        if readonly:
            raise NotALog(f"{path}: expected a log, got no such file; `refold record` makes one")
        if path.name.endswith(_SQLITE_ENDS):
            raise NotALog(
                f"{path}: expected a name that does not end as SQLite's own files do "
                f"({', '.join(_SQLITE_ENDS)}); name the log otherwise"
            )
        if not path.parent.is_dir():
            raise NotALog(f"{path}: expected an existing folder, got {str(path.parent)!r}")
    elif not os.access(path, os.R_OK):
        raise NotALog(f"{path}: expected a readable log, got {os.strerror(errno.EACCES)}")
    elif readonly and not path.stat().st_size:
        raise NotALog(f"{path}: {_ANOTHER_KIND}")
