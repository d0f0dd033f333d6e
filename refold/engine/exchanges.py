"""
Exchanges with a model: requests, replies, and replies that no action could be read from.

They are inputs, like actions: recorded as they happen, never computed. All of an exchange is
kept, but each message only once: a request is the last ``ModelConfigured`` and the messages of
the conversation so far, of which each exchange records only the new ones.
"""

from typing import Any, Literal

from msgspec import Struct

from refold.engine.events import Input

Turns = Literal["separate", "whole", "plain", "text", "noted"]
"""Forms in which a request repeats past turns; ``ModelConfigured`` tells them apart."""


# Fields that have defaults came after release 0.1.0; left out, they keep the bytes of its logs.
class ModelConfigured(Input, frozen=True, omit_defaults=True):
    """
    Settings of the requests from here on; recorded again when they change.

    Attributes:
        prompt: Name and version of the prompt, such as ``workflow.1``; where the user gave its
            text, with 12 digits of the text's SHA-256, as in ``workflow.1+9f86d081884c``.
        format: Form of the answer: ``tools``, ``json`` or ``text``.
        history: Number of past turns that a request repeats; None for all.
        parameters: The request's body without ``messages``. Never holds an API key.
        turns: How past turns are repeated. ``whole``: the model's messages as they came,
            observations in the answer to its tool call. ``plain``: the same, without fields that
            OpenAI's API does not have. ``text``: calls and their answers as plain text.
            ``separate``: as release 0.1.0 did, with observations in messages of their own.
            ``noted``: as a program of the user's told its requests. Each repeats the conversation
            up to the message ``first``, and no action is read out of the replies.
        system: Whether the API takes a system message; if not, its text stands in front of the
            first user message.
        text: What the user gave in place of the prompt's own text; None if nothing.
    """

    prompt: str
    format: Literal["tools", "json", "text"]
    history: int | None
    parameters: dict[str, Any]
    turns: Turns = "separate"
    system: bool = True
    text: str | None = None

    @property
    def own_prompt(self) -> str:
        """Name and version of the family's prompt, whatever text the user gave."""
        return self.prompt.partition("+")[0]


# The parts of an exchange are no events, so they need no tag; otherwise they are set up like them.
class Attempt(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """
    One failed attempt at a request.

    Attributes:
        fault: What was seen: ``timeout``, ``connection``, ``status`` or ``body``.
        status: The HTTP status, if there was one.
        cause: What it means, such as ``rate_limited`` or ``context_length``; None if unknown, as
            in logs of release 0.1.0.
        words: What the API said about it; empty if nothing.
        parameter: The request's parameter that the API refused, if it named one.
    """

    fault: str
    status: int | None
    cause: str | None = None
    words: str = ""
    parameter: str | None = None


class ToolCall(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A tool call as the model made it; *arguments* is verbatim and may be invalid JSON."""

    id: str
    name: str
    arguments: str


class Usage(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """
    Tokens that a request used, as counted by the API; None where it did not say.

    Attributes:
        input: Tokens read.
        output: Tokens written.
        cached: Those of *input* that came from the API's cache.
        reasoning: Those of *output* that the model thought with.
        cost: What the API charged, in US dollars.
    """

    input: int
    output: int
    cached: int | None = None
    reasoning: int | None = None
    cost: float | None = None


class Reply(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """
    A model's reply.

    Attributes:
        model: Model name as returned.
        text: Content, verbatim; cut if it was longer than the limit.
        tool_calls: In order.
        finish: Finish reason, None if there was none.
        usage: Tokens, None if the API did not say.
        cut: Number of characters that were cut off from *text* and arguments.
        message: The assistant's message whole, with fields that are unknown here; None if it was
            too large, and in logs of release 0.1.0.
    """

    model: str
    text: str
    tool_calls: tuple[ToolCall, ...]
    finish: str | None
    usage: Usage | None
    cut: int
    message: dict[str, Any] | None = None

    @property
    def reasoning(self) -> str:
        """What the model thought before it answered, as far as the API shows it; else empty."""
        return reasoning_in(self.message or {})


def reasoning_in(message: dict[str, Any]) -> str:
    """Return the reasoning in an assistant's *message*, in whichever field its API has it."""
    for name in ("reasoning_content", "reasoning", "reasoning_details", "thinking_blocks"):
        if text := _reasoning_text(message.get(name)):
            return text
    parts = message.get("content")
    thinking = [each for each in parts if _is_thinking(each)] if isinstance(parts, list) else []
    return _reasoning_text(thinking)


def _is_thinking(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") in ("thinking", "reasoning")


def _reasoning_text(value: Any) -> str:
    """Return the text in *value*: a text, a part that holds one, or a list of these."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(filter(None, map(_reasoning_text, value)))
    if isinstance(value, dict):
        names = ("text", "thinking", "summary", "content", "reasoning")
        return next(filter(None, (_reasoning_text(value.get(name)) for name in names)), "")
    return ""


class ProgramLoaded(Input, frozen=True):
    """
    The agent from here on is *name*, a function of a file with the hex SHA-256 *sha256*.

    Recorded again when the file has changed.
    """

    name: str
    sha256: str


class ModelCalled(Input, frozen=True):
    """
    One request to the model, with all its attempts.

    Attributes:
        sent: Messages that are new since the last request, oldest first, without those that a
            external environment said: its own events hold them.
        first: Index in the conversation of the first message after the system message that
            the request includes; earlier ones were left out.
        request: Hex SHA-256 of the request body's canonical JSON.
        reply: The reply; None if every attempt failed.
        faults: The attempts that failed, in order.
        latency_ms: Whole milliseconds from the first attempt to the reply or the last failure.
    """

    sent: tuple[dict[str, Any], ...]
    first: int
    request: str
    reply: Reply | None
    faults: tuple[Attempt, ...]
    latency_ms: int


class ReplyUnread(Input, frozen=True):
    """No action could be read from the last reply, *text*, for *reason*."""

    reason: str
    text: str


class ActionForfeited(Input, frozen=True):
    """The agent gave no action, for *reason*; the action that follows is a substitute."""

    reason: str


INSTRUMENT_FAILED = "instrument_failed"
"""Reason of an episode that was cut off because an API or an external environment failed."""

EXCHANGE_EVENTS = (ModelConfigured, ProgramLoaded, ModelCalled, ReplyUnread, ActionForfeited)
