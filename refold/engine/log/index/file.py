"""
The file of an index: opened, made anew where it does not fit, or kept in a temporary file.

Whatever lies at its path is no reason to fail: a damaged index, or one of another release, is made
anew; a file that is none is left alone, and the index of that moment is temporary. So it is where
nothing can be written.
"""

import os
import sqlite3
import stat
from contextlib import suppress

from refold.engine.errors import RefoldError
from refold.engine.log.file import connect
from refold.engine.log.index.schema import APPLICATION_ID, create_tables, has_tables

_BUSY_SECONDS = 5  # other processes write for a fraction of a second at a time
_ENDS = ("", "-journal")
_HEADER = 100  # bytes of an SQLite file's header, and what stands where in it
_MAGIC = b"SQLite format 3\0"
_APPLICATION_ID = slice(68, 72)
_OURS = APPLICATION_ID.to_bytes(4, "big")
_ANOTHER_KIND = "expected an index of a log, got another kind of file"


DAMAGED_CODES = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
"""SQLite's codes for a file that holds what it should not."""


class IndexUnusable(RefoldError):
    """
    The file of an index cannot be used: it is locked, in the way, or cannot be written.

    Attributes:
        path: The file; None for a temporary index.
    """

    def __init__(self, path: str | None, problem: str) -> None:
        self.path = path
        super().__init__(f"{path or 'temporary index'}: {problem}")


class IndexDamaged(IndexUnusable):
    """The file is an index, but not one that can be used; made anew, it could be."""


def index_path(log_path: str) -> str:
    """Return the path of the index of the log at *log_path*."""
    return f"{log_path}.index"


def file_number(path: str | None) -> int:
    """Return the number that the file system gave to the file at *path*; 0 without one."""
    try:
        return 0 if path is None else os.stat(path).st_ino
    except OSError:
        return 0


def open_index(path: str | None) -> sqlite3.Connection:
    """
    Return a connection to the index at *path*, created if missing; None means a temporary one.

    Raises:
        IndexUnusable: It cannot be opened, or something else lies there.
        IndexDamaged: It is damaged, or of another release.
    """
    if path is None:
        connection = sqlite3.connect("", isolation_level=None)
        create_tables(connection)
        return connection
    if not _may_be_index(path):
        raise IndexUnusable(path, f"{_ANOTHER_KIND}")
    try:
        connection = connect(path, "mode=rwc", seconds=_BUSY_SECONDS)
    except sqlite3.Error as error:
        raise IndexUnusable(path, f"expected a usable index, got {error}") from None
    try:
        _prepare(connection, path)
    except sqlite3.Error as error:
        connection.close()
        kind = IndexDamaged if _is_index(path) else IndexUnusable
        raise kind(path, f"expected a usable index, got {error}") from None
    except BaseException:
        connection.close()
        raise
    return connection


def remove_index(path: str) -> None:
    """
    Delete the index at *path*, if it is one.

    Raises:
        IndexUnusable: There is another kind of file, or it cannot be deleted.
    """
    if not os.path.lexists(path):
        return
    if not _is_index(path):
        raise IndexUnusable(path, f"{_ANOTHER_KIND}; move it away")
    try:
        for end in _ENDS:
            with suppress(FileNotFoundError):
                os.remove(path + end)
    except OSError as error:
        raise IndexUnusable(path, f"expected to delete it, got {error.strerror}") from None


def _may_be_index(path: str) -> bool:
    """Return whether there is a plain file at *path*, or none yet."""
    try:
        # A link could lead to a file that is not ours to create or to write.
        return stat.S_ISREG(os.lstat(path).st_mode)
    except FileNotFoundError:
        return True
    except OSError:
        return False


def _is_index(path: str) -> bool:
    """Return whether the file at *path* says that it is an index, of whatever version."""
    if not _may_be_index(path):
        return False
    # Not by SQLite, which refuses to open what is damaged. That closing the file drops this
    # process's locks on it is no loss: it is about to be deleted.
    try:
        with open(path, "rb") as file:
            header = file.read(_HEADER)
    except OSError:
        return False
    return header.startswith(_MAGIC) and header[_APPLICATION_ID] == _OURS


def _application_id(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA application_id").fetchone()[0])


def _prepare(connection: sqlite3.Connection, path: str) -> None:
    # All of it can be made again: a power cut may damage it, and need not be waited for.
    connection.execute("PRAGMA synchronous = OFF")
    if _is_empty(connection):
        connection.execute("BEGIN IMMEDIATE")
        if _is_empty(connection):  # another process may have created it meanwhile
            create_tables(connection)
        connection.execute("COMMIT")
    if _application_id(connection) != APPLICATION_ID:
        raise IndexUnusable(path, f"{_ANOTHER_KIND}")
    if not has_tables(connection):
        raise IndexDamaged(path, "expected an index of this release, got another")


def _is_empty(connection: sqlite3.Connection) -> bool:
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return not tables and not _application_id(connection)
