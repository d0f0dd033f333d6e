"""
The tables of a log, and the check that a file really has them.

Seven tables: ``episodes`` (who, when, which scenario), ``events`` (the append-only streams),
``grades`` (derived: may be dropped and rebuilt), ``origins`` (where imported episodes came from),
``questions`` and ``judgements`` (what judges answered), ``remarks`` (what people say). Triggers
make all but the grades and origins append-only even in a plain ``sqlite3`` shell. Views are for
people who query the file; refold itself never reads them. The schema uses no JSON function
outside views, because SQLite refuses those in a table's own definition once a file is opened with
``trusted_schema=OFF``.

Migrations are ordered and named; ``user_version`` counts them. An old one is never edited.
"""

import shlex
import sqlite3
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from refold.engine.errors import NewerLog, NotALog
from refold.engine.log.views import QUERY_VIEWS

if TYPE_CHECKING:
    from sqlite_utils import Database, Migrations

_SET = "refold"  # of migrations, in sqlite-utils' own table of them
APPLICATION_ID = int.from_bytes(b"rfld", "big")

# episodes_fresh: INSERT OR REPLACE deletes the old row without firing a DELETE trigger, so a new
# row must not meet an old one at all. CHECK (id > 0): rows can be paged by id, starting from 0.
_EPISODES = """
CREATE TABLE episodes (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    uid TEXT NOT NULL UNIQUE CHECK (length(uid) BETWEEN 1 AND 64),
    scenario TEXT NOT NULL,
    seed INTEGER NOT NULL CHECK (seed >= 0),
    agent TEXT NOT NULL,
    run TEXT NOT NULL,
    epoch INTEGER NOT NULL CHECK (epoch >= 0),
    release TEXT NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    parent TEXT,
    fork_at INTEGER CHECK (fork_at >= 0)
) STRICT;

CREATE INDEX episodes_parent ON episodes (parent) WHERE parent IS NOT NULL;

CREATE TRIGGER episodes_fresh BEFORE INSERT ON episodes
WHEN EXISTS (SELECT 1 FROM episodes WHERE id = NEW.id OR uid = NEW.uid)
BEGIN SELECT RAISE(ABORT, 'refold: episode exists'); END;

CREATE TRIGGER episodes_keep BEFORE DELETE ON episodes
BEGIN SELECT RAISE(ABORT, 'refold: episodes cannot be deleted'); END;

CREATE TRIGGER episodes_end_once BEFORE UPDATE ON episodes
WHEN OLD.ended_at IS NOT NULL
    OR (NEW.id, NEW.uid, NEW.scenario, NEW.seed, NEW.agent, NEW.run, NEW.epoch, NEW.release,
        NEW.started_at, NEW.parent, NEW.fork_at)
    IS NOT (OLD.id, OLD.uid, OLD.scenario, OLD.seed, OLD.agent, OLD.run, OLD.epoch, OLD.release,
        OLD.started_at, OLD.parent, OLD.fork_at)
BEGIN SELECT RAISE(ABORT, 'refold: episodes are immutable, but for ended_at, once'); END;
"""

# A rowid table, since WITHOUT ROWID takes 4.5 times the disk once payloads reach 1 KB. The payload
# is TEXT that begins with its tag, so that queries find a kind of event by GLOB, without JSON
# functions and without a generated column, which would slow appends by a tenth.
#
# events_next is the optimistic lock: with seqs dense, a writer that has not seen the last event
# is refused, never leaves a gap. It also demands a fresh rowid, against INSERT OR REPLACE.
_EVENTS = """
CREATE TABLE events (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    episode INTEGER NOT NULL REFERENCES episodes (id),
    seq INTEGER NOT NULL CHECK (seq >= 0),
    payload TEXT NOT NULL CHECK (payload GLOB '{"type":"*"*}'),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    UNIQUE (episode, seq)
) STRICT;

CREATE TRIGGER events_next BEFORE INSERT ON events
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq) + 1, 0) FROM events WHERE episode = NEW.episode)
    OR EXISTS (SELECT 1 FROM events WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'refold: not the next event of its episode'); END;

CREATE TRIGGER events_keep BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'refold: events cannot be deleted'); END;

CREATE TRIGGER events_immutable BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'refold: events are immutable'); END;
"""

# No triggers: grades are derived from the events, so they may be replaced, dropped and saved again.
_GRADES = """
CREATE TABLE grades (
    episode INTEGER NOT NULL REFERENCES episodes (id),
    digest TEXT NOT NULL CHECK (length(digest) = 64),
    rubric TEXT NOT NULL,
    version INTEGER NOT NULL,
    rubric_digest TEXT NOT NULL CHECK (length(rubric_digest) = 64),
    score REAL NOT NULL,
    grade TEXT NOT NULL,
    PRIMARY KEY (episode, rubric_digest)
) STRICT;
"""

_VIEWS = """
CREATE VIEW event_list AS
SELECT e.uid AS episode, v.seq,
    substr(v.payload, 10, instr(substr(v.payload, 10), '"') - 1) AS kind, v.payload
FROM events AS v JOIN episodes AS e ON e.id = v.episode;

CREATE VIEW step_list AS
SELECT e.uid AS episode, v.payload ->> 'step' AS step, v.payload ->> 'reward' AS reward,
    v.payload ->> 'total' AS total, v.payload -> 'parts' AS parts,
    (SELECT a.payload -> 'action' FROM events AS a
        WHERE a.episode = v.episode AND a.seq < v.seq AND a.payload GLOB '{"type":"action_taken",*'
        ORDER BY a.seq DESC LIMIT 1) AS action,
    v.seq AS last_seq
FROM events AS v JOIN episodes AS e ON e.id = v.episode
WHERE v.payload GLOB '{"type":"step_rewarded",*';

CREATE VIEW reward_list AS
SELECT e.uid AS episode, v.payload ->> 'step' AS step, p.key AS part, p.value AS value
FROM events AS v JOIN episodes AS e ON e.id = v.episode, json_each(v.payload, '$.parts') AS p
WHERE v.payload GLOB '{"type":"step_rewarded",*';

CREATE VIEW grade_list AS
SELECT e.uid AS episode, e.scenario, e.seed, e.agent, g.rubric, g.version, g.score,
    g.grade -> 'breakdown' AS breakdown
FROM grades AS g JOIN episodes AS e ON e.id = g.episode;
"""

# Beside the hash chain: the same run, imported from two files, is the same episode.
_ORIGINS = """
CREATE TABLE origins (
    episode INTEGER PRIMARY KEY REFERENCES episodes (id),
    file TEXT NOT NULL,
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    format TEXT NOT NULL,
    version TEXT NOT NULL,
    place TEXT NOT NULL
) STRICT;
"""

# Append-only like events, and for the same reasons guarded against INSERT OR REPLACE. The key of
# an answer names no episode: equal evidence makes an equal question.
_JUDGEMENTS = """
CREATE TABLE questions (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    digest TEXT NOT NULL UNIQUE CHECK (length(digest) = 64),
    body BLOB NOT NULL
) STRICT;

CREATE TRIGGER questions_fresh BEFORE INSERT ON questions
WHEN EXISTS (SELECT 1 FROM questions WHERE id = NEW.id OR digest = NEW.digest)
BEGIN SELECT RAISE(ABORT, 'refold: question exists'); END;

CREATE TRIGGER questions_keep BEFORE DELETE ON questions
BEGIN SELECT RAISE(ABORT, 'refold: questions cannot be deleted'); END;

CREATE TRIGGER questions_immutable BEFORE UPDATE ON questions
BEGIN SELECT RAISE(ABORT, 'refold: questions are immutable'); END;

CREATE TABLE judgements (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    question TEXT NOT NULL REFERENCES questions (digest),
    judge TEXT NOT NULL CHECK (length(judge) = 64),
    attempt INTEGER NOT NULL CHECK (attempt >= 0),
    payload TEXT NOT NULL CHECK (payload GLOB '{"type":"*"*}'),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    asked_at TEXT NOT NULL,
    first_asked_of TEXT NOT NULL,
    UNIQUE (question, judge, attempt)
) STRICT;

CREATE TRIGGER judgements_fresh BEFORE INSERT ON judgements
WHEN EXISTS (SELECT 1 FROM judgements WHERE id = NEW.id
    OR (question, judge, attempt) = (NEW.question, NEW.judge, NEW.attempt))
BEGIN SELECT RAISE(ABORT, 'refold: judgement exists'); END;

CREATE TRIGGER judgements_keep BEFORE DELETE ON judgements
BEGIN SELECT RAISE(ABORT, 'refold: judgements cannot be deleted'); END;

CREATE TRIGGER judgements_immutable BEFORE UPDATE ON judgements
BEGIN SELECT RAISE(ABORT, 'refold: judgements are immutable'); END;
"""

# Who says what of which state of an episode. Append-only: what counts is the newest.
_REMARKS = """
CREATE TABLE remarks (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    episode INTEGER NOT NULL REFERENCES episodes (id),
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    step INTEGER CHECK (step >= 0),
    kind TEXT NOT NULL CHECK (kind IN ('label', 'tag', 'note')),
    name TEXT NOT NULL CHECK (length(name) <= 64),
    value TEXT CHECK (length(value) BETWEEN 1 AND 64),
    choices TEXT NOT NULL CHECK (length(choices) <= 600),
    note TEXT NOT NULL CHECK (length(note) <= 5000),
    author TEXT NOT NULL CHECK (length(author) BETWEEN 1 AND 100),
    drawn TEXT NOT NULL CHECK (length(drawn) <= 300),
    at TEXT NOT NULL CHECK (length(at) BETWEEN 1 AND 40),
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32)
) STRICT;

CREATE INDEX remarks_episode ON remarks (episode);

CREATE TRIGGER remarks_fresh BEFORE INSERT ON remarks
WHEN EXISTS (SELECT 1 FROM remarks WHERE id = NEW.id OR hash = NEW.hash)
BEGIN SELECT RAISE(ABORT, 'refold: remark exists'); END;

CREATE TRIGGER remarks_keep BEFORE DELETE ON remarks
BEGIN SELECT RAISE(ABORT, 'refold: remarks cannot be deleted'); END;

CREATE TRIGGER remarks_immutable BEFORE UPDATE ON remarks
BEGIN SELECT RAISE(ABORT, 'refold: remarks are immutable'); END;

CREATE VIEW label_list AS
SELECT e.uid AS episode, r.step, r.kind, r.name, r.value AS label, r.note, r.author, r.drawn,
    r.at AS labelled_at,
    (SELECT max(v.seq) FROM events AS v WHERE v.episode = r.episode)
        - (SELECT v.seq FROM events AS v WHERE v.episode = r.episode AND v.hash = r.digest)
        AS later_events
FROM remarks AS r JOIN episodes AS e ON e.id = r.episode
WHERE r.value IS NOT NULL AND NOT EXISTS (SELECT 1 FROM remarks AS n
    WHERE n.episode = r.episode AND n.step IS r.step AND n.kind = r.kind AND n.name = r.name
        AND n.author = r.author AND (n.at, n.id) > (r.at, r.id));
"""

MIGRATIONS = (
    ("m1_first_log", _EPISODES + _EVENTS + _GRADES + _VIEWS),
    ("m2_origins", _ORIGINS),
    ("m3_query_views", QUERY_VIEWS),
    ("m4_judgements", _JUDGEMENTS),
    ("m5_remarks", _REMARKS),
)
"""Name and SQL of every migration, oldest first; never edited, never reordered."""

VERSION = len(MIGRATIONS)


def _migrations() -> "Migrations":
    from sqlite_utils import Migrations  # noqa: PLC0415 - slow, and seldom needed

    migrations = Migrations(_SET)
    for version, (name, script) in enumerate(MIGRATIONS, 1):
        migrations(name=name)(_migration(version, script))
    return migrations


def _migration(version: int, script: str) -> Callable[["Database"], None]:
    def apply(db: "Database") -> None:
        statement = ""
        for line in script.splitlines():  # one by one: executescript would commit first
            statement += line + "\n"
            if sqlite3.complete_statement(statement):
                db.execute(statement)
                statement = ""
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {version}")

    return apply


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a log, new or old, to the schema of this release; in the caller's transaction."""
    from sqlite_utils import Database  # noqa: PLC0415 - slow, and seldom needed

    # Plugins that happen to be installed could register functions on the connection.
    _migrations().apply(Database(connection, execute_plugins=False))


def check_identity(connection: sqlite3.Connection, path: str) -> int:
    """
    Return the ``user_version`` of a file, checked to be a log by its application id.

    Raises:
        NotALog: It has another application id, or a version that never existed.
        NewerLog: Its version is above this release's.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        if not application and (restored := _restored_version(connection)):
            raise NotALog(
                f"{path}: expected the application id of a refold log, got none, as after "
                ".dump and restore; to repair it: "
                f"sqlite3 {shlex.quote(path)} 'PRAGMA application_id = {APPLICATION_ID}; "
                f"PRAGMA user_version = {restored}'"
            )
        raise NotALog(f"{path}: expected a refold log, got another SQLite database; check --log")
    if version > VERSION:
        raise NewerLog(
            f"{path}: expected log version {VERSION} or older, got {version}; update refold"
        )
    if version < 1:
        raise NotALog(f"{path}: expected log version 1 to {VERSION}, got {version}")
    return int(version)


def _restored_version(connection: sqlite3.Connection) -> int | None:
    """Return the version whose schema the file has exactly, or None; its own is not asked."""
    for version in range(VERSION, 0, -1):
        if _wrong_object(connection, version) is None:
            return version
    return None


def check_migrations(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield each problem with the record of migrations in a file whose schema was checked."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    # Not by sqlite-utils, whose query is answered by an index: what is damaged is the table.
    rows = connection.execute(
        "SELECT name FROM _sqlite_migrations NOT INDEXED WHERE migration_set = ? ORDER BY rowid",
        (_SET,),
    )
    found = [name for (name,) in rows]
    expected = [name for name, _ in MIGRATIONS[:version]]
    if found != expected:
        yield f"migrations: expected {expected}, got {found}"


def check_schema(connection: sqlite3.Connection, path: str) -> None:
    """
    Check that tables, triggers and views are exactly those of the log's version.

    Tables and views that are not refold's are left alone, since refold never touches them, and
    so are indexes that only make queries faster; a trigger that is not refold's on one of its
    own tables is refused, and so is a unique index, which could refuse an event.

    Raises:
        NotALog: A part of the schema is missing, changed or added, or the file is no log.
        NewerLog: Its version is above this release's.
    """
    wrong = _wrong_object(connection, check_identity(connection, path))
    if wrong is not None:
        kind, name = wrong
        raise NotALog(
            f"{path}: expected the schema of a refold log, got another {kind} {name!r}; "
            "do not trust this file"
        )


def _wrong_object(connection: sqlite3.Connection, version: int) -> tuple[str, str] | None:
    """Return kind and name of the first object that the schema of *version* has otherwise."""
    ours = _expected_objects(version)
    tables = {table for (_kind, _name, table) in ours}
    found = {
        (kind, name, table): sql
        for kind, name, table, sql in connection.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_master"
        )
        if table in tables
    }
    # Tables first: a missing table is the cause of whatever else is missing with it.
    for key in sorted(ours.keys() | found.keys(), key=lambda key: (key[0] != "table", key)):
        if ours.get(key, "") != found.get(key, ""):  # an automatic index has None
            kind, name, _table = key
            # As SQLite stores it, whatever the case and spaces of the statement that made it.
            if key in ours or not (found[key] or "").startswith("CREATE INDEX "):
                return kind, name
    return None


@cache
def _expected_objects(version: int) -> dict[tuple[str, str, str], str | None]:
    """Return the SQL of each object of a log's schema at *version*, by type, name and table."""
    # SQLite's own record of the schema, so that the comparison is of equal texts.
    connection = sqlite3.connect(":memory:")
    for _name, script in MIGRATIONS[:version]:
        connection.executescript(script)
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    connection.close()
    return {(kind, name, table): sql for kind, name, table, sql in rows}
