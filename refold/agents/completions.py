"""
Read the body of a chat completion into the reply that is recorded.

Tolerates what APIs leave out or spell differently, but lets nothing in that a log cannot hold:
texts are cut at a limit, impossible token counts are dropped, and invalid UTF-8 and lone
surrogates become U+FFFD.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from refold.engine.codec import encode
from refold.engine.exchanges import Reply, ToolCall, Usage

LONGEST_TEXT = 256 * 1024
"""Letters kept of a reply, text and tool call arguments together."""

MOST_TOOL_CALLS = 32
_LONGEST_NAME = 200
_MOST_TOKENS = 2**53  # JSON readers in other languages hold whole numbers exactly up to here

# The first branch consumes whole surrogate pairs, and the last one escaped backslashes, so that
# only lone surrogates match as "half".
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


class NoCompletion(Exception):
    """A body is not a chat completion, or has no choices."""


class _Function(msgspec.Struct):
    name: str
    arguments: Any = None


class _Call(msgspec.Struct):
    function: _Function
    id: str | None = None


class _Message(msgspec.Struct):
    content: Any = None
    refusal: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Body(msgspec.Struct):
    choices: list[_Choice]
    model: str | None = None
    usage: Any = None


_decode_body = msgspec.json.Decoder(_Body).decode


def read_reply(content: bytes) -> Reply:
    """
    Return the reply in the body *content*, taken from its first choice.

    Raises:
        NoCompletion: *content* is not a chat completion, or has no choices.
    """
    body = _decode(content)
    if not body.choices:
        raise NoCompletion("expected an answer, got none")
    choice = body.choices[0]
    calls = choice.message.tool_calls or []
    written = [
        _message_text(choice.message),
        *(_content_text(call.function.arguments) for call in calls),
    ]
    # One limit for all of them: an event with 32 calls must not be 32 times as large.
    text, *arguments = _truncate_together(written[: MOST_TOOL_CALLS + 1])
    return Reply(
        model=(body.model or "")[:_LONGEST_NAME],
        text=text,
        tool_calls=tuple(map(_tool_call, range(MOST_TOOL_CALLS), calls, arguments)),
        finish=choice.finish_reason and choice.finish_reason[:_LONGEST_NAME],
        usage=_read_usage(body.usage),
        cut=sum(map(len, written)) - len(text) - sum(map(len, arguments)),
    )


def _decode(content: bytes) -> _Body:
    try:
        return _decode_body(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass  # once more with the Unicode repaired, which costs too much to do every time
    try:
        return _decode_body(_replace_invalid_unicode(content))
    except (msgspec.MsgspecError, RecursionError):
        raise NoCompletion("expected a chat completion, got something else") from None


def _replace_invalid_unicode(content: bytes) -> str:
    """Return the JSON text *content* with U+FFFD for invalid UTF-8 and lone surrogate escapes."""
    text = content.decode("utf-8", "replace")
    return _ESCAPE.sub(lambda found: "\\ufffd" if found["half"] else found[0], text)


def _message_text(message: _Message) -> str:
    return _content_text(message.content) or message.refusal or ""


def _content_text(content: Any) -> str:
    """Return a message's content, given as text, as parts or as other JSON, as text."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    return encode(content).decode()


def _tool_call(place: int, call: _Call, arguments: str) -> ToolCall:
    # Some servers send no ids, but demand that tool results name one.
    id = call.id or f"call_{place}"
    return ToolCall(id[:_LONGEST_NAME], call.function.name[:_LONGEST_NAME], arguments)


def _truncate_together(texts: list[str]) -> Iterator[str]:
    """Yield *texts*, cut so that together they stay within the limit."""
    left = LONGEST_TEXT
    for text in texts:
        yield text[:left]
        left -= min(left, len(text))


def _read_usage(value: Any) -> Usage | None:
    if not isinstance(value, dict):
        return None
    spent = [value.get(name) or 0 for name in ("prompt_tokens", "completion_tokens")]
    if not all(isinstance(each, int) and 0 <= each <= _MOST_TOKENS for each in spent):
        return None
    return Usage(*spent)
