"""What pictures of a workflow, rules version 2, show beside words and views."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from refold.engine import Event
from refold.engine.presentation import Mark, Placed, Say, Span, Timeline
from refold.scenarios.workflow2.events import (
    TaskCompleted,
    TaskFailed,
    TickPassed,
    WorkCancelled,
    WorkerLeft,
    WorkerSlowed,
    WorkStarted,
    WorldDrawn,
)

_SECRETS = ("outages", "departures", "slowdowns", "odd", "witness")
_TASK_SECRETS = ("hidden", "trap")


def _parameters(
    _parameters: Mapping[str, Any], _start: Any, stream: Sequence[Event], running: bool
) -> dict[str, Any]:
    """Return the world that was drawn; of a *running* episode without what is to be found out."""
    drawn = next((event for event in stream if isinstance(event, WorldDrawn)), None)
    if drawn is None:
        return {}
    shown: dict[str, Any] = msgspec.to_builtins(drawn.world)
    if running:
        shown = _without(shown, _SECRETS)
        shown["tasks"] = [_without(task, _TASK_SECRETS) for task in shown["tasks"]]
        shown["workers"] = [_without(worker, ("barred",)) for worker in shown["workers"]]
    return shown


def _without(table: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if key not in keys}


def _spans(placed: Placed) -> list[Span]:
    spans: list[Span] = []
    running: dict[str, Span] = {}
    failed: dict[str, int] = {}
    for position, event in placed:
        match event:
            case WorkStarted():
                attempt = failed.get(event.task, 0) + 1
                span: Span = [event.worker, event.task, position, None, "running", attempt]
                spans.append(span)
                running[event.task] = span
            case TaskCompleted():
                running.pop(event.task)[3:5] = [position, "done"]
            case TaskFailed():
                failed[event.task] = failed.get(event.task, 0) + 1
                running.pop(event.task)[3:5] = [position, "failed"]
            case WorkCancelled():
                running.pop(event.task)[3:5] = [position, "aborted"]
            case WorkerLeft():
                spans.append([event.worker, None, position, None, "offline", 0])
    return spans


def _marks(placed: Placed, say: Say, _steps: int, _parameters: Mapping[str, Any]) -> Iterator[Mark]:
    due: dict[str, int] = {}
    for position, event in placed:
        match event:
            case WorldDrawn():
                due = {task.id: task.due for task in event.world.tasks if task.due is not None}
            case WorkStarted(sound=False):
                yield position, "mistake", say(event)
            case TaskFailed():
                yield position, "failed", say(event)
            case WorkerLeft() | WorkerSlowed():
                yield position, "world", say(event)
            case TaskCompleted():
                due.pop(event.task, None)
            case TickPassed():
                # What is completed at this tick follows; what was due before it is late.
                for task in [id for id, tick in due.items() if tick < event.tick]:
                    del due[task]
                    yield position, "sla", f"deadline missed: {task}"


TIMELINE = Timeline(
    parameters=_parameters,
    spans=_spans,
    marks=_marks,
    hidden=frozenset({"world", "kind", "sound"}),
)
