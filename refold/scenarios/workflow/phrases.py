"""Workflow actions and events in words, one line each: the same words everywhere."""

from functools import singledispatch
from typing import Any

from refold.engine import ActionRefused, ActionTaken
from refold.engine.phrases import say_shared
from refold.scenarios.workflow.actions import Action
from refold.scenarios.workflow.events import (
    FailuresLingered,
    ParallelismObserved,
    SubtaskAborted,
    SubtaskCompleted,
    SubtaskDelegated,
    SubtaskFailed,
    SubtaskRetried,
    SubtasksUnblocked,
    WorkAdvanced,
    WorkerDegraded,
    WorkerDroppedOut,
)

_REASONS = {
    "unknown_subtask": "there is no such subtask",
    "not_ready": "its dependencies are not completed, or it is not waiting to be delegated",
    "not_failed": "only a failed subtask can be retried",
    "unknown_or_offline_agent": "there is no such worker online",
    "agent_busy": "that worker is busy",
    "lacks_capability": "that worker cannot do this type of subtask",
    "capacity": "as many workers as allowed are working already",
    "permanent_failure": "that worker would fail at this subtask again",
    "incomplete": "not all subtasks are completed",
    "already_completed": "it is completed already",
}
# Not that it always fails: an override may give later attempts a chance.
_NO_CHANCE = "this attempt could not succeed; the worker may always fail at it"


@singledispatch
def say(thing: Any) -> str:
    """Return an action, an event or a hint in words: one line, no full stop."""
    return say_shared(thing)


@say.register
def _(action: Action) -> str:
    subtask = action.subtask_id or "(no subtask)"
    match action.action_type:
        case "delegate":
            return f"delegate {subtask} to {action.agent_name or '(no worker)'}"
        case "retry":
            return f"retry {subtask} with {action.agent_name or '(no worker)'}"
        case "abort":
            return f"abort {subtask}"
        case kind:
            return kind


@say.register
def _(event: ActionTaken) -> str:  # type: ignore[type-arg]  # singledispatch takes plain classes
    return say(event.action)


@say.register
def _(event: ActionRefused) -> str:
    reason = _REASONS.get(event.error)
    return f"refused: {event.error}{f' ({reason})' if reason else ''}"


@say.register
def _(event: SubtaskDelegated) -> str:
    return f"{event.worker} began {event.subtask}, {_steps(event.duration)}"


@say.register
def _(event: SubtaskRetried) -> str:
    return f"{event.worker} began {event.subtask} anew, {_steps(event.duration)}"


def _steps(number: int) -> str:
    return f"{number} step{'' if number == 1 else 's'}"


@say.register
def _(event: SubtaskAborted) -> str:
    return f"{event.subtask} was aborted{f', {event.worker} is idle' if event.worker else ''}"


@say.register
def _(event: ParallelismObserved) -> str:
    return f"in progress together: {', '.join(event.subtasks)}"


@say.register
def _(event: WorkAdvanced) -> str:
    return f"one step of work; cost so far {event.budget_used:g}"


@say.register
def _(event: SubtaskCompleted) -> str:
    again = f" after {event.failures} failed" if event.failures else ""
    return f"{event.worker} completed {event.subtask}{again}"


@say.register
def _(event: SubtaskFailed) -> str:
    nature = _NO_CHANCE if event.permanent else "a retry may help"
    return f"{event.worker} failed at {event.subtask} ({nature})"


@say.register
def _(event: WorkerDroppedOut) -> str:
    lost = f", and {event.released} failed" if event.released else ""
    return f"{event.worker} went offline for good{lost}"


@say.register
def _(event: WorkerDegraded) -> str:
    return f"{event.worker} slowed down: {_steps(event.speed)} for each subtask"


@say.register
def _(event: SubtasksUnblocked) -> str:
    return f"dependencies met: {', '.join(event.subtasks)}"


@say.register
def _(event: FailuresLingered) -> str:
    waiting = ", ".join(event.subtasks)
    return f"unhandled failures: {waiting}" if waiting else "no unhandled failures"
