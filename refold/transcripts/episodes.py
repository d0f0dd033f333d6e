"""
Trials as episodes: the events, the id, and the row in a log.

The id is made of the events, the agent and the trial's number among equal ones: the same trial has
the same id, whatever file it comes from. Nothing in it depends on what is installed.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from attrs import frozen
from msgspec import Raw

from refold.agents.origins import IMPORT, mark_origin
from refold.engine import (
    ActionTaken,
    EpisodeEnded,
    EpisodeInfo,
    EpisodeStarted,
    Event,
    Input,
    RefoldError,
    fold,
)
from refold.engine.codec import FORMAT, codec_of, encode
from refold.engine.exchanges import (
    INSTRUMENT_FAILED,
    ModelCalled,
    ModelConfigured,
    Reply,
    ToolCall,
)
from refold.engine.folding import decide
from refold.engine.log.info import utc_now
from refold.engine.values import LARGEST_VALUE
from refold.environments.kind import answered_scenario
from refold.scenarios import Scenario
from refold.scenarios.answered.events import (
    EnvironmentAnswered,
    EnvironmentBegan,
    Offer,
    ScoreGiven,
)
from refold.scenarios.answered.parameters import AnsweredParameters
from refold.scenarios.rubric import Criterion
from refold.scenarios.spec import MOST_LETTERS
from refold.transcripts.trial import Call, Message, Trial, Turn

RECORD_ENDS = "record_ends"
"""Reason of an episode of which the source does not say that it ended."""

_CODEC = codec_of("answered", 1)
_FAMILY = _CODEC.family
_DEEPEST = 90
_LONGEST_AGENT = 300
_LARGEST_SEED = 2**63 - 1


@frozen
class Recorded:
    """
    An episode that a trial became, ready to be stored.

    Attributes:
        scenario: Name of its scenario.
        agent: Who played, as the source says.
        seed: Its seed.
        epoch: As the source says it; None if it does not.
        payloads: Bytes of the events.
        steps: Number of steps.
        total: Sum of the rewards.
        end: How it ended.
        given: The scores that the source gives.
        started: When it began, UTC, ISO 8601; None if untold.
        ended: When it ended.
    """

    scenario: str
    agent: str
    seed: int
    epoch: int | None
    payloads: Sequence[bytes]
    steps: int
    total: float
    end: EpisodeEnded
    given: Sequence[ScoreGiven]
    started: str | None
    ended: str | None

    def id(self, number: int) -> str:
        """Return the episode's id; *number* counts from 0 among equal ones of one file."""
        return episode_id(self.agent, self.epoch, number, self.payloads)

    def info(self, id: str, *, run: str, epoch: int) -> EpisodeInfo:
        """Return the episode's row and summary under the name *id*."""
        started = self.started or utc_now()
        return EpisodeInfo(
            id,
            self.scenario,
            self.seed,
            mark_origin(self.agent, IMPORT),
            run,
            epoch,
            started_at=started,
            ended_at=self.ended or started,
            steps=self.steps,
            total=self.total,
            ended=self.end.how,
            reason=self.end.reason,
            events=len(self.payloads),
        )


def episode_id(agent: str, epoch: int | None, number: int, payloads: Sequence[bytes]) -> str:
    """Return the id of an imported episode of these *payloads*, the *number*th of equal ones."""
    digest = sha256(encode([agent, "" if epoch is None else epoch, number]))
    for payload in payloads:
        digest.update(payload)
    return digest.hexdigest()[:16]


def record_trial(trial: Trial, environment: str) -> Recorded:
    """
    Return the episode of *trial*, which the kind *environment* would answer if it were at hand.

    Raises:
        RefoldError: It cannot be recorded, as a value is too large or nested too deep.
    """
    given = tuple(map(_storable_score, trial.scores))
    scenario = _scenario(trial, environment, given)
    events, total = _play(trial, scenario, given)
    payloads = _CODEC.payloads(events)
    for payload in payloads:
        if len(payload) > LARGEST_VALUE:
            raise RefoldError(f"expected at most {LARGEST_VALUE} bytes a message, got more")
    return Recorded(
        scenario=scenario.name,
        agent=_printable(trial.agent, _LONGEST_AGENT),
        seed=_seed(trial.seed),
        epoch=trial.epoch if trial.epoch is not None and 0 <= trial.epoch < 2**31 else None,
        payloads=payloads,
        steps=len(trial.turns),
        total=total,
        end=next(event for event in reversed(events) if isinstance(event, EpisodeEnded)),
        given=given,
        started=utc_time(trial.started),
        ended=utc_time(trial.ended),
    )


def _seed(seed: int) -> int:
    return seed if 0 <= seed <= _LARGEST_SEED else 0


def _scenario(trial: Trial, environment: str, given: Sequence[ScoreGiven]) -> Scenario:
    task = trial.task or _digest_of(trial.beginning)
    name = _name(trial.name or f"{trial.benchmark}/{task}")
    parameters = AnsweredParameters(
        environment=environment,
        name=trial.benchmark,
        options=_kept(trial.options),
        task=trial.task,
        volatile=trial.volatile,
    )
    first = next((each.name for each in given), None)
    # One score is the plain case; without any, a reward would be the next best measure.
    criterion = Criterion(first, 1.0, "score", {"name": first}) if first else None
    return answered_scenario(name, parameters, criterion=criterion)


def _digest_of(messages: Sequence[Message]) -> str:
    """Return what names a task that has no name: runs of the same first messages pair."""
    return sha256(encode(_kept(messages))).hexdigest()[:8]


def _name(text: str) -> str:
    shown = _printable(text, 10 * MOST_LETTERS)
    if len(shown) <= MOST_LETTERS and shown == text:
        return shown
    return f"{shown[: MOST_LETTERS - 9]}~{sha256(text.encode()).hexdigest()[:8]}"


def _printable(text: str, most: int) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text[:most])


def _play(
    trial: Trial, scenario: Scenario, given: Sequence[ScoreGiven]
) -> tuple[list[Event], float]:
    """Return the events of *trial*, with what the rules make of them, and the sum of rewards."""
    started = EpisodeStarted(format=FORMAT, seed=_seed(trial.seed), scenario=Raw(scenario.body))
    fault = None if trial.fault is None else trial.fault[:500]
    last = len(trial.turns) - 1
    events: list[Event] = [started, _beginning(trial, fault if last < 0 else None)]
    state = fold(events, family=_FAMILY)
    settings = None
    for place, turn in enumerate(trial.turns):
        answer = _answer(turn, trial, fault) if place == last else _answer(turn)
        taken = ActionTaken(_action(turn))
        inputs = [*_generated(turn, settings, bool(trial.tools)), taken, answer]
        inputs += given if place == last else ()
        settings = turn.settings or settings
        state = fold(inputs, family=_FAMILY, start=state)
        decided = decide(_FAMILY, state, taken.action)
        state = fold(decided, family=_FAMILY, start=state)
        events += (*inputs, *decided)
    if last < 0:
        events += given
    if state.ended is None:
        reason = RECORD_ENDS if fault is None else INSTRUMENT_FAILED
        events.append(EpisodeEnded("truncated", reason))
    return events, state.total


def _beginning(trial: Trial, fault: str | None) -> EnvironmentBegan:
    tools = tuple(map(_kept, trial.tools))
    return EnvironmentBegan(
        observation=_observation(trial.beginning),
        offer=Offer(tools=tools, text=True) if tools else None,
        info=_kept(trial.info) or None,
        fault=fault,
    )


def _observation(messages: Sequence[Message]) -> Any:
    return {"messages": _kept(messages)}


def _answer(
    turn: Turn, trial: Trial | None = None, fault: str | None = None
) -> EnvironmentAnswered:
    """Return the answer to *turn*; *trial* is given for the last one, which ends it."""
    info = dict(turn.info) if isinstance(turn.info, dict) else {}
    how = reward = None
    if trial is not None:
        info |= {"termination_reason": trial.reason} if trial.reason else {}
        how, reward = trial.how, _finite(trial.reward)
    return EnvironmentAnswered(
        observation=_observation(turn.answer),
        reward=reward,
        terminated=how == "terminated",
        truncated=how == "truncated",
        info=_kept(info) or None,
        fault=fault,
    )


def _kept(value: Any, levels: int = _DEEPEST) -> Any:
    """Return *value*, JSON data as it was read, which must not be nested too deep to be kept."""
    if levels < 0:
        raise RefoldError(f"expected values nested at most {_DEEPEST} deep, got deeper ones")
    for each in value.values() if type(value) is dict else value if type(value) is list else ():
        if type(each) is dict or type(each) is list:
            _kept(each, levels - 1)
    return value


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _storable_score(score: ScoreGiven) -> ScoreGiven:
    return ScoreGiven(
        name=_printable(score.name, MOST_LETTERS) or "score",
        value=_finite(score.value),
        low=score.low,
        high=score.high,
        parts=_kept(score.parts),
        explanation=score.explanation,
        by=score.by,
    )


def _action(turn: Turn) -> Mapping[str, Any]:
    calls = [{"name": call.name, "arguments": _kept(call.arguments)} for call in turn.calls]
    if not calls:
        return {"content": turn.content}
    said = {"content": turn.content} if turn.content.strip() else {}
    return {**said, "tool_calls": calls}


def _generated(turn: Turn, settings: Mapping[str, Any] | None, tools: bool) -> Iterator[Input]:
    """Yield what led to the action: settings, if they are new, and the model's reply."""
    if turn.settings and turn.settings != settings:
        yield ModelConfigured(
            prompt="",  # of the source, not of refold
            format="tools" if tools or turn.calls else "text",
            history=None,
            parameters=_kept(turn.settings),
        )
    reply = Reply(
        model=turn.model,
        text=turn.content,
        tool_calls=tuple(map(_tool_call, turn.calls)),
        finish=turn.finish,
        usage=turn.usage,
        cut=0,
        message=_kept(turn.message),
    )
    # No digest of a request and no latency: the source holds neither.
    yield ModelCalled(sent=(), first=0, request="", reply=reply, faults=(), latency_ms=0)


def _tool_call(call: Call) -> ToolCall:
    return ToolCall(call.id, call.name, call.text)


def utc_time(text: str | None) -> str | None:
    """Return the time *text*, ISO 8601, in UTC to the millisecond; None if it is none."""
    if text is None or not re.match(r"\d{4}-\d\d-\d\d[T ]", text):
        return None
    try:
        found = datetime.fromisoformat(text)
        known = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return known.isoformat(timespec="milliseconds")
