"""What the agent of an answered episode called and said, and the errors it got back, by event."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from refold.engine import ActionTaken
from refold.engine.exchanges import ModelCalled
from refold.scenarios.answered.events import EnvironmentAnswered, EnvironmentBegan
from refold.scenarios.facts import Facts, IndexedEvent


class Call(Struct, frozen=True):
    """A tool call: *at* is the action that it is in."""

    at: IndexedEvent
    name: str
    arguments: Any


class Text(Struct, frozen=True):
    """Words of the agent: *at* is the action or the model's reply that they are in."""

    at: IndexedEvent
    text: str


def calls(facts: Facts) -> list[Call]:
    """Return the tool calls of all actions, oldest first."""
    return [
        Call(at, call["name"], call.get("arguments"))
        for at in facts.of_type(ActionTaken)
        for call in calls_in(at.event.action)
    ]


def calls_in(action: Any) -> list[Mapping[str, Any]]:
    """Return the tool calls of *action*, each with a ``name``; none if it is of another kind."""
    given = action.get("tool_calls") if isinstance(action, dict) else None
    if not isinstance(given, list):
        return []
    return [call for call in given if isinstance(call, dict) and isinstance(call.get("name"), str)]


def texts(facts: Facts) -> list[Text]:
    """Return what the agent said, oldest first: in actions, and in replies beside tool calls."""
    found = [*facts.of_type(ActionTaken), *facts.of_type(ModelCalled)]
    said = (Text(at, _words(at.event)) for at in sorted(found, key=lambda at: at.seq))
    return [each for each in said if each.text]


def _words(event: Any) -> str:
    if not isinstance(event, ModelCalled):
        return words_in(event.action)
    # A reply without tool calls is itself read as an action, be it text or JSON.
    return event.reply.text if event.reply is not None and event.reply.tool_calls else ""


def words_in(action: Any) -> str:
    """Return what *action* says: its ``content``, or the action itself where it is a text."""
    content = action.get("content") if isinstance(action, dict) else action
    return content if isinstance(content, str) else ""


def errors(facts: Facts) -> list[IndexedEvent]:
    """Return the answers that hold an error, once for each error."""
    return [
        at
        for at in facts.of_type(EnvironmentAnswered)
        for message in messages_in(at.event.observation)
        if message.get("role") == "tool" and is_error(message)
    ]


def messages_in(observation: Any) -> list[Mapping[str, Any]]:
    """Return the ``messages`` of *observation*; none if it is of another kind."""
    given = observation.get("messages") if isinstance(observation, dict) else None
    return [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []


def is_error(message: Mapping[str, Any]) -> bool:
    """Return whether a tool's *message* is marked as an error, in any of the usual ways."""
    return any(bool(message.get(name)) for name in ("error", "is_error", "isError"))


def observations(facts: Facts) -> list[tuple[IndexedEvent, Any]]:
    """Return what the environment showed, oldest first, with the event that it is in."""
    found = (*facts.of_type(EnvironmentBegan), *facts.of_type(EnvironmentAnswered))
    return [(at, at.event.observation) for at in found if at.event.fault is None]
