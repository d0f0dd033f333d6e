"""
Exchanges with a model: requests, replies, and replies that no action could be read from.

They are inputs, like actions: recorded as they happen, never computed. All of an exchange is
kept, but each message only once: a request is the last ``ModelConfigured`` and the messages of
the conversation so far, of which each exchange records only the new ones.
"""

from typing import Any, Literal

from msgspec import Struct

from refold.engine.events import Input


class ModelConfigured(Input, frozen=True):
    """
    Settings of the requests from here on; recorded again when they change.

    Attributes:
        prompt: Name and version of the prompt, such as ``workflow.1``.
        format: Form of the answer: ``tools``, ``json`` or ``text``.
        history: Number of past turns that a request repeats; None for all.
        parameters: The request's body without ``messages``. Never holds an API key.
    """

    prompt: str
    format: Literal["tools", "json", "text"]
    history: int | None
    parameters: dict[str, Any]


# The parts of an exchange are no events, so they need no tag; otherwise they are set up like them.
class Attempt(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """
    One failed attempt at a request.

    ``fault`` is a word such as ``timeout``, ``connection``, ``status`` or ``body``; ``status``
    is the HTTP status, if there was one.
    """

    fault: str
    status: int | None


class ToolCall(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A tool call as the model made it; *arguments* is verbatim and may be invalid JSON."""

    id: str
    name: str
    arguments: str


class Usage(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Tokens that a request used, as counted by the API."""

    input: int
    output: int


class Reply(Struct, frozen=True, forbid_unknown_fields=True):
    """
    A model's reply.

    Attributes:
        model: Model name as returned.
        text: Content, verbatim; cut if it was longer than the limit.
        tool_calls: In order.
        finish: Finish reason, None if there was none.
        usage: Tokens, None if the API did not say.
        cut: Number of characters that were cut off from *text* and arguments.
    """

    model: str
    text: str
    tool_calls: tuple[ToolCall, ...]
    finish: str | None
    usage: Usage | None
    cut: int


class ModelCalled(Input, frozen=True):
    """
    One request to the model, with all its attempts.

    Attributes:
        sent: Messages that are new since the last request, oldest first.
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
"""Reason of an episode that was truncated because the API kept failing."""

EXCHANGE_EVENTS = (ModelConfigured, ModelCalled, ReplyUnread, ActionForfeited)
