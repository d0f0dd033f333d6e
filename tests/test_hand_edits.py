import sqlite3
from contextlib import closing

import pytest
from attrs import evolve
from forging import alter, record_family
from shell import Shell, copy_shell

from refold.engine import Episode, EventLog
from refold.engine.chain import chain_heads
from refold.graders import grade, save_grade
from refold.scenarios import load


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a shell with a log: ``first``, its fork ``second``, and ``open``, which has no end."""
    shell = Shell(tmp_path_factory.mktemp("shell"))
    with EventLog(shell.at / "refold.db") as log:
        record_family(log)
        other = Episode.start(load("workflow/easy"), log=log, id="open", agent="me", run="r")
        for step in range(4):
            other.step(other.legal_actions[0])
            if step in (1, 3):
                save_grade(log, "open", grade(other.events))
        for id in ("first", "second"):
            save_grade(log, id, grade(log.events(id)))
    return shell


@pytest.fixture
def shell(made, tmp_path):
    """Return a copy of that, for a test to change."""
    return copy_shell(made, tmp_path)


def edit(shell, *statements):
    """Do to the log what its triggers and checks forbid, and leave no other trace."""
    alter(shell.at / "refold.db", *statements)


def rebuild(shell, id, change):
    """Apply *change* to the payloads of an episode, and make its whole chain fit again."""
    where = "FROM events WHERE episode = (SELECT id FROM episodes WHERE uid = ?)"
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        payloads = change(list(log.events(id).payloads))
    with closing(sqlite3.connect(shell.at / "refold.db")) as log:
        ((row, episode),) = log.execute(f"SELECT min(id), episode {where}", (id,)).fetchall()
    rows = zip(range(1000 * row, 2000 * row), payloads, chain_heads(payloads), strict=False)
    insert = "INSERT INTO events VALUES (?, ?, ?, CAST(? AS TEXT), ?)"
    edit(
        shell,
        (f"DELETE {where}", id),
        *((insert, at, episode, at - 1000 * row, payload, head) for at, payload, head in rows),
    )


def wrong(shell):
    """Return what verify finds wrong: by episode, and under None what is wrong with the file."""
    found = shell("verify --json", code=1).json
    problems = {each["episode"]: each["problem"] for each in found["verdicts"] if not each["ok"]}
    return problems | ({None: "\n".join(found["problems"])} if found["problems"] else {})


EPISODE = [
    ("id = 9", "first", "expected episode_started, got no events"),
    ("uid = 'third'", "second", "parent: expected an episode of the log, got 'first'"),
    ("scenario = 'inbox/hard'", "first", "scenario: expected 'inbox/easy', as the events say"),
    ("seed = 2", "first", "seed: expected 1, as the events say, got 2"),
    ("release = ''", "first", "release: expected one of refold"),
    ("started_at = 'yesterday'", "first", "started_at: expected a time in UTC"),
    ("started_at = '2026-01-01T00:00:00+01:00'", "first", "started_at: expected a time in UTC"),
    ("ended_at = NULL", "first", "an end: expected True, as the events say, got False"),
    ("ended_at = ''", "first", "ended_at: expected a time in UTC"),
    ("parent = 'open'", "first", "lineage: expected parent and fork_at or neither"),
    ("fork_at = 1", "first", "lineage: expected parent and fork_at or neither"),
]


@pytest.mark.parametrize(("change", "episode", "match"), EPISODE)
def test_edited_episodes(shell, change, episode, match):
    """A column that the events contradict, or that has not its form, is found."""
    edit(shell, (f"UPDATE episodes SET {change} WHERE uid = 'first'",))
    assert match in wrong(shell)[episode]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ("parent = 'nobody'", "parent: expected an episode of the log, got 'nobody'"),
        ("parent = 'fir'", "parent: expected an episode of the log, got 'fir'"),
        ("parent = 'open'", "parent: expected one that shares 1 steps, got 'open'"),
        ("fork_at = 2", "parent: expected one that shares 2 steps, got 'first'"),
        ("fork_at = 4", "fork_at: expected at most 3, got 4"),
        ("parent = NULL", "lineage: expected parent and fork_at or neither"),
        ("ended_at = NULL", "an end: expected True"),
    ],
)
def test_edited_lineage(shell, change, match):
    """A fork's parent has to be there, and to share its first steps."""
    edit(shell, (f"UPDATE episodes SET {change} WHERE uid = 'second'",))
    assert match in wrong(shell)["second"]


BESIDE = [
    *("uid = 'third'", "agent = 'you'", "run = 'q'", "epoch = 3", "release = '9.9.9'"),
    *("started_at = '2020-01-01T00:00:00.000+00:00'", "id = 99, uid = 'open'"),
]


@pytest.mark.parametrize("change", BESIDE)
def test_what_no_chain_can_prove(shell, change):
    """Columns beside the chain may say anything of their form: the digest stands, they may lie."""
    edit(
        shell,
        (f"UPDATE episodes SET {change} WHERE uid = 'open'",),
        ("UPDATE events SET episode = 99 WHERE episode = 3 AND ?", "99" in change),
        ("UPDATE grades SET episode = 99 WHERE episode = 3 AND ?", "99" in change),
        ("UPDATE events SET id = id + 1000",),
    )
    shell("verify")


@pytest.mark.parametrize(
    "change",
    [
        "episode = 3, seq = 99",
        "seq = 77",
        "payload = replace(payload, 'a', 'b')",
        "hash = zeroblob(32)",
    ],
)
@pytest.mark.parametrize("seq", [0, 5, 10])
def test_edited_events(shell, change, seq):
    """Each column of an event is in the chain: of the first, one in the middle, and the last."""
    edit(shell, (f"UPDATE events SET {change} WHERE episode = 1 AND seq = {seq}",))
    assert "first" in wrong(shell)


@pytest.mark.parametrize("column", ["seq", "payload", "hash"])
def test_a_value_that_no_column_may_have(shell, column):
    """A value that only a damaged file can hold is found too, and the episode named."""
    swap = "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE name = 'events'"
    write = ("PRAGMA writable_schema = ON",)
    edit(shell, write, (swap, "NOT NULL", "/*null*/"))
    edit(shell, (f"UPDATE events SET {column} = NULL WHERE episode = 1 AND seq = 5",))
    edit(shell, write, (swap, "/*null*/", "NOT NULL"))
    problems = wrong(shell)
    assert "episode first event " in problems["first"]
    assert f"NULL value in events.{column}" in problems[None]


def test_an_index_that_sqlite_no_longer_knows(shell):
    """The schema is compared to the last entry, those of automatic indexes too."""
    write, name = ("PRAGMA writable_schema = ON",), "sqlite_autoindex_grades_1"
    edit(shell, write, ("UPDATE sqlite_master SET type = 'indmx' WHERE name = ?", name))
    shell.refuses("verify", match=f"expected the schema of a refold log, got another .*{name}")


@pytest.mark.parametrize("seq", range(10))
def test_edited_order(shell, seq):
    """Two events that change places, with their hashes, are found at the first of them."""
    edit(
        shell,
        (f"UPDATE events SET seq = seq + 90 WHERE episode = 1 AND seq IN ({seq}, {seq + 1})",),
        (f"UPDATE events SET seq = {2 * seq + 91} - seq WHERE seq >= 90",),
    )
    assert f"episode first event {seq}: expected the stored hash" in wrong(shell)["first"]


def test_a_deleted_event(shell):
    """An event that is gone is missed."""
    edit(shell, ("DELETE FROM events WHERE episode = 1 AND seq = 5",))
    assert "episode first event 6: expected the stored hash" in wrong(shell)["first"]


def test_a_deleted_episode(shell):
    """Events and grades of an episode whose row is gone are found in the file."""
    edit(shell, ("DELETE FROM episodes WHERE uid = 'open'",))
    assert "table events row 25: expected its row of episodes, got none" in wrong(shell)[None]
    assert shell("verify", code=1).err == "2 episodes checked, 0 wrong; the file is damaged\n"


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (
            lambda old: [old[0].replace(b"inbox/easy", b"inbox/hard"), *old[1:]],
            "scenario: expected",
        ),
        (lambda old: [old[0].replace(b'"seed":1', b'"seed":2', 1), *old[1:]], "event 1 (inbox_fil"),
        (lambda old: [*old[:3], *old[4:]], "step 1 event 3"),
        (lambda old: [*old[:3], old[4], old[3], *old[5:]], "step 1 event 3"),
        (lambda old: [*old[:4], old[4].replace(b'quality":', b'quality":1'), *old[5:]], "$.parts"),
        (lambda old: old[:5], "an end: expected False, as the events say, got True"),
        (lambda old: old[:3], "step 1 event 3 (email_handled) $: expected {"),
        (lambda old: [old[0], *old[2:]], "start event 1 (inbox_filled) $: expected {"),
    ],
)
def test_a_chain_made_to_fit(shell, change, match):
    """Whoever writes all hashes anew is found by the rules: the events do not follow."""
    edit(shell, ("DELETE FROM grades",))
    rebuild(shell, "first", change)
    assert match in wrong(shell)["first"]


def test_an_end_that_was_cut_off(shell):
    """Only a digest from elsewhere tells that steps are missing at the end."""
    digest = shell("verify open --json").json["verdicts"][0]["digest"]
    shell("verify open --expect", digest)
    shell("verify open --expect", digest[:8].upper())
    edit(shell, ("DELETE FROM grades",))
    rebuild(shell, "open", lambda old: old[: 1 + [b"step_rew" in each for each in old].index(True)])
    shell("verify")
    ran = shell("verify open --expect", digest[:8], code=1)
    assert f"open  digest: expected {digest[:8]}, got " in ran.out


@pytest.mark.parametrize(
    "change",
    [
        *("episode = 3", "digest = rubric_digest", "rubric = 'mine'", "version = 2"),
        *("rubric_digest = digest", "score = 1.0", "grade = ''", "grade = '{}'"),
        "grade = replace(grade, '\"value\":1.0', '\"value\":0.9')",
        "score = 0.99, grade = json_set(grade, '$.score', 0.99)",
        "digest = rubric_digest, grade = json_set(grade, '$.episode_digest', rubric_digest)",
    ],
)
def test_edited_grades(shell, change):
    """Each column of a saved grade has to fit the others, the events, and grading them again."""
    edit(shell, (f"UPDATE grades SET {change} WHERE episode = 1",))
    problems = wrong(shell)
    assert list(problems) == ["open" if change == "episode = 3" else "first"]
    assert "saved grade by " in "".join(problems.values())


def test_a_grade_by_another_rubric(shell):
    """One by a rubric that is not recorded cannot be given again; it has to fit all the same."""
    with EventLog(shell.at / "refold.db") as log:
        stream = log.events("first")
        save_grade(log, "first", grade(stream, rubric=evolve(load("inbox/easy").rubric, floor=0.5)))
    shell("verify")
    edit(shell, ("UPDATE grades SET score = 1.0 WHERE episode = 1",))
    assert "as the grade says" in wrong(shell)["first"]
