"""
The rules, version 1, against episodes recorded from the originals (see conformance/README.md).

Each recorded step is compared as a whole: what the engine shows is put into the recording's
shape, so that a figure that nobody compares cannot hide.
"""

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from sizes import first_fast

from refold.engine import ActionRefused, ActionTaken, Episode, EpisodeEnded, Event, StepResult
from refold.graders import grade
from refold.scenarios import load
from refold.scenarios.inbox.events import EmailHandled
from refold.scenarios.workflow.events import (
    ParallelismObserved,
    SubtaskCompleted,
    SubtaskDelegated,
    SubtaskFailed,
    WorkerDegraded,
    WorkerDroppedOut,
)
from refold.scenarios.workflow.observation import Hint, Observation

FOLDER = Path(__file__).parent / "conformance"


def read(name: str) -> list[dict[str, Any]]:
    with gzip.open(FOLDER / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


WORKFLOW, INBOX = read("workflow"), read("inbox")


def near(value: Any) -> Any:
    return pytest.approx(value, abs=1e-6)


def test_every_recording_is_there() -> None:
    """357 workflow and 236 inbox episodes, all different: no empty file passes."""
    assert [len({each["id"] for each in group}) for group in (WORKFLOW, INBOX)] == [357, 236]
    assert [sum(len(each["steps"]) for each in group) for group in (WORKFLOW, INBOX)] == [
        5826,
        1000,
    ]


def tasks(recorded: Sequence[Mapping[str, Any]]) -> list[str]:
    return sorted({each["task"] for each in recorded})


@pytest.mark.parametrize("task", first_fast(tasks(WORKFLOW), 2))
def test_workflow_episodes(task: str) -> None:
    """Errors, rewards, states, hints, events and grades of workflow episodes are as recorded."""
    for recorded in WORKFLOW:
        if recorded["task"] == task:
            check_workflow_episode(recorded)


def check_workflow_episode(recorded: Mapping[str, Any]) -> None:
    episode = Episode.start(load(f"workflow/{recorded['task']}"))
    for number, step in enumerate(recorded["steps"]):
        shown = workflow_step(step["action"], episode.step(step["action"]), episode)
        assert shown == expected_workflow_step(step), f"{recorded['id']} step {number}"
    assert episode.state.total == near(recorded["total_reward"])
    given = grade(episode.events)
    assert given.score == pytest.approx(recorded["score"], abs=1e-9)
    figures = {**given.counts, **given.breakdown}
    compared = {name: figures.get(name) for name in recorded["breakdown"]}
    assert compared == pytest.approx(recorded["breakdown"], abs=1e-9)


def expected_workflow_step(step: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **step,
        "reward": near(step["reward"]),
        "breakdown": near(step["breakdown"]),
        "budget_used": near(step["budget_used"]),
        "events": [[t, kind, _about(data)] for t, kind, data in step["events"]],
    }


def _about(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: near(value) if key == "total_reward" else value for key, value in data.items()}


def workflow_step(action: Any, result: StepResult, episode: Episode) -> dict[str, Any]:
    seen: Observation = result.observation
    return {
        "action": action,
        "error": result.error,
        "reward": result.reward,
        "breakdown": result.breakdown,
        "done": episode.over,
        "time_remaining": seen.time_remaining,
        "budget_used": seen.budget_used,
        "active": seen.active_count,
        "available": list(seen.available_actions),
        "hint": workflow_hint(seen.hint),
        "failures": [seen.failures_occurred, seen.failures_recovered],
        "subtasks": {
            id: [each.status, each.assigned_to, each.attempt_count]
            for id, each in seen.subtasks.items()
        },
        "agents": {
            name: [each.status, each.current_task, each.speed]
            for name, each in seen.workers.items()
        },
        "events": list(workflow_events(result.events, seen, episode.state.total)),
    }


def workflow_hint(hint: Hint | None) -> list[Any] | None:
    if hint is None:
        return None
    named = (hint.subtask, hint.worker, hint.ready, hint.idle)
    return [hint.kind, *(each for each in named if each is not None)]


def workflow_choice(events: Sequence[Event], seen: Observation) -> Iterator[Any]:
    """Yield what the agent chose in the recording's words, a delegation before its action."""
    step = seen.time_elapsed - 1
    for event in events:
        if isinstance(event, SubtaskDelegated):
            who = {"subtask_id": event.subtask, "agent_name": event.worker}
            kind = seen.subtasks[event.subtask].type
            yield [step, "subtask_delegated", {**who, "subtask_type": kind}]
    taken = next(event.action for event in events if isinstance(event, ActionTaken))
    refused = any(isinstance(event, ActionRefused) for event in events)
    named = {"subtask_id": taken.subtask_id, "agent_name": taken.agent_name}
    kind = "action_invalid" if refused else "action_taken"
    yield [step, kind, {"action_type": taken.action_type, **named}]


def workflow_events(events: Sequence[Event], seen: Observation, total: float) -> Iterator[Any]:
    """Yield *events* of one step in the recording's words and order."""
    yield from workflow_choice(events, seen)
    step = seen.time_elapsed - 1
    for event in events:
        match event:
            case ParallelismObserved():
                yield [step, "parallelism", {"concurrent_tasks": list(event.subtasks)}]
            case SubtaskCompleted(subtask=subtask, worker=worker, failures=failures):
                who = {"subtask_id": subtask, "agent_name": worker}
                yield [step, "subtask_completed", {**who, "attempt_count": failures}]
            case SubtaskFailed(subtask=subtask, worker=worker, permanent=permanent):
                who = {"subtask_id": subtask, "agent_name": worker}
                yield [step, "subtask_failed", {**who, "is_permanent": permanent}]
            case WorkerDroppedOut(worker=worker, released=released):
                task = {"was_working": released is not None, "released_task": released}
                yield [step, "agent_dropout", {"agent_name": worker, **task}]
            case WorkerDegraded(worker=worker, speed=speed):
                yield [step, "agent_degraded", {"agent_name": worker, "new_speed": speed}]
            case EpisodeEnded(reason=reason):
                done = all(each.status == "completed" for each in seen.subtasks.values())
                end = {"all_completed": done, "synthesized": reason == "synthesized"}
                yield [step + 1, "episode_end", {**end, "total_reward": total}]


@pytest.mark.parametrize("task", tasks(INBOX))
def test_inbox_episodes(task: str) -> None:
    """Draw, rewards, outcomes, inbox and grade of inbox episodes are as recorded."""
    for recorded in INBOX:
        if recorded["task"] == task:
            check_inbox_episode(recorded)


def check_inbox_episode(recorded: Mapping[str, Any]) -> None:
    task = recorded["task"].removeprefix("email-triage-")
    episode = Episode.start(load(f"inbox/{task}"), seed=recorded["seed"])
    arrived = episode.observation.inbox
    assert [email.id for email in arrived] == recorded["emails"]
    assert [email.category for email in arrived] == recorded["categories"]
    drawn = {id: list(words) for id, words in episode.state.keywords.items() if words}
    assert drawn == recorded["keywords"]
    for number, step in enumerate(recorded["steps"]):
        shown = inbox_step(step["action"], episode.step(step["action"]), episode)
        about = {"components": near(step["components"]), "reward": near(step["reward"])}
        assert shown == {**step, **about}, f"{recorded['id']} step {number}"
    assert episode.state.total == near(sum(step["reward"] for step in recorded["steps"]))
    cut_off = 0.2 * sum(step["max_steps"] for step in recorded["steps"])
    assert episode.state.total + cut_off == near(recorded["total_reward"])
    assert grade(episode.events).score == pytest.approx(recorded["score"], abs=1e-9)


def inbox_step(action: Any, result: StepResult, episode: Episode) -> dict[str, Any]:
    seen = result.observation
    return {
        "action": action,
        "components": result.breakdown,
        "reward": result.reward,
        "done": episode.over,
        "outcome": "invalid_id" if result.error else "routed",
        "late": any(isinstance(each, EmailHandled) and each.late for each in result.events),
        "max_steps": result.truncated,
        "remaining": seen.remaining_count,
        "current": seen.current.id if seen.current else None,
        "history": list(seen.history),
    }
