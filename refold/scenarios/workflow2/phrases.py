"""Actions and events of workflows, rules version 2, in words: one line each."""

from functools import singledispatch
from typing import Any

from refold.engine import ActionRefused, ActionTaken
from refold.engine.phrases import say_shared
from refold.scenarios.workflow2.actions import Action
from refold.scenarios.workflow2.events import (
    NoticePosted,
    TaskCompleted,
    TaskFailed,
    TickPassed,
    WorkCancelled,
    WorkerLeft,
    WorkerSlowed,
    WorkStarted,
    WorldDrawn,
)

REASONS = {
    "unknown_task": "there is no such task",
    "unknown_worker": "there is no such worker",
    "already_done": "it is done already",
    "already_running": "it is being worked on already",
    "not_ready": "something that it needs is not done",
    "offline": "that worker has left",
    "busy": "that worker is busy",
    "capacity": "as many tasks as allowed are running already",
    "not_running": "nobody works on it",
}
"""Why an action was refused, by error class."""


@singledispatch
def say(thing: Any) -> str:
    """Return an action or an event in words: one line, no full stop."""
    return say_shared(thing)


@say.register
def _(action: Action) -> str:
    task = action.task or "(no task)"
    match action.type:
        case "assign":
            return f"assign {task} to {action.worker or '(no worker)'}"
        case "cancel":
            return f"cancel {task}"
        case kind:
            return kind


@say.register
def _(event: ActionTaken) -> str:  # type: ignore[type-arg]  # singledispatch takes plain classes
    return say(event.action)


@say.register
def _(event: ActionRefused) -> str:
    reason = REASONS.get(event.error)
    return f"refused: {event.error}{f' ({reason})' if reason else ''}"


@say.register
def _(event: WorldDrawn) -> str:
    world = event.world
    return (
        f"{_number(len(world.tasks), 'task')} for {_number(len(world.workers), 'worker')}, "
        f"{_number(world.capacity, 'task')} at once, {_number(world.horizon, 'tick')}"
    )


def _number(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


@say.register
def _(event: NoticePosted) -> str:
    return f"notice: {event.text}"


@say.register
def _(event: WorkStarted) -> str:
    careless = "" if event.sound else ", though it was known that this cannot go well"
    return f"{event.worker} began {event.task}, {_number(event.ticks, 'tick')}{careless}"


@say.register
def _(event: WorkCancelled) -> str:
    return f"{event.task} was taken from {event.worker}"


@say.register
def _(event: TickPassed) -> str:
    return f"it is tick {event.tick}, {event.cost:g} spent"


@say.register
def _(event: TaskCompleted) -> str:
    return f"{event.worker} finished {event.task}"


@say.register
def _(event: TaskFailed) -> str:
    return f"{event.worker} failed at {event.task}: {event.text}"


@say.register
def _(event: WorkerLeft) -> str:
    return f"{event.worker} left for good"


@say.register
def _(event: WorkerSlowed) -> str:
    return f"{event.worker} slowed down to pace {event.pace}"
