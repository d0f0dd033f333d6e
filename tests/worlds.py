"""Scenarios for tests: the shipped files as plain data, small worlds, and actions in words."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from refold.engine import Episode, StepResult
from refold.scenarios import Scenario, load, scenario_source

Data = dict[str, Any]


def toml(value: Any) -> str:
    """Return *value* as TOML, on one line."""
    if isinstance(value, Mapping):
        pairs = (f"{toml(str(key))} = {toml(each)}" for key, each in value.items())
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def write(path: Path, data: Mapping[str, Any]) -> Path:
    """Write *data* as a TOML file and return its path."""
    lines = [f"{toml(key)} = {toml(value)}\n" for key, value in data.items()]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def shipped(name: str) -> Data:
    """Return the scenario file *name*, such as ``workflow/hard``, as plain data."""
    return tomllib.loads(scenario_source(name))


def subtask(id: str, type: str, *dependencies: str) -> Data:
    """Return a node of a small DAG."""
    return {"id": id, "type": type, "dependencies": dependencies, "output": f"{id} is done"}


def worker(
    name: str, *capabilities: str, speed: int = 1, reliability: float = 1.0, cost: float = 1.0
) -> Data:
    """Return a worker that never fails, unless told so."""
    figures = {"speed": speed, "reliability": reliability, "cost_per_step": cost}
    return {"name": name, "capabilities": capabilities, **figures}


def workflow(
    folder: Path, subtasks: Iterable[Data], workers: Iterable[Data], **parameters: Any
) -> Scenario:
    """Return a small workflow scenario, written into *folder*; 20 steps, capacity 10."""
    limits = {"time_budget": 20, "capacity_limit": 10}
    world = {"subtasks": list(subtasks), "workers": list(workers)}
    completion = {"name": "completion", "weight": 1.0, "measure": "share_completed"}
    data = {
        "family": "workflow",
        "rules": 1,
        "title": "Small",
        "description": "A small world.",
        "seed": 7,
        "parameters": {**limits, **world, **parameters},
        "rubric": {"name": "small", "version": 1, "criteria": [completion]},
    }
    return load(write(folder / "small.toml", data))


def action(words: str) -> Data:
    """Return a workflow action from words such as ``delegate SUBTASK WORKER``."""
    keys = ("action_type", "subtask_id", "agent_name")
    return dict(zip(keys, words.split(), strict=False))


def email(id: str, category: str, *second: str, subject: str = "Hello") -> Data:
    """Return an e-mail; with *second*, replies are judged by ``reset`` and one of those words."""
    body = "I need {token}." if second else "Please look at this."
    words = {"keywords": {"first": "reset", "second_candidates": second}} if second else {}
    about = {"category": category, "priority": "low", "sender": "a@client.com"}
    return {"id": id, "subject": subject, "body": body, **about, **words}


def inbox(folder: Path, *emails: Data, max_steps: int = 20) -> Scenario:
    """Return a small inbox scenario, written into *folder*, graded by completion alone."""
    completion = {"name": "completion", "weight": 1.0, "measure": "completion"}
    data = {
        "family": "inbox",
        "rules": 1,
        "title": "Small",
        "description": "A small inbox.",
        "seed": 1,
        "parameters": {"max_steps": max_steps, "emails": emails},
        "rubric": {"name": "small", "version": 1, "criteria": [completion]},
    }
    return load(write(folder / "inbox.toml", data))


def play(episode: Episode, given: Iterable[str]) -> list[StepResult]:
    """Take the workflow actions *given* in words, refused or not, and return the steps."""
    return [episode.step(action(words)) for words in given]


WORKED_EXAMPLE = (
    "delegate alert_triage triage_analyst",
    "delegate enrich_logs investigator_alpha",
    "delegate check_dashboards monitor",
    "retry enrich_logs investigator_beta",
    "delegate check_dependencies investigator_alpha",
    "delegate notify_stakeholders communicator",
    "delegate root_cause_analysis senior_engineer",
    "delegate deploy_hotfix deployer",
    "delegate update_status_page communicator",
    "delegate validate_fix senior_engineer",
    "delegate monitor_recovery monitor",
    "wait",
    "wait",
    "synthesize",
)
"""The published run of workflow/hard that scores 0.7929."""
