"""
The conversation with a model, as a projection of an episode's events.

Live play and replay apply the same events to the same projection, so the exact request of any
step can be rebuilt from the log alone.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any, TypeGuard

from refold.agents.messages import Heard, Message, Said, heard, render, said, with_system
from refold.agents.noted import NotedMessages
from refold.engine import Event, StepRewarded, Stream
from refold.engine.codec import encode
from refold.engine.exchanges import (
    ActionForfeited,
    ModelCalled,
    ModelConfigured,
    Reply,
    ReplyUnread,
)
from refold.scenarios.answered.events import EnvironmentAnswered, EnvironmentBegan


class Conversation:
    """
    The messages so far, and the state of the current step.

    Attributes:
        configuration: How the model is asked; None until that is recorded.
        has_reply: Whether the model has replied under this configuration.
        messages: All messages, system messages and what the model said included.
        heard: What a world outside said last, until the model has answered it: each request adds
            it, though only the world's own event records it.
        pending_reply: The last reply, until it leads to a step or proves unreadable.
        failed_call: The last call, if it got no reply and that is not dealt with yet.
        steps: Number of whole steps.
        unread_replies: Number of unreadable replies in the current step.
        unread_in_form: Number of them under this configuration.
        has_called: Whether a reply under this configuration led to a step.
        reason: Why the last of them was unreadable.
        forfeited: Whether the model has forfeited the current step.
        noted: The conversation of a program that noted its own.
    """

    def __init__(self) -> None:
        self.configuration: ModelConfigured | None = None
        self.has_reply = False
        self.messages: list[Message | Said | Heard] = []
        self.heard: Heard | None = None
        self.pending_reply: Reply | None = None
        self.failed_call: ModelCalled | None = None
        self.steps = 0
        self.unread_replies = 0
        self.unread_in_form = 0
        self.has_called = False
        self.reason = ""
        self.forfeited = False
        self.noted = NotedMessages()
        self._ids: set[str] = set()
        self._last_reply_unread = False
        self._instructed_for: tuple[str, str] | None = None
        self._turns: list[int] = []
        self._new_turn = True

    def apply(self, event: Event) -> None:
        """Apply the episode's next event; kinds that concern no model change nothing."""
        match event:
            case ModelConfigured():
                self._configure(event)
            case ModelCalled():
                self._apply_call(event)
            case ReplyUnread():
                self.pending_reply = None
                self.unread_replies += 1
                self.unread_in_form += 1
                self.reason = event.reason
                self._last_reply_unread = True
            case ActionForfeited():
                self.forfeited = True
            case EnvironmentBegan(fault=None) | EnvironmentAnswered(fault=None):
                self.heard = heard(event.observation)
            case StepRewarded():
                self.steps += 1
                self.has_called |= not self.forfeited
                self.pending_reply = None
                self.unread_replies = self.unread_in_form = 0
                self.forfeited = False
                self._new_turn = True

    def _configure(self, event: ModelConfigured) -> None:
        self.configuration = event
        # A new configuration follows a failed one, or a fork: both begin afresh.
        self.has_reply = self.has_called = False
        self.failed_call = None
        self.unread_in_form = 0

    def _apply_call(self, event: ModelCalled) -> None:
        if self._is_noted:
            self.noted.add(event.sent, event.first, event.reply)
            return
        if event.reply is None:
            self.failed_call = event
            return
        new = self._with_heard(event.sent)
        if self._new_turn:
            self._turns.append(self._next_turn(new))
            self._new_turn = False
        # The system message depends on prompt version and format, so a fork may need another one.
        if any(message["role"] == "system" for message in event.sent):
            self._instructed_for = self._prompt_and_format
        self.has_reply = True
        self.messages.extend(new)
        self.heard = None
        self.messages.append(said(event.reply, self._ids))
        self.pending_reply = event.reply
        self._last_reply_unread = False

    def _with_heard(self, sent: Sequence[Message]) -> list[Message | Heard]:
        """Return *sent* with what the world said last behind the system message."""
        if self.heard is None:
            return list(sent)
        systems = [each for each in sent if each["role"] == "system"]
        return [*systems, self.heard, *(each for each in sent if each["role"] != "system")]

    def _next_turn(self, new: Sequence[Message | Heard]) -> int:
        """
        Return the index in ``messages`` at which the turn that begins with *new* starts.

        It starts where the observation is, which may be the answer to a tool call. Other answers
        before it belong to the turn before: APIs reject a call whose answer is not present.
        """
        roles = ["user" if isinstance(each, Heard) else each.get("role") for each in new]
        leading = roles.index("user") if "user" in roles else sum(r == "system" for r in roles)
        return len(self.messages) + leading

    @property
    def _prompt_and_format(self) -> tuple[str, str] | None:
        return (
            (self.configuration.prompt, self.configuration.format) if self.configuration else None
        )

    @property
    def _is_noted(self) -> bool:
        return self.configuration is not None and self.configuration.turns == "noted"

    @property
    def is_instructed(self) -> bool:
        """Whether the last system message sent fits the current prompt version and format."""
        return self._instructed_for is not None and self._instructed_for == self._prompt_and_format

    def first_message(self, new: list[Message]) -> int:
        """
        Return the index of the first message that a request which adds *new* repeats.

        The system message at index 0 is always sent and not counted here. With a limited
        history, older turns are left out as a whole.
        """
        history = self.configuration.history if self.configuration else None
        turns = self._turns
        if self._new_turn:
            turns = [*turns, self._next_turn(self._with_heard(new))]
        if history is None or len(turns) <= history + 1:
            return 1
        return turns[-history - 1]

    def request_body(self, new: list[Message], first: int) -> dict[str, Any]:
        """Return the request body: the last system message, all from *first* on, and *new*."""
        if self.configuration is not None and self._is_noted:
            return {**self.configuration.parameters, "messages": self.noted.request(new, first)}
        messages = [*self.messages, *self._with_heard(new)]
        # APIs want one system message, first: of several, the last one is in force.
        system = next(filter(_is_system, reversed(messages)))
        rest = [each for each in messages[first:] if not _is_system(each)]
        if self.configuration is None:
            return {"messages": [system, *rest]}
        rendered = render(rest, self.configuration.turns)
        sent = with_system(system, rendered, role=self.configuration.system)
        return {**self.configuration.parameters, "messages": sent}

    @property
    def said(self) -> Said | None:
        """What the model said last, if nothing was said to it since."""
        last = self.messages[-1] if self.messages else None
        return last if isinstance(last, Said) else None

    @property
    def has_calls(self) -> bool:
        """Whether the model has called a tool so far."""
        return any(isinstance(each, Said) and each.calls for each in self.messages)

    def tool_results(self) -> list[Message]:
        """
        Return the tool messages that answer the tool calls of the model's last message.

        APIs demand one for each call, also for the calls that were not carried out.
        """
        calls = self.said.reply.tool_calls if self.said else ()
        words = [
            # Only the first call of a reply becomes the action.
            "refused" if self._last_reply_unread else "done",
            *["ignored: one action a turn"] * 99,
        ]
        return [
            {"role": "tool", "tool_call_id": call.id, "content": text}
            for call, text in zip(calls, words, strict=False)
        ]


def _is_system(message: Message | Said | Heard) -> TypeGuard[Message]:
    return isinstance(message, dict) and message["role"] == "system"


def request_digest(body: dict[str, Any]) -> str:
    """Return the hex SHA-256 of a request body's canonical JSON."""
    return sha256(encode(body)).hexdigest()


def rebuild_requests(stream: Stream) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the seq and the exact request body of every model call in *stream*, oldest first."""
    conversation = Conversation()
    for seq, event in enumerate(stream):
        if isinstance(event, ModelCalled):
            yield seq, conversation.request_body(list(event.sent), event.first)
        conversation.apply(event)
