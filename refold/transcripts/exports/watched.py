"""
An episode that refold recorded itself as a trial: what its agent was told, did, and got for it.

A model's turn is its reply, with the messages that it was sent. A turn of any other agent is its
action, as the call that a model would have made of it, and the observation before it as a model
would have read it. Events of the rules are no part of that, and counted as left out.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from refold.agents.interfaces import Interface, interface_of
from refold.agents.messages import heard
from refold.agents.world_actions import ACT, WRAPPED
from refold.engine import (
    ActionRefused,
    ActionTaken,
    EpisodeEnded,
    EpisodeStarted,
    Event,
    StepRewarded,
    Stream,
    fold,
)
from refold.engine.definition import header_of
from refold.engine.exchanges import ActionForfeited, ModelCalled, ModelConfigured, ReplyUnread
from refold.engine.folding import initial_state
from refold.scenarios.answered.events import EnvironmentAnswered, EnvironmentBegan, ScoreGiven
from refold.scenarios.answered.parameters import AnsweredParameters
from refold.scenarios.answered.said import calls_in, words_in
from refold.transcripts.exports.imported import reply_turn
from refold.transcripts.messages import make_call, read_tools
from refold.transcripts.trial import Message, Trial, Turn

NOTES = "refold"
"""Under this name, ``Turn.info`` has the step's reward, why it was refused, and its duration."""


_ENVIRONMENT = "chat"
"""By value, an episode is a conversation like any other, whatever its rules were."""


def step_notes(turn: Turn) -> Mapping[str, Any]:
    """Return what refold recorded of *turn*, by name; nothing of an imported one."""
    told = turn.info.get(NOTES) if isinstance(turn.info, dict) else None
    return told if isinstance(told, dict) else {}


def is_generated(turn: Turn) -> bool:
    """Return whether a model generated *turn*, and not a policy, as far as refold knows."""
    notes = step_notes(turn)
    return not notes or "ms" in notes


def watched_trial(stream: Stream) -> Trial:
    """Return the trial of an episode; its agent and times are not in the events."""
    reader = _Reader(stream)
    for event in stream:
        reader.read(event)
    return reader.trial


class _Reader:
    """Reads the events of one stream, oldest first, into ``trial``."""

    def __init__(self, stream: Stream) -> None:
        header = header_of(stream.scenario)
        benchmark, task = _place(stream, header.name)
        self._family = stream.family
        self._state: Any = None
        self._has_turn = False  # of the current step
        self._unanswered = False  # the last turn, so far: the next observation is the answer
        self._settings: dict[str, Any] | None = None
        self.trial = Trial(
            benchmark,
            task=task,
            name=header.name,
            environment=_ENVIRONMENT,
            seed=stream.started.seed,
        )

    def read(self, event: Event) -> None:
        """Add what *event* says."""
        if isinstance(event, ActionTaken) and not self._has_turn:
            self._act(event.action)
        start = None if isinstance(event, EpisodeStarted) else self._state
        self._state = fold((event,), family=self._family, start=start)
        match event:
            case ModelConfigured():
                self._configure(event)
            case ModelCalled():
                self._call(event)
            case EnvironmentBegan():
                self._begin_world(event)
            case EnvironmentAnswered():
                self._hear(event.observation)
                self.trial.fault = event.fault
                self._note(answer=event.info)
            case StepRewarded():
                self._note(reward=event.reward)
                if not self._family.answered:
                    self.trial.leave("step_rewarded.parts", event.parts)
                self._has_turn = False
                self.trial.reward = event.total
            case EpisodeEnded():
                self.trial.how, self.trial.reason = event.how, event.reason
            case _:
                self._remark(event)

    def _remark(self, event: Event) -> None:
        match event:
            case ScoreGiven():
                self.trial.scores.append(event)
            case ActionRefused():
                self._note(refused=event.error)
            case ActionForfeited():
                self._note(forfeited=event.reason)
            case EpisodeStarted() | ActionTaken() | ReplyUnread():
                pass  # the action and the reply are in the turns already
            case _:
                self.trial.left[f"event {event.__struct_config__.tag}"] += 1

    def _configure(self, event: ModelConfigured) -> None:
        told = dict(event.parameters)
        self.trial.tools = read_tools(told.pop("tools", None)) or self.trial.tools
        self._settings = told

    def _call(self, event: ModelCalled) -> None:
        for message in event.sent:
            self._hear_sent(message)
        self.trial.leave("model_called.faults", list(event.faults))
        if event.reply is not None:
            self._add(reply_turn(event.reply))
            self._note(ms=event.latency_ms)

    def _hear_sent(self, message: Message) -> None:
        if not isinstance(message.get("role"), str):  # as a stranger's log may have it
            message = {**message, "role": "user"}
        if message["role"] == "system" and not self.trial.turns:
            self.trial.beginning.insert(0, message)  # as in the request, before the environment
        elif message in self.trial.beginning[:1]:
            pass  # the agent before was told the same
        elif message["role"] == "user" and self._unanswered:
            self.trial.hear(self._as_answer(message))
        else:
            self.trial.hear(message)
        self._unanswered = False

    def _add(self, turn: Turn) -> None:
        turn.settings, self._settings = self._settings, None
        self.trial.turns.append(turn)
        self._has_turn = True

    def _act(self, action: Any) -> None:
        """Add a turn for *action*, which no model's reply led to."""
        interface = interface_of(self._family, self._state)
        if not self.trial.turns:
            self._instruct(interface)
        if not self._family.answered:
            shown = interface.turn(self._family.observe(self._state))
            self.trial.hear(self._as_answer(shown))
        calls = [
            make_call(f"call{len(self.trial.turns)}_{place}", name, arguments)
            for place, (name, arguments) in enumerate(
                _calls(action, answered=self._family.answered)
            )
        ]
        self._add(Turn(content=words_in(action) if self._family.answered else "", calls=calls))
        self._unanswered = not self._family.answered

    def _instruct(self, interface: Interface) -> None:
        self.trial.beginning.insert(0, interface.system("tools", None))
        tools = interface.parameters("tools").get("tools")
        self.trial.tools = self.trial.tools or read_tools(tools)

    def _as_answer(self, message: Message) -> Message:
        """Return *message*, what can be seen, as the answer to the call before, if there is one."""
        calls = self.trial.turns[-1].calls if self.trial.turns else ()
        if not calls:
            return {"role": "user", "content": message["content"]}
        return {"role": "tool", "tool_call_id": calls[0].id, "content": message["content"]}

    def _begin_world(self, event: EnvironmentBegan) -> None:
        self._hear(event.observation)
        self.trial.fault = event.fault
        self.trial.tools = event.offer.tools if event.offer else ()
        if event.info is not None:
            self.trial.info["began"] = event.info
        for name in ("by", "generator", "arguments"):
            self.trial.leave(f"environment_began.{name}", getattr(event, name))

    def _hear(self, observation: Any) -> None:
        if observation == {"messages": []}:
            return
        ids = [call.id for call in self.trial.turns[-1].calls] if self.trial.turns else []
        answered = 0
        for message in heard(observation).messages:
            if message["role"] != "tool":
                self.trial.hear(message)
            elif not ids:
                self.trial.hear({"role": "user", "content": message["content"]})
            else:
                # An environment need not know the ids of the calls: then it answers in their order.
                known = message.get("tool_call_id") in ids
                id = message["tool_call_id"] if known else ids[min(answered, len(ids) - 1)]
                self.trial.hear({**message, "tool_call_id": id})
                answered += 1

    def _note(self, **notes: Any) -> None:
        told = {name: each for name, each in notes.items() if each not in (None, {}, "")}
        if told and self.trial.turns:
            turn = self.trial.turns[-1]
            turn.info = {NOTES: {**step_notes(turn), **told}}


def _place(stream: Stream, name: str) -> tuple[str, str]:
    """Return the benchmark and the task in it of the scenario *name*."""
    if stream.family.answered:
        told: AnsweredParameters = initial_state(stream.family, stream.started).parameters
        return told.name, told.task
    benchmark, _, task = name.rpartition("/")
    return benchmark or stream.family.name, task


def _calls(action: Any, *, answered: bool) -> Iterator[tuple[str, Any]]:
    """Yield name and arguments of each call in *action*."""
    if not answered and isinstance(action, Struct):
        kind, *names = msgspec.structs.fields(type(action))
        given = {each.name: getattr(action, each.name) for each in names}
        told = {name: each for name, each in given.items() if each is not None and each != ""}
        yield str(getattr(action, kind.name)), msgspec.to_builtins(told)
    elif calls := calls_in(action):
        yield from ((call["name"], call.get("arguments")) for call in calls)
    elif not words_in(action):
        plain = msgspec.to_builtins(action)
        yield ACT, plain if isinstance(plain, dict) else {WRAPPED: plain}
