"""``refold generate``: what it writes, where, and what it refuses."""

import json
from types import SimpleNamespace

import pytest
from shell import Shell

from refold.generating import checking
from refold.scenarios import load


@pytest.fixture
def shell(tmp_path):
    """Return a shell in an empty folder."""
    return Shell(tmp_path)


def test_one_goes_to_stdout(shell):
    """What is printed is a scenario file, and the same each time."""
    first = shell("generate workflow --size hard --set tasks=20 --seed 4")
    assert first.out == shell("generate workflow --size hard --set tasks=20 --seed 4").out
    assert first.err == ""
    (shell.at / "mine.toml").write_text(first.out)
    mine = load(shell.at / "mine.toml")
    assert (mine.family, mine.rules, mine.seed) == ("workflow", 2, 4)
    assert mine.parameters.draw == {"size": "hard", "tasks": 20}
    assert mine.title == "Generated: hard, tasks 20"


def test_one_goes_to_the_file_that_is_named(shell):
    """A file is written whole, in place of what was there, and its name is the scenario's."""
    (shell.at / "mine.toml").write_text("old")
    ran = shell("generate inbox --seed 3 -o mine.toml --json")
    (row,) = ran.json["generated"]
    assert row == {
        "scenario": "mine",
        "file": "mine.toml",
        "family": "inbox",
        "size": "easy",
        "split": "all",
        "knobs": {},
        "seed": 3,
        "witness": 1.0,
        "idle": 0.0,
        "steps": row["steps"],
    }
    assert ran.json["left_out"] == 0
    assert load(shell.at / "mine.toml").seed == 3


def test_several_go_to_a_folder(shell):
    """Each is a file of its own, named for what it is; the folder is made if need be."""
    ran = shell("generate workflow --split train --seed 2 --count 3 -o sets/train")
    assert ran.out == ""
    assert ran.err == "sets/train: 3 scenarios like workflow/easy@2, seed 2 to 4; 0 left out\n"
    names = sorted(path.name for path in (shell.at / "sets" / "train").iterdir())
    assert names == [f"workflow-easy-train-{seed}.toml" for seed in (2, 3, 4)]
    again = shell("generate workflow --split train --seed 4 --count 3 -o sets/train")
    assert "seed 4 to 6" in again.err
    assert len(list((shell.at / "sets" / "train").iterdir())) == 5


def test_one_goes_to_a_folder_that_is_there(shell):
    """Where --output is a folder, or ends like one, the file gets its own name."""
    shell("generate inbox --split test -o one/")
    shell("generate inbox --split test --seed 1 -o one")
    names = sorted(path.name for path in (shell.at / "one").iterdir())
    assert names == ["inbox-easy-test-0.toml", "inbox-easy-test-1.toml"]


def test_files_are_scenarios_for_every_command(shell):
    """They are recorded, shown and solved as any scenario file is."""
    shell("generate inbox --size medium --set threads=20 -o mine.toml")
    shell("record ./mine.toml --agent witness")
    solved = shell("solve ./mine.toml --objective score --json").json["solutions"][0]
    assert (solved["score"], solved["bound"], solved["proved"]) == (1.0, 1.0, True)
    shell("record ./mine.toml --agent noop")
    assert "optimum 1.0000" in shell("show last").out
    assert "Generated: medium, threads 20" in shell("scenarios ./mine.toml").out


def test_nothing_is_written_over_in_a_folder(shell):
    """A file that holds anything else is kept, and then no other is written either."""
    (shell.at / "set").mkdir()
    edited = shell.at / "set" / "workflow-easy-1.toml"
    edited.write_text("mine")
    match = "workflow-easy-1.toml: expected no file yet, or an equal one, got another"
    shell.refuses("generate workflow --count 3 -o set", match=match)
    assert [path.read_text() for path in (shell.at / "set").iterdir()] == ["mine"]


def test_what_is_not_clean_is_told(shell, monkeypatch):
    """It is named on stderr with the reason, the next seed takes its place, and it is counted."""
    scores = iter([0.4, 0.0, 1.0, 0.0])
    monkeypatch.setattr(checking, "grade", lambda stream: SimpleNamespace(score=next(scores)))
    ran = shell("generate workflow -o set/ --json")
    assert ran.err == (
        "left out: workflow-easy-0: expected 0.9 or more for the witness, got 0.4000\n"
    )
    assert ran.json["left_out"] == 1
    assert [each["seed"] for each in ran.json["generated"]] == [1]


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ("workflow --count 2", "--count: expected --output with it, got none"),
        ("workflow --json", "--json: expected --output with it, got none"),
        ("workflow --set tasks", r"--set: expected KNOB=NUMBER, such as tasks=60, got 'tasks'"),
        ("workflow --set tasks=many", "--set: expected KNOB=NUMBER"),
        ("workflow --set size=2", "--set: expected --size for that, got 'size=2'"),
        ("workflow --set tasks=2 --set tasks=3", "--set: expected each knob once, got tasks twice"),
        ("workflow --set tasks=1001", r"draw\.tasks: expected 1 to 1000, got 1001"),
        ("workflow --set tasks=1.5", r"draw\.tasks: expected a whole number, got 1.5"),
        ("workflow --set hinted=nan", r"draw\.hinted: expected 0 to 1, got nan"),
        ("inbox --set tasks=20", r"draw\.tasks: expected one of the keys decoys, .*; got 'tasks'"),
        ("inbox --size huge", "--size: expected easy, medium, hard or expert, got 'huge'"),
        ("inbox --seed 9223372036854775807 --count 2 -o x", r"\$\.seed: expected a whole number"),
        ("mail", "FAMILY: expected inbox or workflow, got 'mail'"),
        ("workflow --count 2 -o taken", "taken: expected a folder, got File exists"),
        ("workflow -o no/such/folder.toml", "expected a file that can be written"),
    ],
)
def test_what_is_refused(shell, words, match):
    """Each mistake is told in a line, with what was expected, and no file is left."""
    (shell.at / "taken").write_text("")
    shell.refuses(f"generate {words}", match=match)


def test_control_characters_of_a_knob_do_not_reach_the_terminal(shell):
    """A knob that nobody knows is told so that it cannot steer the screen."""
    ran = shell("generate inbox --set", "x\x1b[2J=1", code=2)
    assert "\x1b" not in ran.err
    assert json.dumps("\x1b")[1:-1] in ran.err or "\\x1b" in ran.err
