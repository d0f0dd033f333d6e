"""
A log as a sqlite-utils ``Database``: all of its tables and views, to be read only.

It has a connection of its own, so what is asked of it disturbs no writer.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlite_utils import Database

from refold.engine.log.file import open_log, sqlite_errors
from refold.engine.log.schema import VERSION, check_identity, migrate
from refold.engine.log.views import COLUMN_KINDS, Kind

Columns = Mapping[str, tuple[Kind, Sequence[Any]]]
"""Kind and values of each column."""


def open_database(path: str) -> Database:
    """
    Return the log at *path*, checked, as a database that refuses to be written to.

    A log of an older version lacks some of the views: then it is a copy as of now, brought up to
    date.

    Raises:
        NotALog: The file is missing, unreadable, or no log of refold.
        NewerLog: It was written by a newer release.
    """
    with sqlite_errors(path):
        connection = open_log(path, readonly=True, durable=False)
        try:
            if check_identity(connection, path) < VERSION:
                connection = _up_to_date_copy(connection)
            connection.execute("PRAGMA query_only = ON")
            # Else SQLite 3.40 refuses JSON operators even in views. These were checked to be
            # refold's own; those of others run only if asked for, and nothing can be written.
            connection.execute("PRAGMA trusted_schema = ON")
        except BaseException:
            connection.close()
            raise
    # Plugins that happen to be installed could register functions on the connection.
    return Database(connection, execute_plugins=False)


def _up_to_date_copy(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Return a migrated copy of what *connection* reads, which is closed."""
    # The empty name: a file that nobody else sees, and that goes when it is closed.
    copy = sqlite3.connect("", isolation_level=None)
    connection.backup(copy)
    connection.close()
    copy.execute("BEGIN")
    migrate(copy)
    copy.execute("COMMIT")
    return copy


def read_columns(database: Database, query: str, parameters: Sequence[Any] = ()) -> Columns:
    """
    Return the columns of *query* on the views, by name.

    Times are ``datetime`` in UTC; a text that tells none is None, since nothing prevents one.
    """
    found = database.execute(query, list(parameters))
    names = [each[0] for each in found.description]
    values = list(zip(*found.fetchall(), strict=True)) or [()] * len(names)
    return {name: _column(name, each) for name, each in zip(names, values, strict=True)}


def _column(name: str, values: Sequence[Any]) -> tuple[Kind, Sequence[Any]]:
    kind = COLUMN_KINDS.get(name, "text")
    return kind, list(map(_time, values)) if kind == "time" else values


def _time(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if text else None
    except (ValueError, OverflowError):
        return None
