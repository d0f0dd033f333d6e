"""
Who answers an agent's words: a script, or a model that plays the user as in tau2.

What a model says cannot be made again. It is recorded in the environment's answers, from where a
later play of the same episode takes it, so that nobody is asked then.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
from attrs import field, frozen

from refold.engine.errors import RefoldError
from refold.engine.exchanges import Reply
from refold.engine.world import Answers
from refold.environments.models import AskedModel

_STOPS = ("###STOP###", "###TRANSFER###", "###OUT-OF-SCOPE###")
_TRIES = 4
_USED_UP = "That is all that I know. Please do the rest by yourself."


@frozen
class Words:
    """
    What the user does in one turn: says something, or calls tools of their own.

    Attributes:
        text: What they say; the agent hears it if there are no calls.
        calls: Name and arguments of each tool call.
        usage: Tokens that it took, by name; empty if unknown, or if nobody was asked.
    """

    text: str | None
    calls: Sequence[tuple[str, dict[str, Any]]] = ()
    usage: Mapping[str, int] = field(factory=dict)

    @property
    def stops(self) -> bool:
        """Whether they end the conversation."""
        return not self.calls and any(stop in (self.text or "") for stop in _STOPS)


class User(Protocol):
    """Plays the user of one episode."""

    waits: bool

    def hear(self, text: str) -> None:
        """Hear what the agent says."""

    def see(self, id: str, content: str) -> None:
        """See the result of the own tool call *id*."""

    def speak(self) -> Words:
        """
        Return the next turn.

        Raises:
            RefoldError: There is none, as nobody answers.
        """

    def repeat(self, words: Words, ids: Sequence[str]) -> None:
        """Take *words* as said; *ids* are those of its calls."""

    def close(self) -> None:
        """Free what it holds."""


class ScriptedUser:
    """Says a *statement* first, and one sentence to all that follows."""

    waits = False

    def __init__(self, statement: str) -> None:
        self._next = statement

    def hear(self, text: str) -> None:
        """Do nothing with it."""

    def see(self, id: str, content: str) -> None:
        """Do nothing with it."""

    def speak(self) -> Words:
        """Return the statement, later the sentence."""
        return Words(self._next)

    def repeat(self, words: Words, ids: Sequence[str]) -> None:
        """Go on to the sentence."""
        self._next = _USED_UP

    def close(self) -> None:
        """Do nothing."""


class ModelUser:
    """
    A model that plays the user.

    Args:
        model: Its name, asked behind the API that the agent's options name.
        instructions: Guidelines and scenario.
        tools: The user's own tools; may be empty.
    """

    waits = True

    def __init__(self, model: str, instructions: str, tools: Sequence[dict[str, Any]]) -> None:
        self._asked = AskedModel()
        self._body: dict[str, Any] = {"model": model, "temperature": 0.0}
        if tools:
            self._body["tools"] = [{"type": "function", "function": tool} for tool in tools]
            self._body["tool_choice"] = "auto"
        self._messages: list[dict[str, Any]] = [{"role": "system", "content": instructions}]

    def hear(self, text: str) -> None:
        """Add it to the conversation: to this model, the agent is the user."""
        self._messages.append({"role": "user", "content": text})

    def see(self, id: str, content: str) -> None:
        """Add it to the conversation."""
        self._messages.append({"role": "tool", "tool_call_id": id, "content": content})

    def speak(self) -> Words:
        """Ask the model, again if it says nothing or nothing that can be read."""
        usage: dict[str, int] = {}
        for _ in range(_TRIES):
            reply = self._asked.ask({**self._body, "messages": self._messages})
            used = {} if reply.usage is None else msgspec.to_builtins(reply.usage)
            for name, value in used.items():
                usage[name] = usage.get(name, 0) + value
            words = _read_reply(reply, usage)
            if words is not None:
                return words
        raise RefoldError(
            f"user: expected words or a tool call of the model that plays the user, got none "
            f"in {_TRIES} tries; use another model"
        )

    def repeat(self, words: Words, ids: Sequence[str]) -> None:
        """Add it to the conversation."""
        message: dict[str, Any] = {"role": "assistant", "content": words.text}
        if words.calls:
            message["tool_calls"] = [
                {
                    "id": id,
                    "type": "function",
                    "function": {
                        "name": name,
                        "arguments": msgspec.json.encode(arguments).decode(),
                    },
                }
                for id, (name, arguments) in zip(ids, words.calls, strict=True)
            ]
        self._messages.append(message)

    def close(self) -> None:
        """Close the connections to the API."""
        self._asked.close()


def _read_reply(reply: Reply, usage: Mapping[str, int]) -> Words | None:
    """Return what the model did in *reply*, None if that is nothing, or cannot be read."""
    calls = []
    for call in reply.tool_calls:
        try:
            arguments = msgspec.json.decode(call.arguments or "{}", type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeEncodeError):
            return None
        calls.append((call.name, arguments))
    if not calls and not reply.text.strip():
        return None
    return Words(reply.text or None, tuple(calls), usage)


class RecordedWords:
    """The turns of a user in the recorded *answers* of an earlier play."""

    def __init__(self, answers: Answers) -> None:
        self._words = deque(_recorded_words(answers))

    def speak(self) -> Words:
        """
        Return the next turn.

        Raises:
            RefoldError: The record holds no more.
        """
        if not self._words:
            raise RefoldError("user: expected further words in the record, got none")
        return self._words.popleft()


def _recorded_words(answers: Answers) -> Iterable[Words]:
    """Yield the turns with tool calls, which the agent did not see, then what was said."""
    answer: Any = answers[0]
    aside = answer.info["user"]
    for message in aside["messages"]:
        if message["role"] == "user":
            calls = tuple((call["name"], call["arguments"]) for call in message["tool_calls"])
            yield Words(message.get("content"), calls, message.get("usage", {}))
    for message in answer.observation["messages"]:
        if message["role"] == "user":
            yield Words(message["content"], (), aside.get("usage", {}))
