"""
The pieces of a transcript: one thing each that was heard, thought, said, called or answered.

A piece tells its text, and at which path a document holds that text already: so a document need
not hold it twice, and what it hides while an episode runs does not come into its transcript.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from refold.engine.exchanges import ModelCalled, Reply, reasoning_in
from refold.scenarios.answered.observation import shorten
from refold.scenarios.answered.said import is_error

Kind = Literal[
    "system", "user", "shown", "thought", "said", "call", "result", "event", "fault", "score", "end"
]
"""
What a piece is: instructions, what somebody said to the agent, what a model was shown of the
environment, its reasoning, its words, a tool call, the answer to one, and what happened in words.
"""
Path = tuple[str | int, ...]

SHORTEST_SHOWN = 8
"""Letters of an answer to a tool call that says more than that the call came through."""

_encode = msgspec.json.Encoder(order="deterministic").encode


class Piece(Struct, frozen=True, gc=False):
    """
    One piece.

    Attributes:
        kind: What it is.
        seq: Seq of the event that it stands in.
        text: Its text, whole.
        path: Where a document holds the text, or a JSON value that says the same; empty if it
            does not.
        name: The tool, or the role of who speaks.
        error: Whether it is an error, or tells of one.
        news: Of what is shown to a model again and again, the number of lines that are new;
            None the first time.
    """

    kind: Kind
    seq: int
    text: str
    path: Path = ()
    name: str = ""
    error: bool = False
    news: int | None = None


def words_path(seq: int) -> Path:
    """Return where a document holds the words of the event *seq*."""
    return ("events", seq, 4)


def json_text(value: Any) -> str:
    """Return *value*, JSON data, as text: itself if it is one, else its JSON."""
    return value if isinstance(value, str) else _encode(value).decode()


def sent_pieces(seq: int, exchange: int, sent: Sequence[Mapping[str, Any]]) -> Iterator[Piece]:
    """Yield what a model was sent in the *exchange* of that number, without bare receipts."""
    for place, message in enumerate(sent):
        role, content = str(message.get("role", "")), message.get("content")
        text, inner = content_text(content)
        path = ("exchanges", exchange, "sent", place, "content") if inner else ()
        if role == "system":
            yield Piece("system", seq, text, path)
        elif role != "tool" or len(text) >= SHORTEST_SHOWN:
            yield Piece("shown", seq, text, path)


def reply_pieces(seq: int, exchange: int, reply: Reply) -> Iterator[Piece]:
    """Yield what a model thought, said and called in its *reply*."""
    at: Path = ("exchanges", exchange, "reply")
    if reply.reasoning:
        yield Piece("thought", seq, reply.reasoning, (*at, "reasoning"))
    if reply.text.strip():
        yield Piece("said", seq, reply.text, (*at, "text"))
    for place, call in enumerate(reply.tool_calls):
        path = (*at, "tool_calls", place, "arguments")
        yield Piece("call", seq, call.arguments, path, name=call.name)


def unanswered_piece(seq: int, event: ModelCalled) -> Piece:
    """Return what tells that every attempt of a request failed."""
    faults = ", ".join(str(each.status or each.fault) for each in event.faults)
    return Piece("fault", seq, f"no answer: {faults}" if faults else "no answer", error=True)


def action_pieces(seq: int, action: Any, reply: Reply | None) -> Iterator[Piece]:
    """Yield what an *action* in an external environment says and calls beyond its *reply*."""
    if reply is not None and reply.tool_calls:
        return
    at: Path = ("events", seq, 3, "action")
    calls = action.get("tool_calls") if isinstance(action, dict) else None
    content = action.get("content") if isinstance(action, dict) else action
    read = reply.text.strip() if reply is not None else None
    if isinstance(content, str) and content.strip() != read:
        path = (*at, "content") if isinstance(action, dict) else at
        yield Piece("said", seq, content, path)
    for place, call in enumerate(calls if isinstance(calls, list) else ()):
        if isinstance(call, dict):
            path = (*at, "tool_calls", place, "arguments")
            text = json_text(call.get("arguments", {}))
            yield Piece("call", seq, text, path, name=str(call.get("name", "")))
    if not isinstance(content, str) and not isinstance(calls, list):
        yield Piece(
            "call", seq, json_text(shorten(action)), at if shorten(action) == action else ()
        )


def observation_pieces(
    seq: int, observation: Any, name_of: Callable[[Mapping[str, Any], int], str]
) -> Iterator[Piece]:
    """
    Yield what an environment showed: its messages one by one, or else the whole of it.

    Args:
        seq: Seq of its event.
        observation: JSON data.
        name_of: Returns the name of the tool that a message answers for, given the number of
            such messages before it.
    """
    at: Path = ("events", seq, 3, "observation")
    given = observation.get("messages") if isinstance(observation, dict) else None
    if isinstance(given, list):
        results = 0
        for place, message in enumerate(given):
            if isinstance(message, dict):
                is_result = message.get("role") == "tool"
                name = name_of(message, results) if is_result else str(message.get("role", ""))
                yield from _message_pieces(seq, message, (*at, "messages", place), name)
                results += is_result
        observation = {
            key: value for key, value in observation.items() if key != "messages"
        } or None
        at = ()
    if observation is not None:
        yield _whole("result", seq, observation, at)


def _whole(kind: Kind, seq: int, value: Any, at: Path) -> Piece:
    """Return the piece of a *value* that a document holds at a path, arrays of bytes in words."""
    shown = shorten(value)
    return Piece(kind, seq, json_text(shown), at if shown == value else ())


def _message_pieces(seq: int, message: Mapping[str, Any], at: Path, name: str) -> Iterator[Piece]:
    role = message.get("role")
    text, inner = content_text(message.get("content"))
    path = (*at, "content") if inner else ()
    if thought := reasoning_in(dict(message)):
        yield Piece("thought", seq, thought, name=name)
    if role == "tool":
        yield Piece("result", seq, text, path, name=name, error=is_error(message))
    elif text.strip():
        kind: Kind = "system" if role in ("system", "developer") else "user"
        yield Piece(kind, seq, text, path, name=name)
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        if isinstance(call, dict):
            function = call.get("function")
            told = function if isinstance(function, dict) else call
            arguments = json_text(told.get("arguments", {}))
            yield Piece("call", seq, arguments, name=str(told.get("name", "")))


def content_text(content: Any) -> tuple[str, bool]:
    """Return a message's *content* as text, and whether it is that text as it stands."""
    if isinstance(content, str):
        return content, True
    if not isinstance(content, list):
        return ("" if content is None else json_text(content)), False
    return "\n".join(_part_text(part) for part in content), False


def _part_text(part: Any) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict):
        return json_text(part)
    text = part.get("text")
    return text if isinstance(text, str) else f"[{part.get('type', 'another value')}]"
