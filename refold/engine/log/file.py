"""
The log as a file: opening it, making it, and turning what SQLite says of it into our errors.

A file may come from a stranger: nothing is believed of it before application id, version and
schema were checked, and nothing is written to it before that.
"""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from refold.engine.errors import LogBusy, NotALog, RefoldError
from refold.engine.log.schema import VERSION, check_identity, check_schema, migrate

BUSY_SECONDS = 10
LARGEST_VALUE = 64 * 2**20
_ANOTHER_KIND = "expected a refold log, got another kind of file; check --log"


@contextmanager
def sqlite_errors(path: str) -> Iterator[None]:
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
    except UnicodeDecodeError as error:  # of text, a table's or an error's, that is damaged
        raise NotALog(f"{path}: expected a usable refold log, got {error}") from None
    except UnicodeEncodeError as error:
        raise RefoldError(f"{path}: expected valid Unicode to store or find, got {error}") from None


def open_log(path: str, *, readonly: bool, durable: bool) -> sqlite3.Connection:
    """
    Return a connection to the log at *path*, checked, and made or migrated if it may be written.

    Raises:
        NotALog: The file is missing (when *readonly*), unreadable, or no log of refold.
        NewerLog: It was written by a newer release.
    """
    if "\0" in path:
        raise NotALog(f"{path!r}: expected a file name, got one with a NUL in it")
    try:
        _check_file(Path(path), readonly=readonly)
    except OSError as error:
        raise NotALog(f"{path}: expected a readable log, got {error.strerror}") from None
    connection = _connect(path, "mode=ro" if readonly else "mode=rwc")
    try:
        _check_kind(connection, path)
        if readonly and not _readable(connection) and not _has_wal(path):
            connection.close()
            connection = _connect(path, "mode=ro&immutable=1")
        if readonly or not _empty(connection):
            check_identity(connection, path)
        if not readonly:
            _migrate(connection, path)
        check_schema(connection, path)
        if not readonly:
            _use_wal(connection)
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, path: str) -> None:
    connection.execute("BEGIN IMMEDIATE")
    if _empty(connection) or check_identity(connection, path) < VERSION:
        migrate(connection)
    connection.execute("COMMIT")


def _connect(path: str, parameters: str) -> sqlite3.Connection:
    uri = f"{Path(path).absolute().as_uri()}?{parameters}"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _readable(connection: sqlite3.Connection) -> bool:
    """
    Return whether the database can be read with locks, as others may be writing it.

    Where neither file nor folder can be written to, SQLite cannot make the files that readers
    of a WAL database share; then nobody else can write either, and it needs no locks.
    """
    try:
        connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.DatabaseError as error:
        code = error.sqlite_errorcode & 0xFF
        return code not in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
    return True


def _has_wal(path: str) -> bool:
    """Return whether some of the log is still in the file beside it, after a crash."""
    wal = Path(f"{path}-wal")
    return wal.exists() and wal.stat().st_size > 0


def _empty(connection: sqlite3.Connection) -> bool:
    """Return whether nothing has been made of the file yet: new, or left so by a crash."""
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    return not tables and not application


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL; wait for those who are about to do the same, which the pragma does not."""
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


def _check_kind(connection: sqlite3.Connection, path: str) -> None:
    """
    Raise NotALog if the file is none of SQLite's, as SQLite itself finds.

    Only SQLite may open the file. When a process closes a file, whichever way it was opened, the
    system drops all its locks on it, those of other connections too; then another process could
    delete the WAL under them.
    """
    try:
        connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_NOTADB:
            raise NotALog(f"{path}: {_ANOTHER_KIND}") from None


def _check_file(path: Path, *, readonly: bool) -> None:
    """Raise NotALog, or OSError, if *path* cannot be a log."""
    if path.is_dir():
        raise NotALog(f"{path}: expected a log file, got a directory; name a file in it")
    if not path.exists():
        if readonly:
            raise NotALog(f"{path}: expected a log, got no such file; `refold record` makes one")
        if not path.parent.is_dir():
            raise NotALog(f"{path}: expected an existing folder, got {str(path.parent)!r}")
    elif not os.access(path, os.R_OK):
        raise NotALog(f"{path}: expected a readable log, got {os.strerror(errno.EACCES)}")
    elif readonly and not path.stat().st_size:
        raise NotALog(f"{path}: {_ANOTHER_KIND}")
