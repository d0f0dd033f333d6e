"""
The tables of an index, and the check that a file has just these.

``source`` (which log it is of), ``rows`` (an episode each), ``errors`` (what was refused, and why
requests failed), ``unread`` (episodes that could not be read and are tried again), ``outcomes``
(grades from the events) and ``settings`` (what these are in), ``summaries`` (of whole runs),
``verdicts``, and ``texts``, the words of all messages, with ``searchable``, whose words these are.
"""

import sqlite3
from functools import cache

APPLICATION_ID = int.from_bytes(b"rfix", "big")
VERSION = 3
"""Goes up whenever an index would hold something else; one of another version is made anew."""

# A scan of 100,000 rows takes 10 ms: further indexes would only slow the writing. Only to group
# them by run takes ten times as long without one.
# texts is contentless: the log has the words. Its row numbers are those of rows.
_TABLES = """
CREATE TABLE source (
    stamp TEXT NOT NULL, last_grade INTEGER NOT NULL, grades INTEGER NOT NULL
) STRICT;
CREATE TABLE rows (
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL,
    scenario TEXT NOT NULL,
    seed INTEGER NOT NULL,
    agent TEXT NOT NULL,
    run TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    release TEXT NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    parent TEXT,
    fork_at INTEGER,
    steps INTEGER NOT NULL,
    total REAL NOT NULL,
    ended TEXT,
    reason TEXT,
    events INTEGER NOT NULL,
    digest TEXT NOT NULL,
    input INTEGER,
    output INTEGER,
    cost REAL,
    score REAL,
    scores BLOB
) STRICT;
CREATE INDEX unended ON rows (id) WHERE ended IS NULL;
CREATE INDEX runs_of ON rows (run, parent, id, ended);
CREATE TABLE errors (
    error TEXT NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (error, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE unread (
    id INTEGER PRIMARY KEY, uid TEXT NOT NULL, scenario TEXT, agent TEXT, run TEXT, parent TEXT
) STRICT;
CREATE TABLE settings (setting INTEGER PRIMARY KEY, body BLOB NOT NULL UNIQUE) STRICT;
CREATE TABLE outcomes (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL,
    setting INTEGER NOT NULL,
    recorded_score REAL NOT NULL,
    excluded TEXT,
    counts BLOB NOT NULL,
    figures BLOB NOT NULL
) STRICT;
CREATE TABLE summaries (
    run TEXT NOT NULL,
    pass_at REAL NOT NULL,
    state TEXT NOT NULL,
    summary BLOB NOT NULL,
    PRIMARY KEY (run, pass_at)
) STRICT, WITHOUT ROWID;
CREATE TABLE verdicts (
    id INTEGER PRIMARY KEY, digest TEXT NOT NULL, version INTEGER NOT NULL, verdict TEXT NOT NULL
) STRICT;
CREATE TABLE searchable (id INTEGER PRIMARY KEY) STRICT;
CREATE VIRTUAL TABLE texts USING fts5(
    words, content = '', columnsize = 0, tokenize = 'unicode61 remove_diacritics 2'
);
"""


def create_tables(connection: sqlite3.Connection) -> None:
    """Make the tables in an empty database, in the caller's transaction."""
    for statement in _TABLES.split(";\n"):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def has_tables(connection: sqlite3.Connection) -> bool:
    """Return whether a database has these tables, and nothing else."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return version == VERSION and _objects(connection) == _expected()


@cache
def _expected() -> frozenset[tuple[str, ...]]:
    # As SQLite stores it, with the tables that a full-text index is made of.
    connection = sqlite3.connect(":memory:", isolation_level=None)
    create_tables(connection)
    objects = _objects(connection)
    connection.close()
    return objects


def _objects(connection: sqlite3.Connection) -> frozenset[tuple[str, ...]]:
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")
    return frozenset(rows.fetchall())
