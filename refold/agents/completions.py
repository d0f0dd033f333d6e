"""
Read the body of a chat completion into the reply that is recorded.

Tolerates what APIs leave out or spell differently, but lets nothing in that a log cannot hold:
texts are cut at a limit, impossible token counts are dropped, and invalid UTF-8 and lone
surrogates become U+FFFD.
"""

import re
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

import msgspec

from refold.agents.causes import Refusal, read_refusal
from refold.agents.event_stream import is_event_stream, read_event_stream
from refold.engine.codec import encode
from refold.engine.exchanges import Reply, ToolCall, Usage

LONGEST_TEXT = 256 * 1024
"""Letters kept of a reply, text and tool call arguments together."""

LARGEST_MESSAGE = 1024 * 1024
"""Bytes of an assistant's message, as JSON, that is kept whole."""

MOST_TOOL_CALLS = 32
_LONGEST_NAME = 200
_MOST_TOKENS = 2**53  # JSON readers in other languages hold whole numbers exactly up to here
_CACHED = ("prompt_cache_hit_tokens", "cache_read_input_tokens")
_DEEPEST = 100  # levels of a message; far below what encoders and decoders can follow

# How APIs end a reply that they could not finish, beside OpenAI's own words.
_FAILED = (
    "error",
    "abort",
    "aborted",
    "cancelled",
    "network_error",
    "insufficient_system_resource",
)
_FILTERED = (
    "content_filter",
    "safety",
    "recitation",
    "prohibited_content",
    "blocklist",
    "sensitive",
)

# The first branch consumes whole surrogate pairs, and the last one escaped backslashes, so that
# only lone surrogates match as "half".
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


class NoCompletion(Exception):
    """A body is not a chat completion, or has no choices."""


class CompletionFailed(Exception):
    """
    A body with status 200 tells of an error of the API.

    Attributes:
        refusal: What it says.
    """

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.words)
        self.refusal = refusal


def read_reply(content: bytes) -> Reply:
    """
    Return the reply in the body *content*, taken from its first choice.

    Raises:
        NoCompletion: *content* is not a chat completion, or has no choices.
        CompletionFailed: It tells of an error of the API.
    """
    body = _decode(content)
    choice = _first_choice(body)
    message = _message(choice)
    calls = calls_in(message)
    _check_whole(choice, message, calls)
    written = [_message_text(message), *(_content_text(call["arguments"]) for call in calls)]
    # One limit for all of them: an event with 32 calls must not be 32 times as large.
    text, *arguments = _truncate_together(written[: MOST_TOOL_CALLS + 1])
    cut = sum(map(len, written)) - len(text) - sum(map(len, arguments))
    finish = choice.get("finish_reason")
    return Reply(
        model=_name(body.get("model")),
        text=text,
        tool_calls=tuple(map(_tool_call, range(MOST_TOOL_CALLS), calls, arguments)),
        finish=finish[:_LONGEST_NAME] if isinstance(finish, str) else None,
        usage=_read_usage(body.get("usage")),
        cut=cut,
        message=None if cut or not _is_bounded(message) else message,
    )


def rejected_reply(text: str) -> Reply:
    """Return the reply *text* in which the API itself found no valid tool call."""
    return Reply(
        model="",
        text=text[:LONGEST_TEXT],
        tool_calls=(),
        finish=REJECTED,
        usage=None,
        cut=max(0, len(text) - LONGEST_TEXT),
    )


REJECTED = "tool_use_failed"
"""Finish reason of a reply in which the API itself found no valid tool call."""


def _first_choice(body: dict[str, Any]) -> dict[str, Any]:
    choices = body.get("choices")
    if isinstance(choices, dict):
        choices = [choices]
    if not isinstance(choices, list) or not choices:
        if any(body.get(name) for name in ("error", "detail", "message")):
            raise CompletionFailed(read_refusal(None, body))
        raise NoCompletion("expected an answer, got none")
    choice = choices[0]
    if not isinstance(choice, dict):
        raise NoCompletion("expected a choice, got something else")
    if choice.get("error") or body.get("error"):
        raise CompletionFailed(read_refusal(None, choice if choice.get("error") else body))
    return choice


def _message(choice: Mapping[str, Any]) -> dict[str, Any]:
    message = choice.get("message")
    finish = choice.get("finish_reason")
    if not isinstance(message, dict):
        if isinstance(finish, str) and finish.lower() in (*_FAILED, *_FILTERED):
            message = {}
        else:
            raise NoCompletion("expected a message, got none")
    return message


def _check_whole(
    choice: Mapping[str, Any], message: Mapping[str, Any], calls: list[dict[str, Any]]
) -> None:
    """Raise CompletionFailed if the API gave up on the reply or took it away."""
    finish = choice.get("finish_reason")
    word = finish.lower() if isinstance(finish, str) else ""
    if word in _FAILED:
        raise CompletionFailed(Refusal(None, f"finish_reason {finish}"))
    empty = not calls and not _message_text(message)
    if word in _FILTERED and empty:
        raise CompletionFailed(Refusal(None, f"finish_reason {finish}", "content_filter"))
    if empty and message.get("tool_calls"):
        raise NoCompletion("expected a call of a function, got another")


def calls_in(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """
    Return the function calls in an assistant's *message*.

    Each has ``id``, ``name`` and ``arguments`` as they came, of any type, or None; ``raw`` is
    the call whole.
    """
    listed = message.get("tool_calls")
    if isinstance(listed, str):
        listed = _parsed(listed)
    if isinstance(listed, dict):
        listed = [listed]
    if not isinstance(listed, list) or not listed:
        called = message.get("function_call")
        listed = [{"function": called}] if called else []
    found = []
    for raw in listed:
        function = raw.get("function", raw) if isinstance(raw, dict) else None
        if isinstance(function, dict) and ("name" in function or "arguments" in function):
            name, arguments = function.get("name"), function.get("arguments")
            found.append({"id": raw.get("id"), "name": name, "arguments": arguments, "raw": raw})
    return found


def _parsed(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return None


def _decode(content: bytes) -> dict[str, Any]:
    content = content.removeprefix(b"\xef\xbb\xbf").strip()
    if is_event_stream(content):
        content = encode(read_event_stream(content))
    try:
        body = msgspec.json.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        body = _decode_repaired(content)
    if isinstance(body, str):
        raise CompletionFailed(Refusal(None, " ".join(body.split())))
    if not isinstance(body, dict):
        raise NoCompletion("expected a chat completion, got something else")
    return body


def _decode_repaired(content: bytes) -> Any:
    # Only if needed: repairing the Unicode costs too much to do it every time.
    try:
        return msgspec.json.decode(_replace_invalid_unicode(content))
    except (msgspec.MsgspecError, RecursionError):
        raise NoCompletion("expected a chat completion, got something else") from None


def _replace_invalid_unicode(content: bytes) -> str:
    """Return the JSON text *content* with U+FFFD for invalid UTF-8 and lone surrogate escapes."""
    text = content.decode("utf-8", "replace")
    return _ESCAPE.sub(lambda found: "\\ufffd" if found["half"] else found[0], text)


def _message_text(message: Mapping[str, Any]) -> str:
    return _content_text(message.get("content")) or _content_text(message.get("refusal"))


def _content_text(content: Any) -> str:
    """Return a message's content, given as text, as parts or as other JSON, as text."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        texts = (part.get("text") for part in content if isinstance(part, dict))
        return "".join(text for text in texts if isinstance(text, str))
    return encode(content).decode()


def _tool_call(place: int, call: Mapping[str, Any], arguments: str) -> ToolCall:
    # Some servers send no ids, but demand that tool results name one.
    id = call["id"] if isinstance(call["id"], str) else ""
    return ToolCall((id or f"call_{place}")[:_LONGEST_NAME], _name(call["name"]), arguments)


def _name(value: Any) -> str:
    return value[:_LONGEST_NAME] if isinstance(value, str) else ""


def _truncate_together(texts: list[str]) -> Iterator[str]:
    """Yield *texts*, cut so that together they stay within the limit."""
    left = LONGEST_TEXT
    for text in texts:
        yield text[:left]
        left -= min(left, len(text))


def _is_bounded(message: dict[str, Any]) -> bool:
    """Return whether a log can hold *message* whole."""
    return _is_shallow(message, _DEEPEST) and len(encode(message)) <= LARGEST_MESSAGE


def _is_shallow(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels >= 0 and all(_is_shallow(each, levels - 1) for each in inner)


def _read_usage(value: Any) -> Usage | None:
    """Return the usage that *value* tells; None unless tokens read and written are both known."""
    if not isinstance(value, dict):
        return None
    read = _count(value, "prompt_tokens", "input_tokens")
    written = _count(value, "completion_tokens", "output_tokens")
    total = _count(value, "total_tokens")
    if written is None and read is not None and total is not None and total >= read:
        written = total - read
    if read is None or written is None:
        return None
    asked = _details(value, "prompt_tokens_details", "input_tokens_details")
    given = _details(value, "completion_tokens_details", "output_tokens_details")
    cost = _number(value.get("cost"))
    return Usage(
        input=read,
        output=written,
        cached=_count({**value, **asked}, "cached_tokens", *_CACHED),
        reasoning=_count({**value, **given}, "reasoning_tokens"),
        cost=cost if cost is not None and isfinite(cost) and cost >= 0 else None,
    )


def _details(usage: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return next((usage[name] for name in names if isinstance(usage.get(name), dict)), {})


def _count(usage: Mapping[str, Any], *names: str) -> int | None:
    """Return the first whole number of tokens under one of *names*, floats like 100.0 included."""
    for name in names:
        value = _number(usage.get(name))
        if value is not None and 0 <= value <= _MOST_TOKENS and value.is_integer():
            return int(value)
    return None


def _number(value: Any) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if known else None
