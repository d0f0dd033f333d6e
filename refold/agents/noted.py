"""
Conversations of a program that asks models itself, as it notes them.

Each request is noted whole, as its API got it; recorded is what it does not share with the
conversation so far, so that each message is recorded once.
"""

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

import msgspec

from refold.agents.completions import NoCompletion, read_reply
from refold.agents.messages import Message, reply_message
from refold.engine import RefoldError
from refold.engine.codec import encode
from refold.engine.exchanges import Reply
from refold.engine.values import to_json_value


class NotedMessages:
    """The messages of the last request that was noted, and the reply to it."""

    def __init__(self) -> None:
        self._messages: list[Message] = []

    def shared(self, messages: Sequence[Message]) -> int:
        """Return how many of the first of *messages* stand first in the conversation too."""
        pairs = zip(self._messages, messages, strict=False)
        return sum(1 for _ in takewhile(lambda pair: encode(pair[0]) == encode(pair[1]), pairs))

    def request(self, sent: Sequence[Message], first: int) -> list[Message]:
        """Return the messages of a request that repeats *first* messages and adds *sent*."""
        return [*self._messages[:first], *sent]

    def add(self, sent: Sequence[Message], first: int, reply: Reply | None) -> None:
        """Go on with the request that repeats *first* messages and adds *sent*, and its *reply*."""
        self._messages = self.request(sent, first)
        if reply is not None:
            whole = reply.message if reply.message is not None else reply_message(reply)
            self._messages.append(whole)


def read_messages(given: Any) -> list[Message]:
    """
    Return the messages *given* as JSON data.

    Raises:
        RefoldError: They are no list of messages.
    """
    plain = to_json_value(given)
    if not isinstance(plain, list) or not all(isinstance(e, dict) and "role" in e for e in plain):
        raise RefoldError(
            f"messages: expected a list of objects with a role, got {given!r:.100}; "
            "give them as they were sent"
        )
    return plain


def read_noted_reply(given: Any, usage: Any, model: str) -> Reply:
    """
    Return a reply as a program has it: a text, an assistant's message, or a whole completion.

    Raises:
        RefoldError: It is none of these.
    """
    plain, counts = to_json_value(given), to_json_value(usage)
    if isinstance(plain, str):
        plain = {"role": "assistant", "content": plain}
    if isinstance(plain, dict) and "choices" not in plain:
        plain = {"choices": [{"message": _without_nulls(plain)}]}
    if not isinstance(plain, dict):
        raise RefoldError(
            f"reply: expected a text, a message or a completion, got {given!r:.100}; "
            "give it as it came"
        )
    own = {"model": plain.get("model") or model, "usage": counts or plain.get("usage")}
    try:
        return read_reply(msgspec.json.encode({**plain, **own}))
    except NoCompletion as error:
        raise RefoldError(f"reply: {error}; give it as it came") from None


def _without_nulls(message: Mapping[str, Any]) -> Message:
    # Libraries fill in all the fields that their classes have.
    return {name: each for name, each in message.items() if each is not None or name == "content"}
