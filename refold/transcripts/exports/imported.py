"""
The trial that an imported episode was made of, byte for byte: this undoes ``episodes``.

An import knows no digest of a request, which refold records of every request of its own.
"""

from typing import Any

from refold.engine import ActionTaken, Event, Stream
from refold.engine.definition import header_of
from refold.engine.exchanges import ModelCalled, ModelConfigured, Reply
from refold.engine.folding import initial_state
from refold.scenarios.answered.events import EnvironmentAnswered, EnvironmentBegan, ScoreGiven
from refold.scenarios.answered.parameters import AnsweredParameters
from refold.scenarios.answered.said import calls_in, messages_in
from refold.transcripts.messages import make_call
from refold.transcripts.trial import Call, Message, Trial, Turn

_REASON = "termination_reason"


def is_imported(stream: Stream) -> bool:
    """Return whether an import made the episode, and nobody has continued since."""
    if not stream.family.answered:
        return False
    turns = actions = 0
    for event in stream:
        match event:
            case ModelCalled():
                turns += 1
                fits = not event.request and event.reply is not None
            case ActionTaken():
                actions += 1
                fits = actions == turns
            case EnvironmentBegan():
                fits = turns == 0 and _holds_messages(event)
            case EnvironmentAnswered():
                fits = actions == turns > 0 and _holds_messages(event)
            case _:
                fits = True
        if not fits:
            return False
    return True


def _holds_messages(event: EnvironmentBegan | EnvironmentAnswered) -> bool:
    told = event.observation
    if not isinstance(event.info, dict | None) or not isinstance(told, dict):
        return False
    messages = told.get("messages")
    return (
        list(told) == ["messages"]
        and isinstance(messages, list)
        and all(map(_is_message, messages))
    )


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("role"), str)


def imported_trial(stream: Stream) -> Trial:
    """Return the trial of an imported episode; its agent and times are not in the events."""
    told: AnsweredParameters = initial_state(stream.family, stream.started).parameters
    trial = Trial(
        told.name,
        task=told.task,
        name=header_of(stream.scenario).name,
        environment=told.environment,
        options=dict(told.options),
        volatile=told.volatile,
        seed=stream.started.seed,
    )
    settings = None
    for event in stream:
        if isinstance(event, ModelConfigured):
            settings = event.parameters
        elif isinstance(event, ModelCalled) and event.reply is not None:
            trial.turns.append(reply_turn(event.reply))
            trial.turns[-1].settings, settings = settings, None
        else:
            _add(trial, event)
    return trial


def _add(trial: Trial, event: Event) -> None:
    match event:
        case EnvironmentBegan():
            trial.beginning = _messages(event.observation)
            trial.info = dict(event.info or {})
            trial.tools = list(event.offer.tools) if event.offer else []
            trial.fault = event.fault
        case ActionTaken():
            trial.turns[-1].calls = _with_arguments(trial.turns[-1].calls, event.action)
        case EnvironmentAnswered():
            _answer(trial, event)
        case ScoreGiven():
            trial.scores.append(event)


def _answer(trial: Trial, event: EnvironmentAnswered) -> None:
    info = dict(event.info or {})
    if isinstance(info.get(_REASON), str):
        trial.reason = info.pop(_REASON)
    trial.turns[-1].answer = _messages(event.observation)
    trial.turns[-1].info = info or None
    trial.reward, trial.fault = event.reward, event.fault
    if event.terminated or event.truncated:
        trial.how = "terminated" if event.terminated else "truncated"


def _messages(observation: Any) -> list[Message]:
    return [dict(each) for each in messages_in(observation)]


def reply_turn(reply: Reply) -> Turn:
    """Return the turn in a model's *reply*, what it is told next not in it."""
    calls = [make_call(each.id, each.name, each.arguments) for each in reply.tool_calls]
    return Turn(
        content=reply.text,
        calls=calls,
        message=reply.message,
        model=reply.model,
        finish=reply.finish,
        usage=reply.usage,
    )


def _with_arguments(calls: Any, action: Any) -> list[Call]:
    """Return *calls* with the arguments of the *action*, which need not be those of the text."""
    taken = calls_in(action)
    if len(taken) != len(calls):
        return list(calls)
    return [
        Call(call.id, call.name, each.get("arguments"), call.text)
        for call, each in zip(calls, taken, strict=True)
    ]
