import signal

import pytest
from shell import Shell

from refold.engine import Episode, EpisodeInfo, EventLog, Reseeded
from refold.graders import grade, save_grade
from refold.scenarios import load

EASY, MAIL = load("workflow/easy"), load("inbox/easy")
WAIT = {"action_type": "wait"}


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path)


def record(shell, name, id, *, scenario=EASY, steps=2, seed=None, graded=False):
    """Let the log *name* have an episode *id* of at least so many steps; grade it if asked to."""
    with EventLog(shell.at / name) as log:
        known = [info.id for info in log.episodes()]
        if id in known:
            episode = Episode.resume(log, id)
        else:
            episode = Episode.start(scenario, log=log, id=id, seed=seed, agent=name, run="r")
        for _ in range(steps - log.find(id).steps):
            episode.step(episode.legal_actions[0] if scenario is MAIL else WAIT)
        if graded:
            save_grade(log, id, grade(episode.events))


def fork(shell, name, parent, id, *, seed):
    """Let the log *name* have a fork of *parent* after one step."""
    with EventLog(shell.at / name) as log:
        fork = Episode.fork(log.events(parent), 1, log=log, parent=parent, id=id, agent=name)
        fork.step(WAIT, Reseeded(seed))


def contents(shell, name):
    """Return info, stored bytes and grades of every episode of a log, by id and in order."""
    with EventLog(shell.at / name, readonly=True) as log:
        return {
            info.id: (info, log.events(info.id).payloads, log.grades(info.id))
            for info in log.episodes()
        }


def merge(shell, *names):
    """Merge logs into ``c.db``, check the result, and return it with the outcome for each id."""
    rows = shell("merge -o c.db --json", *names).json["merged"]
    shell("verify --log c.db")
    return contents(shell, "c.db"), {(row["log"], row["episode"]): row for row in rows}


def test_two_logs_become_one(shell):
    """Rows, stored bytes, digests, order and grades arrive as they were, open episodes too."""
    record(shell, "a.db", "x", scenario=MAIL, steps=3, graded=True)
    record(shell, "a.db", "y", graded=True)
    record(shell, "b.db", "z", steps=3)
    fork(shell, "b.db", "z", "w", seed=7)
    merged, told = merge(shell, "a.db", "b.db")
    assert merged == contents(shell, "a.db") | contents(shell, "b.db")
    assert list(merged) == ["x", "y", "z", "w"]
    assert {row["outcome"] for row in told.values()} == {"stored"}
    assert sorted(shell.files()) == ["a.db", "b.db", "c.db"]
    ran = shell("merge a.db b.db -o d.db")
    assert (ran.out, ran.err) == ("", "4 episodes merged into d.db\n")


def test_the_same_episode_is_kept_once(shell):
    """Equal id and digest are one episode; the grades of all logs are kept beside it."""
    record(shell, "a.db", "x")
    record(shell, "b.db", "x", graded=True)
    record(shell, "b.db", "twin")
    merged, told = merge(shell, "a.db", "b.db")
    assert merged["x"][0] == contents(shell, "a.db")["x"][0]
    assert merged["x"][2] == contents(shell, "b.db")["x"][2]
    assert [told[name, "x"]["outcome"] for name in ("a.db", "b.db")] == ["stored", "known"]
    assert merged["twin"][0].digest == merged["x"][0].digest
    ran = shell("merge a.db b.db a.db -o d.db")
    assert ran.err == "2 episodes merged into d.db, 2 met again\n"


@pytest.mark.parametrize("names", [("a.db", "b.db"), ("b.db", "a.db")])
def test_the_longer_form_is_kept(shell, names):
    """An episode that went on in one log is kept as it is there, with its newest grade."""
    record(shell, "a.db", "x", steps=1, graded=True)
    (shell.at / "b.db").write_bytes((shell.at / "a.db").read_bytes())
    record(shell, "b.db", "x", steps=4, graded=True)
    merged, told = merge(shell, *names)
    assert merged["x"] == contents(shell, "b.db")["x"]
    assert len(merged["x"][2]) == 1
    assert [told[name, "x"]["outcome"] for name in ("a.db", "b.db")] == ["outrun", "stored"]


def test_ids_that_name_different_episodes_are_told_apart(shell):
    """The first log's keeps its id, later ones get a number that nobody has; forks follow."""
    record(shell, "a.db", "x", seed=1)
    for name, seed in (("b.db", 2), ("d.db", 3)):
        record(shell, name, "x", seed=seed, graded=True)
        fork(shell, name, "x", f"fork-{name}", seed=seed)
    record(shell, "d.db", "x-2", seed=4)
    merged, told = merge(shell, "a.db", "b.db", "d.db")
    assert list(merged) == ["x", "x-3", "fork-b.db", "x-4", "fork-d.db", "x-2"]
    seeds = {id: info.seed for id, (info, _, _) in merged.items() if not info.parent}
    assert seeds == {"x": 1, "x-3": 2, "x-4": 3, "x-2": 4}
    assert merged["fork-b.db"][0].parent == "x-3"
    assert merged["fork-d.db"][0].parent == "x-4"
    assert len(merged["x-3"][2]) == 1
    assert not merged["x"][2]
    row = told["d.db", "x"]
    assert (row["id"], row["outcome"], row["digest"]) == ("x-4", "renamed", merged["x-4"][0].digest)
    ran = shell("merge a.db b.db -o e.db")
    assert ran.err.splitlines()[0] == "b.db: x names another episode there; it is now x-2"


def test_a_log_can_be_merged_again(shell):
    """Merging what was merged already recognises renamed episodes too, however long their id."""
    id = "i" * 64
    record(shell, "a.db", id, seed=1)
    record(shell, "b.db", id, seed=2)
    merged, _ = merge(shell, "a.db", "b.db")
    assert list(merged) == [id, f"{id[:62]}-2"]
    ran = shell("merge c.db b.db a.db -o d.db")
    assert ran.err == "2 episodes merged into d.db, 2 met again\n"
    assert contents(shell, "d.db") == merged


def test_an_existing_file_is_left_alone(shell):
    """Neither a log nor any other file is written over."""
    record(shell, "a.db", "x")
    record(shell, "c.db", "y")
    shell.refuses("merge a.db c.db -o c.db", match="c.db: expected no such file yet, got one")


@pytest.mark.parametrize(
    ("broken", "match"),
    [
        ("missing", "b.db: expected a log, got no such file"),
        ("other", "b.db: expected a refold log, got another kind of file"),
    ],
)
def test_all_or_nothing(shell, broken, match):
    """One file that is no log, and nothing is made; the error says what is wrong where."""
    record(shell, "a.db", "x")
    if broken == "other":
        (shell.at / "b.db").write_text("no log")
    shell.refuses("merge a.db b.db -o c.db", match=match)


@pytest.mark.parametrize(
    ("broken", "match"),
    [
        ("event", "left out: b.db: episode y event 1: expected an event, got"),
        ("row", "left out: b.db: episode y: an end: expected False, as the events say, got True"),
    ],
)
def test_a_damaged_episode_is_told_and_the_others_are_merged(shell, broken, match):
    """One episode that cannot be trusted costs no other; a sound one of its name is kept."""
    record(shell, "a.db", "x")
    record(shell, "a.db", "y")
    record(shell, "b.db", "z")
    start = contents(shell, "a.db")["x"][1][0]
    with EventLog(shell.at / "b.db") as log:
        info = EpisodeInfo("y", EASY.name, EASY.seed)
        more = [b'{"type":"nonsense"}'] if broken == "event" else []
        log.begin(info, [start, *more], end=True)
    ran = shell("merge b.db a.db -o c.db", code=1)
    assert ran.err.startswith(match)
    merged = contents(shell, "c.db")
    assert sorted(merged) == ["x", "y", "z"]
    assert merged["y"] == contents(shell, "a.db")["y"]


def test_a_log_with_itself(shell):
    """The same file twice is a copy."""
    record(shell, "a.db", "x")
    merged, _ = merge(shell, "a.db", "a.db")
    assert merged == contents(shell, "a.db")


@pytest.mark.slow
def test_a_killed_merge_leaves_the_name_free(shell):
    """A merge that is killed leaves no log under its name, so that it can be run again."""
    record(shell, "a.db", "x")
    script = (
        "import os, signal\n"
        "from refold.engine import EventLog\n"
        "EventLog.begin = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)\n"
        "from refold.cli import main\n"
        "main()"
    )
    shell.program("merge a.db -o c.db", code=-signal.SIGKILL, script=script)
    assert not (shell.at / "c.db").exists()
    shell("merge a.db -o c.db")
    assert list(contents(shell, "c.db")) == ["x"]
