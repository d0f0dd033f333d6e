import os
import re
import shutil
import subprocess
import sys
import sysconfig

import pytest
from shell import Shell
from test_wheel import installed, wheel  # noqa: F401 - fixtures

from refold.replays.golden import GOLDEN_FOLDER

pytestmark = pytest.mark.slow

GRADER = """
from refold.graders import Facts, Finding
from refold.scenarios.workflow.events import SubtaskFailed

def failures(events):
    failed = Facts(events).of_type(SubtaskFailed)
    return {"base": 1.0, "failures": Finding.of(-0.1 * len(failed), failed)}
"""
TESTS = """
import pytest
from refold.graders.custom import grade_by
from mine import failures

@pytest.mark.refold(scenario="workflow/hard")
def test_grade(episode, grade_snapshot):
    assert grade_by(failures, episode) == grade_snapshot
"""
SETTINGS = """
[pytest]
addopts = -q --strict-markers
filterwarnings = error
"""


WITHOUT = [f"-pno:{name}" for name in ("anyio", "hypothesispytest")]
"""Plugins that the project has no use for, and that take longer to import than its tests."""


class Project:
    """A little project of somebody else, who has installed refold from its wheel."""

    def __init__(self, at, site):
        self.at = at
        self.site = site
        self.write("pytest.ini", SETTINGS)

    def write(self, name, text):
        """Write a file of the project."""
        (self.at / name).write_text(text)

    def pytest(self, *words, code=0):
        """Run the project's tests, which have to exit with *code*, and return what they print."""
        paths = [self.site, sysconfig.get_path("purelib")]
        ran = subprocess.run(
            # Without the site module no editable install leads back to the checkout.
            [sys.executable, "-S", "-m", "pytest", "-p", "no:cacheprovider", *WITHOUT, *words],
            cwd=self.at,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(map(str, paths))},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        output = ran.stdout + ran.stderr
        assert ran.returncode == code, output
        return output


@pytest.fixture
def project(tmp_path, request):
    """Return a project with a grader, its test, and a log of three episodes."""
    shell = Shell(tmp_path)
    shell("record workflow/hard workflow/easy --agent greedy --name a")
    shell("record inbox/easy --agent baseline --name b")
    made = Project(tmp_path, request.getfixturevalue("installed"))
    made.write("mine.py", GRADER)
    made.write("test_mine.py", TESTS)
    return made


def test_it_passes_then_fails_readably(project):
    """Grades are stored as text; when the grader changes, the test says which part moved."""
    assert "1 snapshot generated" in project.pytest(
        "--refold-log", "refold.db", "--snapshot-update"
    )
    stored = (project.at / "__snapshots__" / "test_mine.grades").read_text()
    assert "  score 0.9000 of workflow/hard\n" in stored
    assert "    failures: -0.1000 of 1.0000, value -0.1000 x 1.0000, events 16\n" in stored
    assert "1 snapshot passed" in project.pytest("--refold-log", "refold.db")
    project.write("mine.py", GRADER.replace("-0.1", "-0.05"))
    output = project.pytest("--refold-log", "refold.db", code=1)
    changed = [
        line for line in output.splitlines() if line.startswith(("E         -", "E         +"))
    ]
    assert [line.split()[:3] for line in changed] == [
        ["E", "-", "score"],
        ["E", "+", "score"],
        ["E", "-", "failures:"],
        ["E", "+", "failures:"],
    ]
    assert "1 failed" in output


def test_a_change_is_told_part_by_part(project):
    """``assert_same_grade`` names the part, by how much it changed, and the events behind it."""
    project.write(
        "test_mine.py",
        """
from refold.graders.custom import grade_by
from mine import failures
from refold.pytest_plugin import assert_same_grade

def test_same(load_episode):
    events = load_episode("workflow-hard-greedy")
    before, now = grade_by(lambda events: {"base": 1.0}, events), grade_by(failures, events)
    assert_same_grade(now, now, events)
    assert_same_grade(before, now, events)
""",
    )
    output = project.pytest("--refold-goldens", str(GOLDEN_FOLDER), code=1)
    told = [line.removeprefix("E").strip() for line in output.splitlines() if line.startswith("E ")]
    assert told[0] == "AssertionError: score 1.0000 -> 0.9000 (-0.1000) of workflow/hard"
    assert told[2:] == [
        "failures: -0.1000",
        "was no such part",
        "is  -0.1000 of 1.0000, value -0.1000 x 1.0000",
        "counted now:",
        "event 16: investigator_alpha failed at enrich_logs (this attempt could not succeed; "
        "the worker may always fail at it)",
    ]


@pytest.mark.parametrize(
    ("options", "messages"),
    [
        ("", {"": "expected saved episodes, got none; run pytest with --refold-log FILE or "}),
        ("--refold-log none.db", {"": "none.db: expected a log, got no such file"}),
        ("--refold-log mine.py", {"": "mine.py: expected a refold log, got another kind of file"}),
        ("--refold-goldens none", {"": "expected a folder, got none"}),
        (
            "--refold-log refold.db",
            {
                "agent='noop'": "saved episodes of agent='noop', got none",
                "agnt='x'": "expected scenario, agent or run, got agnt",
                "'workflow'": "expected scenario=..., agent=... or run=...",
            },
        ),
    ],
)
def test_no_episodes_is_an_error(project, options, messages):
    """Whoever asks for episodes that are not there is told at collection; nothing passes."""
    for number, marker in enumerate(messages):
        text = TESTS.replace('scenario="workflow/hard"', marker)
        project.write("test_mine.py" if not number else f"test_mine_{number}.py", text)
    output = project.pytest(*options.split(), code=2)
    for message in messages.values():
        assert message in output
    assert "Traceback" not in output
    assert re.search(rf"^{len(messages)} errors? in", output, re.MULTILINE)


def test_each_episode_and_each_golden(project):
    """A test runs for all of them, called by scenario and id, or by the golden's name."""
    project.write("test_mine.py", "def test_any(episode):\n    assert len(episode) > 3\n")
    ids = Shell(project.at).ids()
    names = [
        f"{name}-{id[:8]}"
        for name, id in zip(["workflow/hard", "workflow/easy", "inbox/easy"], ids, strict=True)
    ]
    listed = project.pytest("--collect-only", "--refold-log", "refold.db")
    assert [line.partition("[")[2] for line in listed.splitlines()[:3]] == [f"{n}]" for n in names]
    shutil.copy(GOLDEN_FOLDER / "inbox-easy-baseline.jsonl", project.at / "one.jsonl")
    both = project.pytest("--refold-log", "refold.db", "--refold-goldens", ".", "-vv")
    assert "test_any[one] PASSED" in both
    assert "4 passed" in both


def test_a_marker_chooses(project):
    """Only the episodes of that scenario or family, agent and run are taken."""
    markers = {
        "scenario='workflow'": ["workflow/hard", "workflow/easy"],
        "agent='greedy', scenario='workflow/easy'": ["workflow/easy"],
        "run='b'": ["inbox/easy"],
    }
    tests = (
        f"@pytest.mark.refold({marker})\ndef test_{number}(episode):\n    pass\n"
        for number, marker in enumerate(markers)
    )
    project.write("test_mine.py", "import pytest\n" + "".join(tests))
    output = project.pytest("--refold-log", "refold.db", "-vv")
    for number, scenarios in enumerate(markers.values()):
        passed = re.findall(rf"::test_{number}\[(.*)-\w+\] PASSED", output)
        assert passed == scenarios


def test_settings_count_unless_an_option_is_given(project):
    """The ini file may name log and goldens, beside itself; an option takes the place of both."""
    (project.at / "goldens").mkdir()
    shutil.copy(GOLDEN_FOLDER / "inbox-easy-baseline.jsonl", project.at / "goldens" / "one.jsonl")
    project.write("pytest.ini", SETTINGS + "refold_log = refold.db\nrefold_goldens = goldens\n")
    project.write("test_mine.py", "def test_any(episode):\n    pass\n")
    assert "4 passed" in project.pytest()
    assert "1 passed" in project.pytest("--refold-goldens", "goldens")


def test_one_episode_by_its_name(project):
    """A golden is loaded by name, an episode by id, a beginning of it, or ``last``."""
    id = Shell(project.at).ids()[0]
    project.write(
        "test_mine.py",
        f"""
def test_one(load_episode):
    assert load_episode("{id}").digest == load_episode("{id[:6]}").digest
    assert load_episode("last").family.name == "inbox"

def test_none(load_episode):
    load_episode("nothing")
""",
    )
    output = project.pytest("--refold-log", "refold.db", code=1)
    assert "episode 'nothing': expected an id, a unique prefix or 'last'" in output
    assert "1 failed, 1 passed" in output


def test_only_grades_are_stored(project):
    """Anything else than a grade is refused, so that no snapshot is of something else."""
    project.write(
        "test_mine.py", "def test_it(grade_snapshot):\n    assert 0.5 == grade_snapshot\n"
    )
    output = project.pytest("--snapshot-update", code=1)
    assert "grade_snapshot: expected a Grade, got float" in output


def test_others_are_left_alone(project):
    """Without its fixtures, refold is not even imported; a fixture of the same name is theirs."""
    project.write(
        "test_mine.py",
        f"""
import sys, pytest, refold.pytest_plugin

@pytest.fixture
def episode():
    return "mine"

def test_it(episode):
    assert episode == "mine"
    loaded = {{"refold.engine", "refold.graders", "refold.replays", "msgspec"}}
    assert not loaded & set(sys.modules)
    assert refold.pytest_plugin.__file__.startswith({str(project.site)!r})
""",
    )
    assert "1 passed" in project.pytest()
    assert "1 passed" in project.pytest("--refold-log", "none.db")
