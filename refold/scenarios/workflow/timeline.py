"""What pictures of a workflow show beside words and views: who worked at what, and marks."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from refold.engine import Event
from refold.engine.presentation import Mark, Placed, Say, Span, Timeline
from refold.scenarios.workflow.events import (
    SubtaskAborted,
    SubtaskCompleted,
    SubtaskDelegated,
    SubtaskFailed,
    SubtaskRetried,
    WorkerDegraded,
    WorkerDroppedOut,
)


def _parameters(
    parameters: Mapping[str, Any], _start: Any, _stream: Sequence[Event], running: bool
) -> dict[str, Any]:
    secret = {"reliability_overrides", "scheduled_events"} if running else set()
    shown = {key: value for key, value in parameters.items() if key not in secret}
    if running:
        shown["subtasks"] = [{**each, "output": ""} for each in parameters["subtasks"]]
    return shown


class _OpenSpans:
    """The spans of workers, those still open among them, while events are read."""

    def __init__(self) -> None:
        self.all: list[Span] = []
        self._open: dict[str, Span] = {}

    def begin(self, position: int, worker: str, subtask: str, attempt: int) -> None:
        span: Span = [worker, subtask, position, None, "running", attempt]
        self._open[subtask] = span
        self.all.append(span)

    def close(self, position: int, subtask: str | None, outcome: str) -> None:
        span = self._open.pop(subtask, None) if subtask is not None else None
        if span is not None:
            span[3:5] = [position, outcome]


def _spans(placed: Placed) -> list[Span]:
    found = _OpenSpans()
    failed: dict[str, int] = {}
    for position, event in placed:
        match event:
            case SubtaskDelegated() | SubtaskRetried():
                attempt = failed.get(event.subtask, 0) + 1
                found.begin(position, event.worker, event.subtask, attempt)
            case SubtaskCompleted():
                found.close(position, event.subtask, "done")
            case SubtaskFailed():
                failed[event.subtask] = event.failures
                found.close(position, event.subtask, "permanent" if event.permanent else "failed")
            case SubtaskAborted():
                found.close(position, event.subtask, "aborted")
            case WorkerDroppedOut():
                if event.released is not None:
                    failed[event.released] = failed.get(event.released, 0) + 1
                found.close(position, event.released, "failed")
                found.all.append([event.worker, None, position, None, "offline", 0])
    return found.all


def _marks(placed: Placed, say: Say, steps: int, parameters: Mapping[str, Any]) -> Iterator[Mark]:
    done: dict[str, int] = {}
    for position, event in placed:
        match event:
            case SubtaskFailed():
                yield position, "permanent" if event.permanent else "failed", say(event)
            case WorkerDroppedOut() | WorkerDegraded():
                yield position, "world", say(event)
            case SubtaskCompleted():
                done[event.subtask] = position
    for milestone in parameters["sla_milestones"]:
        due = milestone["deadline"] + 1
        if due <= steps and done.get(milestone["subtask"], due + 1) > due:
            yield due, "sla", f"deadline missed: {milestone['subtask']}"


TIMELINE = Timeline(parameters=_parameters, spans=_spans, marks=_marks)
