"""``refold check``: which rules hold, what is written, and when it cannot be asked."""

import json
import shutil
from xml.etree import ElementTree as ET

import pytest
from checking import HARD, make_project, record, write_rubric, write_settings
from shell import Shell

from refold.commands.checking.baseline import file_name
from refold.commands.checking.documents import MOST_MARKDOWN


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return the folder of a project."""
    return make_project(tmp_path_factory.mktemp("project")).at


@pytest.fixture
def shell(tmp_path, made):
    """Return a shell in a copy of that project."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return Shell(tmp_path)


def read_xml(path):
    """Return the root of the XML in *path*."""
    return ET.fromstring(path.read_text())  # noqa: S314 - of our own making


def test_nothing_changed(shell):
    """A check right after an update holds, and a second update changes no file."""
    ran = shell("check")
    assert "Verdict: nothing moved" in ran.out
    assert ran.out.endswith("\ncheck passes\n")
    assert "7 grades, 0 files changed" in shell("check --update").err


def test_it_is_found_from_below(shell):
    """In a folder of the project, the settings above count, and paths start from theirs."""
    below = shell.at / "src" / "deep"
    below.mkdir(parents=True)
    assert "check passes" in Shell(below)("check").out
    assert "check passes" in Shell(below)("check ../../refold.toml").out


def test_a_lost_pass_breaks_a_rule(shell):
    """A rubric that takes passes away fails the check, which names rule, episodes and reason."""
    write_rubric(shell.at, correctness=0.1, version=2)
    write_settings(shell.at, pass_at=0.8)
    shell("check --update", code=0)
    write_rubric(shell.at, correctness=0.75, version=3)
    ran = shell("check", code=1)
    assert "passes lost" in ran.out
    assert "\nlost: fails (" in ran.out
    assert ran.out.endswith("\ncheck fails: lost\n")
    assert "refold regrade --rubric rubrics " in ran.out


def test_without_rules_nothing_may_move(shell):
    """Where the settings name no rule, a score that moved fails the check."""
    write_settings(shell.at, fail=None)
    assert "moved: holds" in shell("check").out
    write_rubric(shell.at, correctness=0.6, version=2)
    assert "check fails: moved" in shell("check", code=1).out


def test_a_new_episode_is_missing(shell):
    """An episode that the baseline does not know, or no longer has, breaks ``missing``."""
    record(shell, "more", "random", epochs=1, seed=50)
    assert "missing: fails (1 of 8 missing)" in shell("check", code=1).out
    shell("check --update")
    shell("check")
    (shell.at / "evals" / "episodes" / "more.jsonl").unlink()
    assert "missing: fails (1 of 8 missing)" in shell("check", code=1).out


def test_an_update_leaves_no_old_grades(shell):
    """Scenarios and graders that are gone are gone from the baseline after an update."""
    old = shell.at / "evals/baseline/old/x.grades"
    old.parent.mkdir()
    shutil.copy(shell.at / HARD, old)
    shutil.copy(shell.at / HARD, shell.at / HARD.parent / "other.grades")
    assert "missing: fails (7 of 14 missing)" in shell("check", code=1).out
    shell("check --update")
    assert [path.name for path in shell.at.rglob("*.grades")] == [HARD.name]


@pytest.mark.slow
def test_several_graders(shell):
    """Each grader has its own folder, report and rules."""
    (shell.at / "half.py").write_text("def half(events):\n    return 0.5\n")
    write_settings(shell.at, graders=[{"rubrics": "rubrics"}, {"grader": "half.py:half"}])
    shell("check --update")
    (shell.at / "half.py").write_text("def half(events):\n    return 0.25\n")
    write_settings(
        shell.at,
        graders=[{"rubrics": "rubrics"}, {"grader": "half.py:half"}],
        fail={"moved": 0},
    )
    ran = shell("check --junit c.xml --markdown c.md --report c.html", code=1)
    assert ran.out.count("Verdict: ") == 2
    assert "moved: holds (0 of 7 moved)" in ran.out
    assert "moved: fails (7 of 7 moved)" in ran.out
    suites = {each.get("name"): each for each in read_xml(shell.at / "c.xml")}
    assert suites["half.half: inbox/hard"].get("failures") == "7"
    assert suites["rubrics: inbox/hard"].get("failures") == "0"
    assert "| moved | half.half | fails |" in (shell.at / "c.md").read_text()
    assert (shell.at / "c.html").read_text().count("<h1>") == 2


def test_goldens(shell):
    """Goldens are decided again; without a rule for them they are not looked at."""
    shell("import evals/episodes/base.jsonl")
    shell("golden add last --name one")
    write_settings(shell.at, goldens="goldens", fail={"goldens": True})
    assert "goldens: holds (0 of 1 wrong)" in shell("check").out
    golden = shell.at / "goldens" / "one.jsonl"
    golden.write_text(golden.read_text().replace("archive", "escalate"))
    ran = shell("check --markdown c.md", code=1)
    assert "golden one: event" in ran.out
    assert "check fails: goldens" in ran.out
    assert "| one | event" in (shell.at / "c.md").read_text()
    write_settings(shell.at, goldens="goldens", fail={"goldens": False})
    shell("check")


def test_goldens_alone(shell):
    """A project may check goldens only."""
    shell("import evals/episodes/base.jsonl")
    shell("golden add last --name one")
    write_settings(shell.at, goldens="goldens", episodes=None, baseline=None, graders=None)
    shell("check")


@pytest.mark.parametrize(("fresh", "code"), [("random", 1), ("baseline", 0)])
def test_a_fresh_run(shell, fresh, code):
    """A fresh run that is worse fails, one that is as good does not; it needs no grades."""
    (shell.at / "evals/episodes/dice.jsonl").unlink()
    for name, agent in (("main", "baseline"), ("now", fresh)):
        record(shell, name, agent, epochs=12)
    write_settings(shell.at, runs={"baseline": "main", "candidate": "now"})
    shell("check --update")
    assert (shell.at / HARD).read_text().count('{"score"') == 12
    ran = shell("check", code=code)
    assert f"\nworse: {'fails' if code else 'holds'} (" in ran.out


def test_a_log_in_place_of_files(shell):
    """The episodes can lie in a log, which the hints name."""
    shell("import evals/episodes --log runs.db")
    write_settings(shell.at, episodes=None, log="runs.db")
    shell("check")
    write_rubric(shell.at, correctness=0.6, version=2)
    assert "refold regrade --log=runs.db --rubric rubrics " in shell("check").out


@pytest.mark.parametrize(
    ("check", "match"),
    [
        ({"lsot": 0}, r"\$\.check\.lsot: expected one of the keys baseline, "),
        ({"fail": {"lsot": 0}}, r"\$\.check\.fail\.lsot: expected one of the rules gained, "),
        ({"fail": {"lost": -1}}, r"\$\.check\.fail\.lost: rule 'lost:-1': expected lost\["),
        ({"fail": {"lost": [1]}}, r"\$\.check\.fail\.lost: expected true, false, a number or"),
        ({"fail": {"goldens": 1}}, r"\$\.check\.fail\.goldens: expected true or false, got 1"),
        ({"pass_at": 7}, r"\$\.check\.pass_at: expected a number from 0 to 1, got 7\.0"),
        ({"episodes": None}, r"\$\.check: expected episodes or log"),
        ({"log": "x.db"}, r"\$\.check\.log: expected episodes or log, got both"),
        ({"baseline": None}, r"\$\.check: expected goldens, baseline or runs"),
        ({"graders": [{}]}, r"\$\.check\.graders\[0\]: expected rubrics or grader"),
        ({"graders": [{"rubrics": "rubrics"}] * 2}, "got 'rubrics' twice; rename"),
        ({"graders": [{"rubrics": "none"}]}, r"--rubric none: expected a TOML file"),
        ({"episodes": "none"}, "none: expected a file that can be read"),
        ({"baseline": "none"}, "none/rubrics: expected grades of these episodes, got none"),
        ({"goldens": "none", "fail": {"goldens": True}}, r"\$\.check\.goldens: expected a folder"),
        ({"runs": {"baseline": "a", "candidate": "dice"}}, "run 'a'"),
        ({"runs": {"baseline": "dice", "candidate": "dice"}}, "two runs, got 'dice' twice"),
        ({"runs": {"baseline": "a"}}, r"\$\.check\.runs\.candidate: expected a value, got none"),
        (
            {"runs": {"baseline": "base", "candidate": "dice", "fail": "wrose"}},
            "rule 'wrose': expected one of gained, ",
        ),
    ],
)
def test_what_cannot_be_asked(shell, check, match):
    """A mistake in the settings is told in one line with its place, and nothing is written."""
    write_settings(shell.at, **check)
    shell.refuses("check --markdown c.md", match=match)


def test_no_settings(tmp_path):
    """Outside of a project, the check says what it needs."""
    Shell(tmp_path).refuses("check", match=r"expected a refold\.toml in this folder or above")
    (tmp_path / "refold.toml").write_text('[labels.correct]\nvalues = ["yes", "no"]\n')
    Shell(tmp_path).refuses("check", match=r"expected a table \[check\]")


@pytest.mark.slow
def test_a_question_that_nobody_answered(shell):
    """A grader that has to ask a judge cannot be checked without its answers; nobody is asked."""
    (shell.at / "asks.py").write_text(
        "def asks(events, ask):\n"
        "    return ask('Good?', show=[1], scale={'yes': 1.0, 'no': 0.0}).value\n"
    )
    write_settings(shell.at, graders=[{"grader": "asks.py:asks"}])
    shell.refuses("check", match=r"4 questions not asked .*a check calls no judge")


def test_reports_never_replace_inputs(shell):
    """The settings and the log are not written over."""
    shell.refuses("check --markdown refold.toml", match="expected another file than the command")


def test_github(shell, tmp_path):
    """The step gets its outputs, and at most ten episodes get a remark on their grade's line."""
    record(shell, "many", "random", epochs=12, seed=100)
    write_settings(shell.at, fail={"moved": 0})
    shell("check --update")
    write_rubric(shell.at, correctness=0.5, version=2)
    outputs = tmp_path / "outputs"
    ran = shell(
        "check --github", code=1, GITHUB_OUTPUT=str(outputs), GITHUB_WORKSPACE=str(shell.at)
    )
    found = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
    assert found == {"verdict": "check fails: moved", "moved": "19", "lost": "0", "gained": "0"}
    lines = ran.out.splitlines()
    token = lines[0].removeprefix("::stop-commands::")
    errors = lines[lines.index(f"::{token}::") + 1 :]
    assert errors[0].startswith("::error file=refold.toml,line=1::rubrics: moved: 19 of 19")
    assert 1 < len(errors) <= 11
    for error in errors[1:]:
        place, _, text = error.removeprefix("::error ").partition("::")
        file, line = (each.partition("=")[2] for each in place.split(","))
        grade = json.loads((shell.at / file).read_text().splitlines()[int(line) - 1])
        assert f"{grade['score']:.4f} -> " in text


def test_names_of_strangers_steer_nothing(shell):
    """An agent's name can neither command GitHub nor leave its cell."""
    evil = "::error::x|<b>@you\r\n::stop"
    path = shell.at / "evals/episodes/base.jsonl"
    text = path.read_text().replace('"agent":"baseline"', f'"agent":{json.dumps(evil)}')
    path.write_text(text)
    write_settings(shell.at, fail={"moved": 0})
    shell("check --update")
    shell("check")
    write_rubric(shell.at, correctness=0.5, version=2)
    ran = shell("check --github --markdown c.md --report c.html --junit c.xml", code=1)
    on = ran.out.index(f"\n::{ran.out.splitlines()[0].removeprefix('::stop-commands::')}::")
    assert "\n::error::x" not in ran.out[on:]
    markdown = (shell.at / "c.md").read_text()
    assert "<b>" not in markdown
    assert "@you" not in markdown
    assert "<b>" not in (shell.at / "c.html").read_text()
    read_xml(shell.at / "c.xml")


@pytest.mark.slow
def test_markdown_has_a_size(shell):
    """Long names cost rows of tables, never the middle of one, and the rows cut are counted."""
    path = shell.at / "evals/episodes/base.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    for number in range(3):
        name = f'"agent":"{number}{"|" * 4900}"'
        lines = [
            line.replace('"agent":"baseline"', name, 1) if f'"seed":{number + 1},' in line else line
            for line in lines
        ]
    path.write_text("".join(lines))
    write_settings(shell.at, fail={"moved": 0})
    shell("check --update")
    write_rubric(shell.at, correctness=0.5, version=2)
    shell("check --markdown c.md", code=1)
    text = (shell.at / "c.md").read_text()
    assert len(text.encode()) <= MOST_MARKDOWN
    assert "\nand " in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in tables)


def test_file_names():
    """Every scenario has a file of its own in the folder of its grader."""
    assert file_name("inbox/hard") == "inbox.hard.grades"
    names = ["inbox/hard", "inbox.hard", "../inbox/hard", "tau2:airline/1", "x" * 300, "é", ""]
    found = {file_name(name) for name in names}
    assert len(found) == len(names)
    assert all("/" not in name and not name.startswith("..") for name in found)
