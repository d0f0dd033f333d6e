"""
The conversation with a model, as a fold over an episode's events.

Live play and rebuilding use the same fold, so the exact request of any step can be had again
from the log alone.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from refold.engine import Event, StepRewarded, Stream
from refold.engine.codec import encode
from refold.engine.exchanges import (
    ActionForfeited,
    ModelCalled,
    ModelConfigured,
    Reply,
    ReplyUnread,
)

Message = dict[str, Any]


class Conversation:
    """
    What was said so far, and where the current step stands.

    Attributes:
        configured: How the model is asked, None before that was recorded.
        answered: Whether the model has answered since.
        messages: All messages, the system message first, the model's own included.
        pending: A reply that no action has been read from yet, and that is not known unread.
        failed: The last call, if it got no reply and nothing was done about that yet.
        steps: Whole steps so far.
        unread: Replies of the current step that no action could be read from.
        reason: Why not, for the last of them.
        forfeited: Whether that was the last word on the current step.
    """

    def __init__(self) -> None:
        self.configured: ModelConfigured | None = None
        self.answered = False
        self.messages: list[Message] = []
        self.pending: Reply | None = None
        self.failed: ModelCalled | None = None
        self.steps = 0
        self.unread = 0
        self.reason = ""
        self.forfeited = False
        self._refused = False
        self._instructed: tuple[str, str] | None = None
        self._turns: list[int] = []
        self._new_turn = True

    def apply(self, event: Event) -> None:
        """Take in one event of the episode; events of other kinds change nothing."""
        match event:
            case ModelConfigured():
                self.configured = event
                self.answered = False
                self.failed = None
            case ModelCalled():
                self._called(event)
            case ReplyUnread():
                self.pending = None
                self.unread += 1
                self.reason = event.reason
                self._refused = True
            case ActionForfeited():
                self.forfeited = True
            case StepRewarded():
                self.steps += 1
                self.pending = None
                self.unread = 0
                self.forfeited = False
                self._new_turn = True

    def _called(self, event: ModelCalled) -> None:
        if event.reply is None:
            self.failed = event
            return
        if self._new_turn:
            self._turns.append(self._next_turn(event.sent))
            self._new_turn = False
        if any(message["role"] == "system" for message in event.sent):
            self._instructed = self._form
        self.answered = True
        self.messages.extend(event.sent)
        self.messages.append(reply_message(event.reply))
        self.pending = event.reply
        self._refused = False

    def _next_turn(self, sent: tuple[Message, ...] | list[Message]) -> int:
        """Return the index at which the turn that begins with *sent* will start."""
        leading = 0
        while leading < len(sent) and sent[leading].get("role") in ("system", "tool"):
            leading += 1
        return len(self.messages) + leading

    @property
    def _form(self) -> tuple[str, str] | None:
        return (self.configured.prompt, self.configured.format) if self.configured else None

    @property
    def instructed(self) -> bool:
        """Whether the last system message fits how the model is asked now."""
        return self._instructed is not None and self._instructed == self._form

    def first_message(self, new: list[Message]) -> int:
        """Return which message, after the system message, a request that adds *new* begins with."""
        history = self.configured.history if self.configured else None
        turns = [*self._turns, self._next_turn(new)] if self._new_turn else self._turns
        if history is None or len(turns) <= history + 1:
            return 1
        return turns[-history - 1]

    def request(self, new: list[Message], first: int) -> dict[str, Any]:
        """Return the request body that adds *new*: the last system message, all from *first* on."""
        messages = [*self.messages, *new]
        system = next(each for each in reversed(messages) if each["role"] == "system")
        rest = [each for each in messages[first:] if each["role"] != "system"]
        parameters = self.configured.parameters if self.configured else {}
        return {**parameters, "messages": [system, *rest]}

    def replies_to_tools(self) -> list[Message]:
        """Return the messages that answer the tool calls of the model's last message."""
        calls = self.messages[-1].get("tool_calls", []) if self.messages else []
        words = ["refused" if self._refused else "done", *["ignored: one action a turn"] * 99]
        return [
            {"role": "tool", "tool_call_id": call["id"], "content": text}
            for call, text in zip(calls, words, strict=False)
        ]


def reply_message(reply: Reply) -> Message:
    """Return *reply* as the message that later requests repeat."""
    message: Message = {"role": "assistant", "content": reply.text}
    if reply.tool_calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in reply.tool_calls
        ]
    return message


def request_digest(body: dict[str, Any]) -> str:
    """Return the hex SHA-256 of a request body's canonical JSON."""
    return sha256(encode(body)).hexdigest()


def requests(stream: Stream) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield seq and exact request body of every call to a model in *stream*, oldest first."""
    conversation = Conversation()
    for seq, event in enumerate(stream):
        if isinstance(event, ModelCalled):
            yield seq, conversation.request(list(event.sent), event.first)
        conversation.apply(event)
