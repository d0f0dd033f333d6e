"""
The messages of a conversation in the form that an API takes them.

What the model said is kept as it came and, where possible, sent back so: some APIs demand fields
that no other knows, such as a signature of the model's thoughts. Others refuse them, or tools, or
system messages, so there are plainer forms. All are pure functions of what the log holds.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any

import msgspec
from attrs import frozen

from refold.agents.completions import MOST_TOOL_CALLS, calls_in
from refold.engine.codec import encode
from refold.engine.exchanges import Reply, Turns
from refold.scenarios.answered.prompt import render as render_observation

Message = dict[str, Any]
NOTHING_SAID = "(no answer)"
"""Sent back for a turn in which the model said nothing: most APIs refuse an empty message."""

_NO_RESULT = "(no answer of its own)"
_ROLES = ("system", "developer", "user", "assistant", "tool")
_OF_A_MESSAGE = ("role", "content", "name", "tool_calls", "tool_call_id")
_LONGEST_ID = 4096  # some routers put a signature into ids


@frozen
class Said:
    """
    What the model said.

    Attributes:
        reply: Its reply.
        message: The same as a message that can be sent back.
    """

    reply: Reply
    message: Message

    @property
    def calls(self) -> list[str]:
        """Ids of the tool calls in the message."""
        return [call["id"] for call in self.message.get("tool_calls", [])]


@frozen
class Heard:
    """
    What an external environment said in answer to an action, or as it began.

    Attributes:
        messages: Its messages, or what can be seen as one with the role ``tool``: the answer to
            a tool call, or the user's message where there was no call.
    """

    messages: tuple[Message, ...]


def heard(observation: Any) -> Heard:
    """
    Return an environment's *observation*, JSON data, as something heard.

    Of an object with ``messages``, a list of objects with ``role`` and ``content``, these are it,
    verbatim; anything else becomes a text.
    """
    given = observation.get("messages") if isinstance(observation, dict) else None
    if isinstance(given, list) and given and all(map(_is_message, given)):
        return Heard(tuple(given))
    return Heard(({"role": "tool", "content": render_observation(observation)},))


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and value.get("role") in _ROLES and "content" in value


def said(reply: Reply, used: set[str]) -> Said:
    """
    Return *reply* as something said; the ids of its calls are added to those *used* before.

    Ids that are missing, no text, or used are replaced.
    """
    whole = dict(reply.message) if reply.message is not None else reply_message(reply)
    calls = [
        _sendable_call(call, used)
        for call in calls_in(whole)[:MOST_TOOL_CALLS]
        if isinstance(call["name"], str) and call["name"]
    ]
    whole.pop("tool_calls", None)
    whole.pop("function_call", None)
    message: Message = {**whole, "role": "assistant"}
    if calls:
        message["tool_calls"] = calls
    elif not _says_something(message):
        message["content"] = NOTHING_SAID
    return Said(reply, message)


def _says_something(message: Mapping[str, Any]) -> bool:
    content = message.get("content")
    if isinstance(content, str):
        return bool(content.strip())
    return bool(content)


def _sendable_call(call: Mapping[str, Any], used: set[str]) -> Message:
    raw = call["raw"]
    function = {**raw.get("function", {}), "name": call["name"]}
    function["arguments"] = _object_text(call["arguments"])
    id = call["id"]
    if not isinstance(id, str) or not id.strip() or id in used or len(id) > _LONGEST_ID:
        id = _new_id(used)
    used.add(id)
    rest = {name: value for name, value in raw.items() if name not in ("name", "arguments")}
    return {**rest, "id": id, "type": "function", "function": function}


def _new_id(used: set[str]) -> str:
    """Return an id that is not in *used*, of 9 letters and digits: Mistral takes no others."""
    number = len(used)
    while (id := f"call{number:05d}") in used:
        number += 1
    return id


def _object_text(arguments: Any) -> str:
    """Return *arguments* as they came if they are the text of a JSON object, else as one."""
    if isinstance(arguments, dict):
        return encode(arguments).decode()
    try:
        decoded = msgspec.json.decode(arguments) if isinstance(arguments, str) else None
    except (msgspec.MsgspecError, RecursionError):
        decoded = None
    return arguments if isinstance(decoded, dict) else "{}"


def reply_message(reply: Reply) -> Message:
    """Return *reply* as an assistant message, as release 0.1.0 sent it back."""
    message: Message = {"role": "assistant", "content": reply.text}
    if reply.tool_calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in reply.tool_calls
        ]
    return message


def render(messages: Sequence[Message | Said | Heard], turns: Turns) -> list[Message]:
    """
    Return *messages*, without system messages, as the request's messages in the form *turns*.

    Where the first is the answer to a tool call that is left out, it is the user's message.
    """
    if turns == "separate":
        return [
            reply_message(each.reply) if isinstance(each, Said) else each
            for each in messages
            if not isinstance(each, Heard)  # that release knew no environments
        ]
    rendered: list[Message] = []
    open_calls: list[str] = []
    for each in messages:
        if isinstance(each, Said):
            rendered.append(_rendered_reply(each, turns))
            open_calls = each.calls if turns != "text" else []
        elif isinstance(each, Heard):
            rendered += _rendered_answer(each, open_calls)
            open_calls = []
        elif each["role"] != "tool":
            _add_user_message(rendered, each)
        elif open_calls:
            rendered.append({**each, "tool_call_id": open_calls.pop(0)})
        elif not rendered or rendered[-1]["role"] == "assistant":
            rendered.append({"role": "user", "content": each["content"]})
    return rendered


def _rendered_answer(each: Heard, calls: Sequence[str]) -> Iterator[Message]:
    """Yield what an environment said: first an answer to each of *calls*, as APIs demand one."""
    messages = [_known_fields(message) for message in each.messages]
    results = list(takewhile(lambda message: message["role"] == "tool", messages))
    for place, id in enumerate(calls):
        answer = results[place] if place < len(results) else {"role": "tool", "content": _NO_RESULT}
        yield {**answer, "tool_call_id": id}
    own: list[Any] = []
    for message in messages[min(len(calls), len(results)) :]:
        own += [call["id"] for call in calls_in(message)]
        if message["role"] in ("user", "assistant") or message.get("tool_call_id") in own:
            yield message
        else:  # the answer to a call that is not shown, or a second system message
            yield {"role": "user", "content": message["content"]}


def _known_fields(message: Message) -> Message:
    """Return *message* without what an environment adds for itself, which strict APIs refuse."""
    return {name: each for name, each in message.items() if name in _OF_A_MESSAGE}


def _add_user_message(rendered: list[Message], message: Message) -> None:
    """Append the user's *message*, or put it into the answer to a tool call before it."""
    answers = 0
    while answers < len(rendered) and rendered[-1 - answers]["role"] == "tool":
        answers += 1
    # Release 0.1.0 recorded both, one after the other, which some APIs refuse.
    if answers:
        rendered[-answers] = {**rendered[-answers], "content": message["content"]}
    elif rendered and rendered[-1]["role"] == "user":
        rendered[-1] = message
    else:
        rendered.append(message)


def _rendered_reply(each: Said, turns: Turns) -> Message:
    message = each.message
    if turns == "whole":
        return message
    content = each.reply.text.strip()
    if turns == "text":
        shown = content or "\n".join(_calls_as_text(message)) or NOTHING_SAID
        return {"role": "assistant", "content": shown}
    plain = {"role": "assistant", "content": content or None}
    if "tool_calls" in message:
        return {**plain, "tool_calls": [_plain_call(call) for call in message["tool_calls"]]}
    return {**plain, "content": content or NOTHING_SAID}


def _plain_call(call: Mapping[str, Any]) -> Message:
    function = {name: call["function"][name] for name in ("name", "arguments")}
    return {"id": call["id"], "type": "function", "function": function}


def _calls_as_text(message: Mapping[str, Any]) -> Iterator[str]:
    for call in message.get("tool_calls", ()):
        name = encode(call["function"]["name"]).decode()
        yield f'{{"name": {name}, "arguments": {call["function"]["arguments"]}}}'


def with_system(system: Message, messages: list[Message], *, role: bool) -> list[Message]:
    """Return *messages* with the *system* message first, or in the first user message."""
    if role:
        return [system, *messages]
    first, *rest = messages
    if first["role"] != "user" or not isinstance(first["content"], str):
        return [{**system, "role": "user"}, *messages]
    joined = f"{system['content']}\n\n{first['content']}"
    return [{"role": "user", "content": joined}, *rest]
