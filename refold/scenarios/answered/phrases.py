"""Answered episodes in words, one line each."""

from collections.abc import Mapping
from functools import singledispatch
from typing import Any

import msgspec

from refold.engine import ActionTaken
from refold.engine.phrases import say_shared
from refold.scenarios.answered.events import EnvironmentAnswered, EnvironmentBegan, ScoreGiven
from refold.scenarios.answered.observation import shorten

_LONGEST = 200
_encode = msgspec.json.Encoder(order="deterministic").encode


@singledispatch
def say(thing: Any) -> str:
    """Return *thing*, an action, an event or a part of an observation, in words: one line."""
    return say_shared(thing)


@say.register(str)
@say.register(int)
@say.register(float)
@say.register(list)
def _(action: Any) -> str:
    return _one_line(action)


@say.register(dict)
def _(action: dict[str, Any]) -> str:
    calls, content = action.get("tool_calls"), action.get("content")
    told = []
    if isinstance(content, str) and content:
        told.append(f"says: {_cut(content)}")
    if isinstance(calls, list):
        told += [_say_call(call) for call in calls if isinstance(call, dict)]
    return "; ".join(told) or _one_line(action)


@say.register
def _(event: ActionTaken) -> str:  # type: ignore[type-arg]  # singledispatch takes plain classes
    return say(event.action)


@say.register
def _(event: EnvironmentBegan) -> str:
    if event.fault is not None:
        return f"the environment did not begin: {_cut(event.fault)}"
    return f"the environment began: {_one_line(event.observation)}"


@say.register
def _(event: EnvironmentAnswered) -> str:
    if event.fault is not None:
        return f"the environment gave no answer: {_cut(event.fault)}"
    end = " (the end)" if event.terminated else " (a limit)" if event.truncated else ""
    return f"the environment answered: {_one_line(event.observation)}{end}"


@say.register
def _(event: ScoreGiven) -> str:
    value = "none" if event.value is None else f"{event.value:.4g}"
    by = f" by {event.by}" if event.by else ""
    why = f": {_cut(event.explanation)}" if event.explanation else ""
    return f"score {event.name} {value}{by}{why}"


def _say_call(call: Mapping[str, Any]) -> str:
    arguments = call.get("arguments")
    if isinstance(arguments, dict):
        told = ", ".join(f"{name}={_one_line(value)}" for name, value in arguments.items())
    else:
        told = _one_line(arguments)
    return f"{call.get('name')}({_cut(told)})"


def _one_line(value: Any) -> str:
    """Return *value*, JSON data, as text: messages by what they say, the rest as JSON."""
    if isinstance(value, dict) and isinstance(value.get("messages"), list):
        return _cut(" | ".join(_message_text(each) for each in value["messages"]))
    if isinstance(value, str):
        return _cut(value)
    return _cut(_encode(shorten(value)).decode())


def _message_text(message: Any) -> str:
    if not isinstance(message, dict):
        return _encode(message).decode()
    return f"{message.get('role', '?')}: {message.get('content') or ''}"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
