"""
Chat completion requests as the mock model takes them.

They are checked as a real API checks them, so that a client which a real API would refuse is
refused here too. What the mock model ignores, such as a temperature, may be anything.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from refold.engine import RefoldError
from refold.engine.codec import encode


class Part(Struct):
    """A piece of a message's content."""

    type: str
    text: str = ""


class CalledFunction(Struct):
    """What a tool call calls; *arguments* is text, JSON or not."""

    name: str
    arguments: str


class Call(Struct):
    """A tool call in an assistant's message."""

    id: str
    type: Literal["function"]
    function: CalledFunction


class Message(Struct):
    """A message of the conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[Part] | None = None
    tool_calls: list[Call] | None = None
    tool_call_id: str | None = None

    @property
    def text(self) -> str:
        """The content as one string."""
        if isinstance(self.content, list):
            return "".join(part.text for part in self.content)
        return self.content or ""


class Function(Struct):
    """What a tool is."""

    name: Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1,64}$")]
    parameters: dict[str, Any] | None = None


class Tool(Struct):
    """A tool that the model may call."""

    type: Literal["function"]
    function: Function


class NamedSchema(Struct):
    """A JSON schema for the answer."""

    name: str
    schema: dict[str, Any]


class Form(Struct):
    """The form that the answer shall have."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: NamedSchema | None = None


class Request(Struct):
    """A chat completion request."""

    model: str
    messages: Annotated[list[Message], Meta(min_length=1)]
    tools: list[Tool] | None = None
    response_format: Form | None = None
    stream: bool | None = None


def read_request(body: bytes) -> Request:
    """
    Return the request *body*, the same whatever the order of keys in it.

    Raises:
        RefoldError: It is no chat completion request that an API would take.
    """
    try:
        # Clients order the keys of a schema differently: choices must not depend on that.
        request = msgspec.json.decode(encode(msgspec.json.decode(body)), type=Request)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RefoldError(f"request: {error}") from None
    if request.stream:
        raise RefoldError("request: expected no stream, got one; leave it out")
    _check_calls(request.messages)
    return request


def _check_calls(messages: Sequence[Message]) -> None:
    """Refuse tool messages without their calls, and calls whose answers do not follow at once."""
    waiting: set[str] = set()
    for place, message in enumerate(messages):
        if message.role != "tool":
            if waiting:
                break
            waiting = {call.id for call in message.tool_calls or ()}
        elif message.tool_call_id in waiting:
            waiting.remove(message.tool_call_id)
        else:
            raise RefoldError(
                f"request: expected tool call {message.tool_call_id!r} right before its answer, "
                f"got none - at `$.messages[{place}]`"
            )
    if waiting:
        raise RefoldError(
            f"request: expected tool messages for {', '.join(sorted(waiting))} after the calls, "
            "got none"
        )
