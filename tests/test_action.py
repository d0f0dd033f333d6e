"""The action for GitHub: its script does what it says, and nothing in it can be steered."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from checking import make_project, write_rubric, write_settings
from pages import page, rows, section

ACTION = page("action.yml")
SCRIPTS = [
    textwrap.dedent(each)
    for each in re.findall(r"^      run: \|\n((?: {8}.*\n|\n)+)", ACTION, re.MULTILINE)
]


def keys(heading: str) -> set[str]:
    """Return the names under a heading of the action, such as its inputs."""
    part = re.split(rf"^{heading}:\n", ACTION, flags=re.MULTILINE)[1]
    return set(
        re.findall(r"^  ([\w-]+):$", re.split(r"^\w", part, flags=re.MULTILINE)[0], re.MULTILINE)
    )


def test_other_actions_are_pinned():
    """Each action that it uses, and that its page shows, is named by a commit, not by a tag."""
    used = re.findall(r"uses: (\S+)", ACTION + page("docs/ci.md"))
    assert len(used) == 4
    for each in used:
        assert re.fullmatch(r"[\w/-]+@([0-9a-f]{40}|COMMIT)", each), each


def test_values_come_through_the_environment():
    """No script holds an expression, which could put a stranger's text into it."""
    assert len(SCRIPTS) == 2
    assert not any("${{" in each for each in SCRIPTS)


def test_inputs_are_used_and_documented():
    """Every input is used and stands on the page, and every output is one that is set."""
    inputs = keys("inputs")
    assert inputs == set(re.findall(r"inputs\.([\w-]+)", ACTION))
    assert inputs == set(rows(section("docs/ci.md", "## GitHub Actions")))
    outputs = set(re.findall(r"steps\.check\.outputs\.(\w+)", ACTION))
    assert outputs == keys("outputs") == {"verdict", "moved", "lost", "gained", "report"}


@pytest.fixture
def run(tmp_path):
    """Return a function that runs the script of the check in a project, and its exit code."""
    shell = make_project(tmp_path / "project")
    runner = tmp_path / "runner"
    (runner / "refold-check").mkdir(parents=True)
    (runner / "refold-check" / "bin").symlink_to(Path(sys.executable).parent)

    def run_script(**env):
        ran = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", SCRIPTS[1]],
            cwd=shell.at,
            env={
                "PATH": os.environ["PATH"],
                "RUNNER_TEMP": str(runner),
                "GITHUB_OUTPUT": str(tmp_path / "outputs"),
                "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
                "CONFIG": "",
                "SUMMARY": "true",
                **env,
            },
            stdout=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
        return ran.returncode

    return shell, run_script


@pytest.mark.slow
def test_the_script(run, tmp_path):
    """Reports and outputs are there whether the check holds or not; the job fails with it."""
    shell, script = run
    assert script() == 0
    write_rubric(shell.at, correctness=0.5, version=2)
    write_settings(shell.at, fail={"moved": 0})
    assert script() == 1
    lines = (tmp_path / "outputs").read_text().splitlines()
    assert "verdict=check passes" in lines
    assert "verdict=check fails: moved" in lines
    report = Path(lines[0].removeprefix("report="))
    assert {path.name for path in report.iterdir()} == {"check.md", "check.xml", "check.html"}
    assert (tmp_path / "summary").read_text().count("\n### ") == 2


@pytest.mark.slow
def test_its_values_are_single_words(run, tmp_path):
    """The settings may lie under any name, which no shell takes apart; the summary is optional."""
    shell, script = run
    place = shell.at / "a $(touch here) b"
    place.mkdir()
    assert script(CONFIG=f"{place.name}/refold.toml", SUMMARY="false") == 2
    write_settings(shell.at)
    (shell.at / "refold.toml").rename(shell.at / "a b.toml")
    assert script(CONFIG="a b.toml", SUMMARY="false") == 0
    assert not (shell.at / "here").exists()
    assert not (tmp_path / "summary").exists()
