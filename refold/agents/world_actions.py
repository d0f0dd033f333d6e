"""
Read the action for a world outside out of a model's reply, verbatim.

Nothing is corrected, as the world itself answers mistakes: all tool calls of a reply are one
action, and so is a text, where the world is spoken to. Unreadable is only what is no action.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from refold.agents.action_parser import UnreadableReply, short_reason
from refold.agents.lenient_json import find_json_objects
from refold.agents.prompting import ActionFormat
from refold.agents.schema_checks import find_mismatch
from refold.agents.thinking_marks import strip_thinking
from refold.engine import RefoldError
from refold.engine.codec import codec_of, encode
from refold.engine.exchanges import Reply, ToolCall
from refold.scenarios.answered.events import Offer

ACT = "act"
"""The tool that stands for a world's schema, where the world has no tools of its own."""

WRAPPED = "action"
"""The argument that holds an action that is no object."""


class _NoAction(Exception):
    """There is no action, for the reason that the text says."""


def wraps(schema: Mapping[str, Any]) -> bool:
    """Return whether an action of *schema* may be no object, so that it is put into one."""
    return schema.get("type") != "object"


def read_world_action(reply: Reply, offer: Offer, form: ActionFormat) -> Any:
    """
    Return the action that *reply* takes in a world with *offer*.

    Raises:
        UnreadableReply: There is none; the text says why.
    """
    try:
        action = _called(reply, offer) if reply.tool_calls else _written(reply, offer, form)
        # As it is recorded: what JSON has no form for gets one.
        return codec_of("answered", 1).action(action)
    except (_NoAction, RefoldError) as error:
        raise UnreadableReply(short_reason(str(error), reply)) from None


def _called(reply: Reply, offer: Offer) -> Any:
    """Return the action of a reply with tool calls."""
    if not offer.tools and offer.schema is not None:
        first = reply.tool_calls[0]
        if first.name != ACT:
            raise _NoAction(f"expected a call of the tool {ACT!r}, got one of {first.name!r}")
        return _unwrapped(_arguments(first), offer.schema)
    calls = [{"name": _name(call), "arguments": _arguments(call)} for call in reply.tool_calls]
    said = {"content": reply.text} if reply.text.strip() else {}
    return {**said, "tool_calls": calls}


def _name(call: ToolCall) -> str:
    if not call.name:
        raise _NoAction("expected the name of a tool in each call, got a call without one")
    return call.name


def _arguments(call: ToolCall) -> dict[str, Any]:
    try:
        # Some models send nothing where there are no arguments.
        given = msgspec.json.decode(call.arguments) if call.arguments.strip() else {}
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise _NoAction(
            f"expected the arguments of tool {call.name!r} as JSON, got {error}"
        ) from None
    if not isinstance(given, dict):
        raise _NoAction(
            f"expected the arguments of tool {call.name!r} as a JSON object, got another value"
        )
    return given


def _unwrapped(given: dict[str, Any], schema: Mapping[str, Any]) -> Any:
    if wraps(schema) and WRAPPED not in given:
        raise _NoAction(f"expected the action as {WRAPPED!r}, got {', '.join(given) or 'nothing'}")
    action = given[WRAPPED] if wraps(schema) else given
    # Not left to the world, as others are: many raise what would look like a failure of theirs.
    problem = find_mismatch(action, schema, "action")
    if problem is not None:
        raise _NoAction(problem)
    return action


def _written(reply: Reply, offer: Offer, form: ActionFormat) -> Any:
    """Return the action of a reply that is text."""
    found = [] if form == "tools" else _answers_in(strip_thinking(reply.text), offer)
    if len(found) == 1:
        return found[0]
    if offer.text:
        return {"content": reply.text}
    if form == "tools":
        raise _NoAction("expected a call of a tool, got text without one")
    told = "different ones" if found else "none"
    raise _NoAction(f"expected one JSON object that fits a schema, got {told}")


def _answers_in(text: str, offer: Offer) -> list[Any]:
    """Return the different actions among the JSON objects in *text*."""
    actions = {}
    for found in find_json_objects(text):
        try:
            action = _action_of(found.value, offer)
            actions[encode(action)] = action
        except (_NoAction, TypeError):  # such as a key that stands there twice
            continue
    return list(actions.values())


def _action_of(value: dict[str, Any], offer: Offer) -> Any:
    """Return the action of an object that was written as an answer."""
    if offer.text and value.keys() == {"content"} and isinstance(value["content"], str):
        return value
    if offer.tools:
        known = [tool["name"] for tool in offer.tools]
        if value.get("name") in known and isinstance(value.get("arguments"), dict):
            return {"tool_calls": [{name: value[name] for name in ("name", "arguments")}]}
        raise _NoAction("expected the name of a tool and its arguments")
    if offer.schema is None:
        raise _NoAction("expected a message")
    return _unwrapped(value, offer.schema)
