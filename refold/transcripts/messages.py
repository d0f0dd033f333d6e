"""
Messages as chat APIs have them, read into turns.

Tool calls have several shapes: nested in ``function`` (chat), flat (tau2, verifiers), with the
name as ``function`` (inspect_ai), or as parts of the content (Anthropic). All come out the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from refold.engine.codec import encode
from refold.engine.errors import RefoldError
from refold.engine.exchanges import Usage
from refold.transcripts.trial import Call, Message, Turn

_SHOWN = {"role", "content", "tool_calls", "function_call"}
_OF_CALLS = {"id", "type", "function", "name", "arguments", "input"}


def check_message(value: Any, where: str) -> Message:
    """
    Return *value*, a message, with a ``content``.

    Raises:
        RefoldError: It is no object with the text ``role``.
    """
    if not isinstance(value, dict) or not isinstance(value.get("role"), str):
        raise RefoldError(f"{where}: expected an object with a role, got another value")
    return value if "content" in value else {**value, "content": None}


def check_messages(values: Any, where: str) -> list[Message]:
    """Return *values*, a list of messages; raises as ``check_message`` does."""
    if not isinstance(values, list):
        raise RefoldError(f"{where}: expected a list of messages, got another value")
    return [check_message(each, f"{where}[{place}]") for place, each in enumerate(values)]


def text_of(content: Any) -> str:
    """Return the text of a message's *content*: itself, or of its parts that are text."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    texts = (
        each if isinstance(each, str) else each.get("text")
        for each in content
        if isinstance(each, str) or (isinstance(each, dict) and _is_text(each))
    )
    return "\n".join(each for each in texts if isinstance(each, str))


def _is_text(part: Mapping[str, Any]) -> bool:
    return part.get("type") in (None, "text", "output_text", "input_text", "refusal")


def read_turn(message: Message, where: str, rest: Mapping[str, Any] | None = None) -> Turn:
    """
    Return the turn in an agent's *message*; *rest* are further fields that belong to it.

    Raises:
        RefoldError: One of its tool calls is none.
    """
    calls = list(_calls(message, where))
    more = {name: each for name, each in message.items() if name not in _SHOWN and each is not None}
    more.update({name: each for name, each in (rest or {}).items() if each is not None})
    return make_turn(message.get("content"), calls, more)


def make_turn(content: Any, calls: Sequence[Call], more: Mapping[str, Any]) -> Turn:
    """Return a turn of a message's *content* and *calls*, and *more* fields that belong to it."""
    turn = Turn(content=text_of(content), calls=calls)
    if more or not isinstance(content, str | None) or any(call.rest for call in calls):
        turn.message = {**more, "role": "assistant", "content": content}
        if calls:
            turn.message["tool_calls"] = list(map(api_call, calls))
    return turn


def api_call(call: Call) -> dict[str, Any]:
    """Return *call* as chat APIs have it in a message."""
    function = {"name": call.name, "arguments": call.text}
    return {**call.rest, "id": call.id, "type": "function", "function": function}


def _calls(message: Message, where: str) -> Iterator[Call]:
    listed = message.get("tool_calls")
    if listed is None and message.get("function_call") is not None:
        listed = [{"function": message["function_call"]}]
    if not isinstance(listed, list | None):
        raise RefoldError(f"{where}.tool_calls: expected a list, got another value")
    for place, raw in enumerate(listed or ()):
        yield _read_call(raw, f"{where}.tool_calls[{place}]")
    content = message.get("content")
    if isinstance(content, list):
        for place, part in enumerate(content):
            if isinstance(part, dict) and part.get("type") == "tool_use":
                yield _read_call(part, f"{where}.content[{place}]")


def _read_call(raw: Any, where: str) -> Call:
    if isinstance(raw, str):  # as some data sets hold each call
        raw = _object_in(raw)
    if not isinstance(raw, dict):
        raise RefoldError(f"{where}: expected an object, got another value")
    function = raw.get("function")
    inner = function if isinstance(function, dict) else raw
    name = function if isinstance(function, str) else inner.get("name")
    if not isinstance(name, str):
        raise RefoldError(f"{where}: expected the name of a tool, got none")
    rest = {
        key: each for key, each in raw.items() if key not in _OF_CALLS and each not in (None, "")
    }
    arguments = inner.get("arguments", inner.get("input"))
    return make_call(raw.get("id"), name, arguments, rest)


def make_call(id: Any, name: str, arguments: Any, rest: Mapping[str, Any] | None = None) -> Call:
    """Return the call of the tool *name*; *arguments* are an object or its JSON text."""
    told = id if isinstance(id, str) else ""
    if isinstance(arguments, str):
        found = _object_in(arguments) if arguments.strip() else {}
        return Call(told, name, arguments if found is None else found, arguments, rest or {})
    given = {} if arguments is None else arguments
    return Call(told, name, given, encode(given).decode(), rest or {})


def _object_in(text: str) -> dict[str, Any] | None:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def read_tools(tools: Any) -> list[dict[str, Any]]:
    """Return the *tools* of a request, in any API's form, as an ``Offer`` has them."""
    found = []
    for each in tools if isinstance(tools, list) else ():
        inner = each.get("function", each) if isinstance(each, dict) else None
        if isinstance(inner, dict) and isinstance(inner.get("name"), str):
            parameters = inner.get("parameters", inner.get("input_schema"))
            tool = {"name": inner["name"], "description": str(inner.get("description") or "")}
            found.append({**tool, "parameters": parameters or {"type": "object"}})
    return found


def read_usage(told: Any, cost: Any = None) -> Usage | None:
    """Return the tokens that *told* counts, under the names of any API; None if it does not."""
    if not isinstance(told, dict):
        return None
    read = _count(told, "input_tokens", "prompt_tokens", "input", "prompt")
    written = _count(told, "output_tokens", "completion_tokens", "output", "completion")
    if read is None or written is None:
        return None
    return Usage(
        input=read,
        output=written,
        cached=_count(told, "input_tokens_cache_read", "cached_tokens", "cache_read_input_tokens")
        or _detail(told, ("input_tokens_details", "prompt_tokens_details"), "cached_tokens"),
        reasoning=_count(told, "reasoning_tokens")
        or _detail(
            told, ("output_tokens_details", "completion_tokens_details"), "reasoning_tokens"
        ),
        cost=_amount(cost if cost is not None else told.get("total_cost", told.get("cost"))),
    )


def _detail(told: Mapping[str, Any], groups: Sequence[str], name: str) -> int | None:
    found = (_count(told[each], name) for each in groups if isinstance(told.get(each), dict))
    return next(found, None)


def _count(told: Mapping[str, Any], *names: str) -> int | None:
    values = (told.get(name) for name in names)
    return next((each for each in values if type(each) is int and 0 <= each < 2**63), None)


def _amount(value: Any) -> float | None:
    return float(value) if type(value) in (int, float) and abs(value) < 1e300 else None
