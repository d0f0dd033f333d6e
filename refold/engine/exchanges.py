"""
Exchanges with a model: what was asked, what came back, and what could not be made of it.

They are inputs, like actions: recorded as they happen, never computed. All of an exchange is
kept, but each message only once: a request is the last ``ModelConfigured``, and the messages of
the conversation so far, of which an exchange holds those that are new.
"""

from typing import Any, Literal

from msgspec import Struct

from refold.engine.events import Input


class ModelConfigured(Input, frozen=True):
    """
    How the model is asked from here on; recorded again when it changes.

    Attributes:
        prompt: Name and version of the prompt, such as ``workflow.1``.
        format: How actions are asked for: ``tools``, ``json`` or ``text``.
        history: Number of past turns that a request repeats; None for all.
        parameters: The request's body but for ``messages``. Never holds a key.
    """

    prompt: str
    format: Literal["tools", "json", "text"]
    history: int | None
    parameters: dict[str, Any]


class Attempt(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """
    A try at a request that failed.

    ``fault`` is a word such as ``timeout``, ``connection``, ``status`` or ``body``; ``status``
    is the HTTP status, if there was one.
    """

    fault: str
    status: int | None


class ToolCall(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A tool call as the model made it; *arguments* is its text, JSON or not."""

    id: str
    name: str
    arguments: str


class Usage(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Tokens that a request cost, as the API counted them."""

    input: int
    output: int


class Reply(Struct, frozen=True, forbid_unknown_fields=True):
    """
    What the model answered.

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
            the request repeats; earlier ones were left out.
        request: Hex SHA-256 of the request body's canonical JSON.
        reply: The answer; None if every attempt failed.
        faults: The attempts that failed, in order.
        latency_ms: Whole milliseconds from the first attempt to the answer or the last failure.
    """

    sent: tuple[dict[str, Any], ...]
    first: int
    request: str
    reply: Reply | None
    faults: tuple[Attempt, ...]
    latency_ms: int


class ReplyUnread(Input, frozen=True):
    """No action could be read from the last reply, *text*, because of *reason*."""

    reason: str
    text: str


class ActionForfeited(Input, frozen=True):
    """The agent gave no action, for *reason*; the one that follows stands in for it."""

    reason: str


INSTRUMENT_FAILED = "instrument_failed"
"""Reason of an episode that was cut off because the API kept failing."""

EXCHANGE_EVENTS = (ModelConfigured, ModelCalled, ReplyUnread, ActionForfeited)
