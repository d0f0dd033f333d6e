"""A project with episodes, rubrics and a ``refold.toml``, for tests of ``refold check``."""

import tomllib
from pathlib import Path
from typing import Any

import tomli_w
from shell import Shell

from refold.scenarios import scenario_source

SETTINGS: dict[str, Any] = {
    "episodes": "evals/episodes",
    "baseline": "evals/baseline",
    "graders": [{"rubrics": "rubrics"}],
    "fail": {"lost": 0, "missing": 0},
}
HARD = Path("evals/baseline/rubrics/inbox.hard.grades")


def write_settings(at: Path, **check: Any) -> None:
    """Write a ``refold.toml`` in the folder *at*: SETTINGS, but for what *check* says."""
    said = {name: value for name, value in {**SETTINGS, **check}.items() if value is not None}
    (at / "refold.toml").write_text(tomli_w.dumps({"check": said}))


def write_rubric(at: Path, *, correctness: float = 0.55, version: int = 1) -> None:
    """Write a rubric for inbox/hard, of which the criterion *correctness* has this weight."""
    rubric = tomllib.loads(scenario_source("inbox/hard"))["rubric"]
    rest = 0.8 - correctness
    weights = {"correctness": correctness, "completion": rest}
    criteria = [
        {**each, "weight": weights.get(each["name"], each["weight"])} for each in rubric["criteria"]
    ]
    (at / "rubrics").mkdir(exist_ok=True)
    path = at / "rubrics" / "hard.toml"
    path.write_text(tomli_w.dumps({"rubric": {**rubric, "version": version, "criteria": criteria}}))


def record(shell: Shell, name: str, agent: str, *, epochs: int, seed: int = 1) -> None:
    """Record a run and export it into the project."""
    shell(f"record inbox/hard --agent {agent} --epochs {epochs} --seed {seed} --name {name}")
    (shell.at / "evals" / "episodes").mkdir(parents=True, exist_ok=True)
    shell(f"export -o evals/episodes/{name}.jsonl")
    (shell.at / "refold.db").unlink()


def make_project(at: Path) -> Shell:
    """Return a shell in a new project in the folder *at*, which has a baseline."""
    at.mkdir(exist_ok=True)
    shell = Shell(at)
    record(shell, "base", "baseline", epochs=3)
    record(shell, "dice", "random", epochs=4)
    write_rubric(at)
    write_settings(at)
    shell("check --update")
    return shell
