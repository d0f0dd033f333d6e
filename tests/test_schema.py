import json
import shlex
import shutil
import sqlite3
from contextlib import closing

import pytest

from refold.engine import ActionTaken, EventLog, NotALog, StepRewarded
from refold.engine.codec import encode
from refold.engine.log.schema import APPLICATION_ID, VERSION

COPY = "INSERT {verb} INTO events (id, episode, seq, payload, hash) "
EVENT_ATTACKS = {
    "update": "UPDATE {verb} events SET payload = payload",
    "update-seq": "UPDATE {verb} events SET seq = 0 WHERE seq = 1",
    "delete": "DELETE FROM events",
    "delete-one": "DELETE FROM events WHERE seq = 3",
    "replace-id": COPY + "SELECT 1, {next} FROM events WHERE id = 1",
    "replace-seq": COPY + "SELECT NULL, episode, 0, payload, hash FROM events WHERE id = 1",
    "gap": COPY + "SELECT NULL, episode, 1000, payload, hash FROM events WHERE id = 1",
    "before-0": COPY + "SELECT NULL, episode, -1, payload, hash FROM events WHERE id = 1",
    "no-seq": COPY + "SELECT NULL, episode, NULL, payload, hash FROM events WHERE id = 1",
    "upsert-seq": COPY + "SELECT NULL, episode, 0, payload, hash FROM events WHERE id = 1"
    " ON CONFLICT (episode, seq) DO UPDATE SET payload = excluded.payload",
    "upsert-id": COPY + "SELECT 1, {next} FROM events WHERE id = 1"
    " ON CONFLICT (id) DO UPDATE SET payload = excluded.payload",
}
NEXT = "episode, (SELECT max(seq) + 1 FROM events WHERE episode = 1), payload, hash"
EPISODE = (
    "INSERT {verb} INTO episodes (id, uid, scenario, seed, agent, run, epoch, release, started_at)"
    " SELECT {key}, scenario, seed, agent, run, epoch, release, started_at"
    " FROM episodes WHERE id = 1"
)
EPISODE_ATTACKS = {
    "delete": "DELETE FROM episodes",
    "replace-id": EPISODE.replace("{key}", "1, 'fresh'"),
    "replace-uid": EPISODE.replace("{key}", "NULL, uid"),
    "upsert": f"{EPISODE} ON CONFLICT (uid) DO UPDATE SET agent = 'x'".replace(
        "{key}", "NULL, uid"
    ),
    "end-again": "UPDATE episodes SET ended_at = 'later' WHERE id = 1",
    "end-undone": "UPDATE episodes SET ended_at = NULL WHERE id = 1",
    **{
        f"update-{column}": f"UPDATE episodes SET ended_at = 'now', {column} = {value} WHERE id = 2"
        for column, value in {
            "id": "99",
            "uid": "'x'",
            "scenario": "'x'",
            "seed": "seed + 1",
            "agent": "'x'",
            "run": "'x'",
            "epoch": "epoch + 1",
            "release": "'x'",
            "started_at": "'x'",
        }.items()
    },
}
VERBS = ("", "OR REPLACE", "OR IGNORE", "OR FAIL", "OR ROLLBACK")


def in_every_way(attacks):
    """Return each attack once for every way to resolve a conflict that its SQL has room for."""
    return [
        pytest.param(sql.format(verb=verb, next=NEXT), id=f"{name} {verb}".rstrip())
        for name, sql in attacks.items()
        for verb in (VERBS if "{verb}" in sql else ("",))
    ]


@pytest.fixture(scope="module")
def played(tmp_path_factory, random_episode):
    """Return the path of a log with an episode that is over (row 1) and one that goes on (2)."""
    with EventLog(tmp_path_factory.mktemp("played") / "log.db") as log:
        random_episode("workflow/easy", 1, log)
        random_episode("workflow/easy", 2, log, steps=2)
    return log.path


@pytest.fixture
def recorded(played, tmp_path):
    """Return the path of a copy of that, for a test to change."""
    return shutil.copy(played, tmp_path)


@pytest.fixture(params=["ON", "OFF"], ids=["recursive", "plain"])
def outsider(request, recorded):
    """Yield a plain connection of somebody who knows nothing of refold."""
    with closing(sqlite3.connect(recorded, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA recursive_triggers = {request.param}")
        yield connection


def rows(connection):
    return [
        connection.execute(f"SELECT * FROM {table} ORDER BY id").fetchall()
        for table in ("events", "episodes")
    ]


@pytest.mark.parametrize("sql", in_every_way(EVENT_ATTACKS))
def test_events_are_append_only(outsider, sql):
    """Whatever SQL somebody finds, stored events stay, and only the next one is let in."""
    before = rows(outsider)
    words = "refold: (not the next event|events are immutable|events cannot be deleted)"
    with pytest.raises(sqlite3.IntegrityError, match=words):
        outsider.execute(sql)
    assert rows(outsider) == before


@pytest.mark.parametrize("sql", in_every_way(EPISODE_ATTACKS))
def test_episodes_are_append_only(outsider, sql):
    """An episode's row stays as it was written, but for its end."""
    before = rows(outsider)
    words = "refold: (episode exists|episodes are immutable|episodes cannot be deleted)"
    with pytest.raises(sqlite3.IntegrityError, match=words):
        outsider.execute(sql)
    assert rows(outsider) == before


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_new_is_let_in(outsider, verb):
    """The attacks above fail for what they would destroy: the same SQL may add what is new."""
    before = rows(outsider)
    outsider.execute(f"{COPY}SELECT NULL, {NEXT} FROM events WHERE id = 1".format(verb=verb))
    outsider.execute(EPISODE.format(verb=verb, key="NULL, 'fresh'"))
    outsider.execute("UPDATE episodes SET ended_at = 'now' WHERE id = 2")
    events, episodes = rows(outsider)
    assert events[:-1] == before[0]
    ended_at = 9
    assert episodes[1][ended_at] == "now"
    changed = [*before[1]]
    changed[1] = (*changed[1][:ended_at], "now", *changed[1][ended_at + 1 :])
    assert episodes[:-1] == changed


@pytest.mark.parametrize(
    "values",
    ["'text', zeroblob(32)", "'{\"type\":3}', zeroblob(32)", "payload, zeroblob(31)"],
    ids=["text", "no-tag", "short-hash"],
)
def test_what_is_no_event_is_refused(outsider, values):
    """The table itself demands a tagged payload and a hash of 32 bytes."""
    place = NEXT.removesuffix("payload, hash")
    with pytest.raises(sqlite3.IntegrityError, match="CHECK constraint failed"):
        outsider.execute(
            f"{COPY.format(verb='')} SELECT NULL, {place} {values} FROM events WHERE id = 1"
        )


def test_a_log_says_what_it_is(recorded):
    """Application id, version and WAL mode are in the file, for tools like ``file``."""
    with closing(sqlite3.connect(recorded)) as connection:
        pragmas = ("application_id", "user_version", "journal_mode")
        said = [connection.execute(f"PRAGMA {pragma}").fetchone()[0] for pragma in pragmas]
    assert said == [APPLICATION_ID, VERSION, "wal"]


CHANGES = {
    "lost-trigger": ("DROP TRIGGER events_keep", "trigger 'events_keep'"),
    "weak-trigger": (
        "DROP TRIGGER events_keep; CREATE TRIGGER events_keep BEFORE DELETE ON events"
        " BEGIN SELECT 1; END",
        "trigger 'events_keep'",
    ),
    "more-trigger": (
        "CREATE TRIGGER spy AFTER INSERT ON events BEGIN DELETE FROM grades; END",
        "trigger 'spy'",
    ),
    "trigger-on-view": (
        "CREATE TRIGGER spy INSTEAD OF INSERT ON step_list BEGIN DELETE FROM grades; END",
        "trigger 'spy'",
    ),
    "more-index": ("create  unique index mine ON events (episode, seq, payload)", "index 'mine'"),
    "other-index": (
        "DROP INDEX episodes_parent; CREATE INDEX episodes_parent ON episodes (agent)",
        "index 'episodes_parent'",
    ),
    "more-column": ("ALTER TABLE grades ADD COLUMN mine TEXT", "table 'grades'"),
    "other-view": (
        "DROP VIEW step_list; CREATE VIEW step_list AS SELECT 1",
        "view 'step_list'",
    ),
    "lost-table": ("DROP TABLE grades", "table 'grades'"),
}


@pytest.mark.parametrize("readonly", [True, False], ids=["readonly", "writing"])
@pytest.mark.parametrize(("script", "found"), CHANGES.values(), ids=CHANGES)
def test_another_schema_is_refused(recorded, script, found, readonly):
    """A log whose tables, triggers or views were changed is not opened at all."""
    with closing(sqlite3.connect(recorded)) as connection:
        connection.executescript(script)
    with pytest.raises(NotALog, match=f"expected the schema of a refold log, got another {found}"):
        EventLog(recorded, readonly=readonly)


def test_tables_of_others_are_left_alone(recorded, random_episode):
    """Somebody may keep tables, views and triggers of their own in the same file."""
    with closing(sqlite3.connect(recorded)) as connection:
        connection.executescript(
            "CREATE TABLE notes (text); CREATE VIEW agents AS SELECT agent FROM episodes;"
            "CREATE TRIGGER loud AFTER INSERT ON notes BEGIN SELECT 1; END"
        )
    with EventLog(recorded) as log:
        random_episode("inbox/easy", 1, log)
        assert log.count() == 3


def test_an_index_of_others_is_left_alone(recorded, random_episode):
    """An index that only makes queries faster, as tools for SQLite add them, locks nobody out."""
    with closing(sqlite3.connect(recorded)) as connection:
        connection.executescript(
            "create index mine on events (payload); CREATE INDEX of_grades ON grades (score DESC);"
            "CREATE INDEX named ON episodes (agent) WHERE agent <> ''"
        )
    with EventLog(recorded) as log:
        random_episode("inbox/easy", 1, log)
        assert log.count() == 3


def test_a_restored_dump_is_mended_by_the_command_in_the_error(recorded, tmp_path):
    """.dump leaves out the application id; the error says how to put it back, and that works."""
    restored = tmp_path / "it's restored.db"
    with closing(sqlite3.connect(recorded)) as old, closing(sqlite3.connect(restored)) as new:
        new.executescript("\n".join(old.iterdump()))
    with pytest.raises(
        NotALog, match=r"got none, as after \.dump and restore; to repair it: sqlite3 '"
    ):
        EventLog(restored)
    with pytest.raises(NotALog) as error:
        EventLog(restored, readonly=True)
    _sqlite3, path, script = shlex.split(str(error.value).partition("to repair it: ")[2])
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    with EventLog(recorded) as log, EventLog(restored) as again:
        assert list(again.episodes()) == list(log.episodes())


def test_another_database_without_an_id_is_no_restored_log(tmp_path):
    """Only a file with the whole schema of a log gets that advice."""
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE episodes (id)")
    with pytest.raises(NotALog, match="got another SQLite database; check --log"):
        EventLog(tmp_path / "other.db")


@pytest.fixture
def ask(log):
    """Return a function that runs a query on the log as somebody with plain sqlite3 does."""
    with closing(sqlite3.connect(log.path)) as connection:
        yield lambda sql: connection.execute(sql).fetchall()


def test_the_views_tell_what_the_stream_says(log, ask, random_episode):
    """Events, steps and reward parts can be had with plain SQL, episode by episode."""
    episodes = [random_episode(name, 5, log) for name in ("workflow/hard", "inbox/hard")]
    streams = [(episode.id, log.events(episode.id)) for episode in episodes]
    assert ask("SELECT episode, seq, kind, payload FROM event_list ORDER BY rowid") == [
        (id, seq, json.loads(payload)["type"], payload.decode())
        for id, stream in streams
        for seq, payload in enumerate(stream.payloads)
    ]
    steps, rewards = [], []
    for id, stream in streams:
        for seq, event in enumerate(stream):
            if isinstance(event, ActionTaken):
                action = encode(event.action).decode()
            if isinstance(event, StepRewarded):
                parts = encode(event.parts).decode()
                steps.append((id, event.step, event.reward, event.total, parts, action, seq))
                rewards += [(id, event.step, *part) for part in event.parts.items()]
    assert sorted(ask("SELECT * FROM step_list")) == sorted(steps)
    assert sorted(ask("SELECT * FROM reward_list")) == sorted(rewards)


def test_the_view_of_grades_tells_what_was_saved(log, ask, random_episode):
    """Scores stand beside scenario, seed and agent, for a query by any of them."""
    episode = random_episode("inbox/easy", 5, log)
    grade = b'{"breakdown":{"completion":0.25},"score":0.25}'
    rubric = ("mine", 3, "0" * 64)
    digest = episode.events.digest
    log.save_grade(episode.id, digest=digest, rubric=rubric, score=0.25, grade=grade)
    assert ask("SELECT * FROM grade_list") == [
        (episode.id, "inbox/easy", 5, "random", "mine", 3, 0.25, '{"completion":0.25}')
    ]
