"""
What pictures of an episode need of its family beside words and views: spans, marks, texts.

A family that is not named here gets the marks that every family has, and no spans: its page
still tells everything, in words.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from refold.engine import ActionRefused, Event, Reseeded, StepRewarded, Stream
from refold.engine.exchanges import ActionForfeited, ModelCalled, ReplyUnread
from refold.scenarios.inbox.events import EmailHandled, InboxFilled
from refold.scenarios.inbox.rules import due_action
from refold.scenarios.inbox.state import State as Inbox
from refold.scenarios.workflow.events import (
    SubtaskAborted,
    SubtaskCompleted,
    SubtaskDelegated,
    SubtaskFailed,
    SubtaskRetried,
    WorkerDegraded,
    WorkerDroppedOut,
)

Placed = Sequence[tuple[int, Event]]
"""Events with the position that their step leads to; 0 for what came before any action."""
Say = Callable[[Any], str]
Mark = tuple[int, str, str]
"""Position, kind and words of a moment that is worth a look."""
Span = list[Any]
"""Worker, subtask or None, first position, last one or None, outcome, number of the attempt."""


@frozen
class Picture:
    """
    How a family is prepared for a page.

    Attributes:
        scenario: Parameters for watchers, from those recorded, the start and the stream; without
            what an agent must not see if the episode is *running*.
        spans: Who worked at what, from when to when.
        marks: Moments beside those that every family has; told *steps* and parameters as well.
        hidden: Fields of events that a running episode must not show.
    """

    scenario: Callable[[Mapping[str, Any], Any, Stream, bool], dict[str, Any]]
    spans: Callable[[Placed], list[Span]]
    marks: Callable[[Placed, Say, int, Mapping[str, Any]], Iterator[Mark]]
    hidden: frozenset[str] = frozenset()


def picture_of(name: str, rules: int) -> Picture:
    """Return how the family *name* with the rules version *rules* is prepared for a page."""
    return _PICTURES.get((name, rules), _PLAIN)


def shared_marks(placed: Placed, say: Say) -> Iterator[Mark]:
    """Yield the marks that every family has: refusals, other seeds, answers of no use."""
    for position, event in placed:
        match event:
            case ActionRefused():
                yield position, "refused", say(event)
            case Reseeded():
                yield position, "operator", say(event)
            case ReplyUnread() | ActionForfeited() | ModelCalled(reply=None):
                yield position, "parse", say(event)


def _workflow_scenario(
    parameters: Mapping[str, Any], _start: Any, _stream: Stream, running: bool
) -> dict[str, Any]:
    secret = {"reliability_overrides", "scheduled_events"} if running else set()
    shown = {key: value for key, value in parameters.items() if key not in secret}
    if running:
        shown["subtasks"] = [{**each, "output": ""} for each in parameters["subtasks"]]
    return shown


class _Spans:
    """Spans of workers while their events go by."""

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


def _workflow_spans(placed: Placed) -> list[Span]:
    spans = _Spans()
    failed: dict[str, int] = {}
    for position, event in placed:
        match event:
            case SubtaskDelegated() | SubtaskRetried():
                attempt = failed.get(event.subtask, 0) + 1
                spans.begin(position, event.worker, event.subtask, attempt)
            case SubtaskCompleted():
                spans.close(position, event.subtask, "done")
            case SubtaskFailed():
                failed[event.subtask] = event.failures
                spans.close(position, event.subtask, "permanent" if event.permanent else "failed")
            case SubtaskAborted():
                spans.close(position, event.subtask, "aborted")
            case WorkerDroppedOut():
                if event.released is not None:
                    failed[event.released] = failed.get(event.released, 0) + 1
                spans.close(position, event.released, "failed")
                spans.all.append([event.worker, None, position, None, "offline", 0])
    return spans.all


def _workflow_marks(
    placed: Placed, say: Say, steps: int, parameters: Mapping[str, Any]
) -> Iterator[Mark]:
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


def _inbox_scenario(
    parameters: Mapping[str, Any], start: Inbox, stream: Stream, running: bool
) -> dict[str, Any]:
    filled = next((event for event in stream if isinstance(event, InboxFilled)), None)
    words = {each.id: each.keywords for each in filled.emails} if filled else {}
    emails = []
    for email in start.pending.values():
        shown: dict[str, Any] = {
            "id": email.id,
            "sender": email.sender,
            "subject": email.subject,
            "body": email.body,
            "priority": email.priority,
            "category": email.category,
        }
        if not running:
            shown["expected"] = due_action(email.category)
            shown["keywords"] = list(words.get(email.id, ()))
        emails.append(shown)
    return {"max_steps": parameters["max_steps"], "emails": emails}


def _inbox_marks(
    placed: Placed, say: Say, _steps: int, _parameters: Mapping[str, Any]
) -> Iterator[Mark]:
    handled = ""
    for position, event in placed:
        if isinstance(event, EmailHandled):
            handled = say(event)
        if isinstance(event, StepRewarded) and event.parts.get("safety_penalty", 0.0) < 0:
            yield position, "risky", handled


_PLAIN = Picture(
    scenario=lambda parameters, start, stream, running: {} if running else dict(parameters),
    spans=lambda placed: [],
    marks=lambda placed, say, steps, parameters: iter(()),
)
_PICTURES = {
    ("workflow", 1): Picture(_workflow_scenario, _workflow_spans, _workflow_marks),
    ("inbox", 1): Picture(
        _inbox_scenario,
        lambda placed: [],
        _inbox_marks,
        hidden=frozenset({"emails", "expected", "late", "found"}),
    ),
}
