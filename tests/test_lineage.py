import contextlib
import sqlite3

import pytest
from shell import Shell
from worlds import WORKED_EXAMPLE, play

from refold.engine import Episode, EpisodeInfo, EventLog
from refold.graders import grade, save_grade
from refold.replays.ancestry import MOST_FORKS, lineage
from refold.scenarios import load


@pytest.fixture
def shell(tmp_path):
    """Return a shell whose log holds a small family of forks."""
    shell = Shell(tmp_path)
    with EventLog(shell.at / "refold.db") as log:
        root = Episode.start(load("workflow/hard"), log=log, id="root", agent="hand")
        play(root, WORKED_EXAMPLE)
        save_grade(log, "root", grade(root.events))
        fork(log, "left", "root", 3)
        fork(log, "twig", "left", 2)
        fork(log, "right", "root", 5)
        Episode.start(load("workflow/hard"), log=log, id="stranger")
    return shell


def fork(log, id, parent, at):
    """Fork *parent*, without playing on."""
    return Episode.fork(log.events(parent), at, log=log, parent=parent, agent="greedy", id=id)


def told(log, id):
    """Return depth and id of each relative of an episode."""
    return [(each.depth, each.id) for each in lineage(log, log.find(id))]


def shown(shell, id):
    """Return the lines of the tree that ``show`` draws, None if it draws none."""
    _, found, tree = shell("show", id).out.partition("\nlineage ")
    return [" ".join(line.split()) for line in tree.splitlines()[1:]] if found else None


@pytest.mark.parametrize("id", ["root", "left", "twig", "right"])
def test_each_of_a_family_sees_all_of_it(shell, id):
    """Ancestors, forks and forks of forks, each below its parent, in the order they began."""
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        assert told(log, id) == [(0, "root"), (1, "left"), (2, "twig"), (1, "right")]
    (found,) = shell("show --json", id).json["episodes"]
    assert [each["id"] for each in found["lineage"]] == ["root", "left", "twig", "right"]
    assert found["lineage"][0] == {
        "id": "root",
        "depth": 0,
        "fork_at": None,
        "missing": False,
        "agent": "hand",
        "steps": 14,
        "score": 0.7929,
    }
    assert [each["fork_at"] for each in found["lineage"]] == [None, 3, 2, 5]


def test_the_tree(shell):
    """Position, agent, steps and score of each; the one that is shown is marked."""
    assert shown(shell, "left") == [
        "root hand 14 0.7929",
        "└─ left ← this 3 greedy 3",
        "└─ twig 2 greedy 2",
        "└─ right 5 greedy 5",
    ]
    assert "   └─ twig" in shell("show left").out
    assert "└─ left  " in shell("show twig").out
    assert shown(shell, "stranger") is None


def copied(log, id, parent, source="root"):
    """Store a copy of an episode with the lineage that somebody else claims for it."""
    info = EpisodeInfo(id, "workflow/hard", 44, parent=parent, fork_at=1)
    log.begin(info, log.events(source).payloads, end=True)


def test_a_parent_that_is_not_in_the_log_is_named(shell):
    """After a merge or an import a parent may be missing, even if its id looks like others."""
    with EventLog(shell.at / "refold.db") as log:
        for parent in ("gone", "roo", "last", "l", ""):
            copied(log, f"orphan-{parent}", parent)
            assert told(log, f"orphan-{parent}") == [(0, parent), (1, f"orphan-{parent}")]
    assert shown(shell, "orphan-gone") == [
        "gone not in this log",
        "└─ orphan-gone ← this 1 - 14",
    ]
    (found,) = shell("show orphan-gone --json").json["episodes"]
    assert [each["missing"] for each in found["lineage"]] == [True, False]


@pytest.mark.parametrize("ids", [["self"], ["one", "two"], ["a", "b", "c"]])
def test_a_circle_ends(shell, ids):
    """A hostile log may claim that an episode is its own ancestor: each is told once."""
    with EventLog(shell.at / "refold.db") as log:
        for id, parent in zip(ids, [*ids[1:], ids[0]], strict=True):
            copied(log, id, parent)
        for id in ids:
            assert sorted(each for _, each in told(log, id)) == sorted(ids)
    assert shell("show", ids[0]).code == 0


@pytest.mark.slow
def test_of_very_many_forks_some_are_told(shell):
    """The ancestors are always told; of thousands of forks only the first."""
    with EventLog(shell.at / "refold.db") as log:
        with log.transaction():
            for number in range(MOST_FORKS + 20):
                copied(log, f"many-{number:04}", "root")
        late = f"many-{MOST_FORKS + 19:04}"
        found = told(log, late)
        assert (1, late) in found
        assert len(found) <= MOST_FORKS + 2
        assert found[:4] == [(0, "root"), (1, "left"), (1, "right"), (1, "many-0000")]
    assert "only 200 of its forks are shown" in shell("show root").out


@pytest.mark.slow
def test_a_deep_line(shell):
    """A fork of a fork of a fork, hundreds of times, is told without trouble."""
    with EventLog(shell.at / "refold.db") as log:
        with log.transaction():
            for number in range(300):
                copied(log, f"deep-{number}", f"deep-{number - 1}" if number else "root")
        assert (300, "deep-299") in told(log, "deep-299")
    assert "└─ deep-299 ← this" in shell("show deep-299").out


def test_hostile_names_are_made_safe(shell):
    """Ids and agents of a log from a stranger cannot steer the terminal."""
    with EventLog(shell.at / "refold.db") as log:
        copied(log, "victim", "root")
    with contextlib.closing(sqlite3.connect(shell.at / "refold.db")) as log, log:
        (sql,) = log.execute(
            "SELECT sql FROM sqlite_master WHERE name = 'episodes_end_once'"
        ).fetchone()
        log.execute("DROP TRIGGER episodes_end_once")
        log.execute("UPDATE episodes SET parent = ? WHERE uid = 'victim'", ("\x1b]0;x\x07",))
        log.execute(sql)
    assert "<U+001B>]0;x<U+0007>" in shell("show victim").out
