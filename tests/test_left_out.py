"""One damaged episode never hides the others: it is told by name, and the exit code is 1."""

import json
import re
import sqlite3
from contextlib import closing

import pytest
from forging import alter
from serving import running
from shell import Shell, copy_shell
from sizes import first_fast

from refold.cli import run
from refold.engine import EventLog
from refold.graders import grade, save_grade

RUN = "--name r"
TEXT = "substr(payload, 1, length(payload) - 1) || ' }'"
DAMAGE = {
    "chain": f"UPDATE events SET payload = {TEXT} WHERE seq = 1 AND episode = 2",
    "end": 'UPDATE events SET payload = \'{"type":"step_rewarded","step":-\' '
    'WHERE payload GLOB \'{"type":"step_rewarded",*\' AND episode = 2',
    "no events": "DELETE FROM events WHERE episode = 2",
}
COMMANDS = {
    "export": "export",
    "merge": "merge refold.db -o merged.db",
    "grade": "grade",
    "grade by id": "grade GOOD BAD",
    "grade and save": "grade --save",
    "regrade": "regrade",
    "report": "report r",
    "runs": "runs",
    "compare": "compare r s",
    "group": "group workflow/easy",
    "leaderboard": "leaderboard",
    "baseline": "baseline --seeds 1",
    "resume": "resume r",
}


SOON_AND_SLOWLY = [
    pytest.param(damage, marks=() if name == "chain" else pytest.mark.slow, id=name)
    for name, damage in DAMAGE.items()
]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a shell with three graded episodes of a run, and as many of another."""
    shell = Shell(tmp_path_factory.mktemp("shell"))
    shell("record workflow/easy --agent random --epochs 3 --name r")
    shell("record workflow/easy --agent greedy --epochs 3 --name s")
    return shell


@pytest.fixture
def shell(made, tmp_path):
    """Return a copy of that, for a test to change."""
    return copy_shell(made, tmp_path)


@pytest.fixture
def bad(shell):
    """Return the id of the second episode."""
    return shell.ids()[1]


def words_for(shell, words, bad):
    """Return *words* with the ids that they stand for."""
    return words.replace("GOOD", shell.ids()[0]).replace("BAD", bad)


@pytest.mark.parametrize("damage", SOON_AND_SLOWLY)
@pytest.mark.parametrize("words", first_fast(COMMANDS.values(), 6), ids=COMMANDS)
def test_a_damaged_episode_is_told_and_the_others_go_on(shell, bad, words, damage):
    """Every command that reads many episodes names the one that it cannot read, and exits 1."""
    words = words_for(shell, words, bad)
    alter(shell.at / "refold.db", (damage,))
    ran = shell(words, code=1)
    told = [line for line in ran.err.splitlines() if line.startswith("left out: ")]
    assert len(told) == 1
    assert bad in told[0]
    assert "Traceback" not in ran.err
    assert ran.out or words.startswith(("regrade", "merge"))


def test_what_is_left_is_all_there(shell, bad):
    """The episodes that can be read are exported, graded and merged as if nothing had happened."""
    good = [id for id in shell.ids() if id != bad]
    alter(shell.at / "refold.db", (DAMAGE["chain"],))
    shell("export -o all.jsonl", code=1)
    lines = (shell.at / "all.jsonl").read_text().splitlines()
    heads = [json.loads(line) for line in lines if line.startswith('{"type":"episode",')]
    assert [head["id"] for head in heads] == good
    assert [row["episode"] for row in shell("grade --json", code=1).json["grades"]] == good
    shell("merge refold.db -o merged.db", code=1)
    assert shell.ids(["--log", "merged.db"][0], "merged.db") == good
    shell("verify --log merged.db")


def test_a_listing_tells_an_episode_whose_end_is_damaged(shell, bad):
    """The list shows the other episodes; one that is only broken inside is listed as well."""
    alter(shell.at / "refold.db", (DAMAGE["end"],))
    ran = shell("episodes --json", code=1)
    assert len(ran.json["episodes"]) == 5
    assert ran.err.startswith(f"left out: episode {bad} event ")


@pytest.mark.parametrize("words", ["episodes --json", "show BAD --json", "regrade", "resume r"])
def test_a_bad_row_of_grades_is_told(shell, bad, words):
    """A saved grade that is none is told in a line, with what to do; never a traceback."""
    words = words_for(shell, words, bad)
    alter(shell.at / "refold.db", ("UPDATE grades SET grade = '{\"score\":1}' WHERE episode = 2",))
    ran = shell(words, code=1)
    told = rf"^left out: episode {bad}: expected saved grades, got a row of"
    assert re.search(told, ran.err, re.MULTILINE)
    if words == "episodes --json":
        assert [row["score"] is None for row in ran.json["episodes"]].count(True) == 1


def test_a_bad_row_of_grades_is_not_merged(shell, bad):
    """A merge takes the episode without the grade that it cannot read."""
    alter(shell.at / "refold.db", ("UPDATE grades SET grade = '{\"score\":1}' WHERE episode = 2",))
    assert (
        f"refold.db: episode {bad}: expected saved" in shell("merge refold.db -o m.db", code=1).err
    )
    assert len(shell.ids("--log", "m.db")) == 6
    shell("verify --log m.db")


def test_a_damaged_relative_hides_no_episode(shell, bad):
    """An episode is shown although its parent, or a fork of it, is damaged; that is told."""
    fork = shell(f"fork {bad} --at 1 --agent random --json").json["episodes"][0]["id"]
    alter(shell.at / "refold.db", (DAMAGE["end"],))
    ran = shell("show", fork, code=1)
    assert ran.err.startswith(f"left out: episode {bad} event ")
    assert "agent random" in ran.out


def test_grades_are_compared_with_a_file_although_one_episode_is_damaged(shell, bad):
    """`regrade --against FILE` tells the damaged one and compares the others."""
    (shell.at / "saved.json").write_text(shell("grade --json").out)
    alter(shell.at / "refold.db", (DAMAGE["end"],))
    ran = shell("regrade --against saved.json", code=1)
    assert f"left out: episode {bad}" in ran.err
    assert "5 episodes compared, 0 moved" in ran.err


def test_a_golden_that_cannot_be_read_hides_no_other(shell):
    """Each golden has a verdict of its own."""
    for id in shell.ids()[:2]:
        shell("golden add --name", id, id)
    (shell.at / "goldens" / f"{shell.ids()[0]}.jsonl").write_text("no event")
    ran = shell("golden check", code=1)
    assert "2 goldens checked, 1 wrong" in ran.err


def test_saving_and_reading_are_one_form(shell):
    """What is saved can be read: no grade of ours is left out."""
    with EventLog(shell.at / "refold.db") as log:
        for info in log.episodes():
            save_grade(log, info.id, grade(log.events(info.id)))
    assert not shell("episodes").err


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_server_answers_with_the_rest(shell, bad, damage):
    """Lists of a server name what they had to leave out; without any, they are as they were."""
    with running(shell.at, log=str(shell.at / "refold.db")) as server:
        for path in ("/leaderboard", "/episodes"):
            assert "left_out" not in server.get(path)
        alter(shell.at / "refold.db", (damage,))
        # What was graded before is not read again: damage of that is what `verify` finds.
        (shell.at / "refold.db.index").unlink()
        board = server.get("/leaderboard")
        assert [each["id"] for each in board["left_out"]] == [bad]
        assert bad in board["left_out"][0]["problem"]
        (table,) = board["rankings"]
        assert sorted(place["score"]["n"] for place in table["places"]) == [2, 3]
        assert [each["id"] for each in server.post("/baseline", {"seeds": 1})["left_out"]] == [bad]
        listed = server.get("/episodes")
        assert len(listed["episodes"]) + len(listed.get("left_out", [])) == 6


def test_a_server_tells_a_bad_row_of_grades(shell, bad):
    """An episode whose saved grade is none is listed without a score, and told."""
    alter(shell.at / "refold.db", ("UPDATE grades SET grade = '{\"score\":1}' WHERE episode = 2",))
    with running(shell.at, log=str(shell.at / "refold.db")) as server:
        listed = server.get("/episodes")
        assert len(listed["episodes"]) == 6
        assert [each["id"] for each in listed["left_out"]] == [bad]
        assert server.get(f"/episodes/{bad}")["episode"]["score"] is None


@pytest.mark.slow
def test_a_lost_page_of_the_file_hides_only_what_lies_there(shell):
    """Whichever page behind the roots is lost, some episodes are exported and merged."""
    path, exported, merged = (shell.at / name for name in ("refold.db", "all.jsonl", "m.db"))
    with closing(sqlite3.connect(path)) as log:
        (root,) = log.execute("SELECT max(rootpage) FROM sqlite_master").fetchone()
    whole, size = path.read_bytes(), 4096
    damaged = 0
    for page in range(root + 2, len(whole) // size):  # two more hold the schema
        path.write_bytes(whole[: page * size] + bytes(size) + whole[(page + 1) * size :])
        code = run(["export", "--log", str(path), "-o", str(exported)])
        assert code in (0, 1)
        damaged += code
        assert exported.read_bytes().startswith(b'{"type":"episode",')
        assert run(["merge", str(path), "-o", str(merged)]) in (0, 1)
        merged.unlink()
    assert damaged > 3
