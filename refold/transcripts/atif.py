"""
ATIF 1.0 to 1.8, the Agent Trajectory Interchange Format of Harbor and others.

Steps of source ``agent`` are turns, with what they observed as the answer. Steps that were copied
from an earlier context are part of the beginning. Trajectories of subagents become trials of their
own, which name the one that they belong to.
"""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct

from refold.engine.errors import RefoldError
from refold.transcripts.messages import api_call, make_call, make_turn, read_tools, read_usage
from refold.transcripts.reading import decode, fit, read_document, rest
from refold.transcripts.remainder import KEY, with_remainder
from refold.transcripts.sources import Piece, Source
from refold.transcripts.trial import Call, Message, Trial, Turn

_KNOWN = re.compile(r"ATIF-v1\.[0-8](\.\d+)?")
_DEEPEST_SUBAGENT = 8
_OF_TRAINING = ("prompt_token_ids", "completion_token_ids", "logprobs")

Extra = dict[str, Any] | None


class _Agent(Struct):
    name: str
    version: str | None = None
    model_name: str | None = None
    tool_definitions: list[dict[str, Any]] | None = None
    extra: Extra = None


class _ToolCall(Struct):
    tool_call_id: str
    function_name: str
    arguments: Any = None
    extra: Extra = None


class _Result(Struct):
    source_call_id: str | None = None
    content: str | list[Any] | None = None
    subagent_trajectory_ref: Any = None
    extra: Extra = None


class _Observation(Struct):
    results: list[_Result] = []


class _Step(Struct):
    source: str
    step_id: int | None = None
    timestamp: str | None = None
    model_name: str | None = None
    reasoning_effort: str | float | None = None
    message: str | list[Any] | None = None
    reasoning_content: str | None = None
    tool_calls: list[_ToolCall] | None = None
    observation: _Observation | None = None
    metrics: dict[str, Any] | None = None
    is_copied_context: bool | None = None
    llm_call_count: int | None = None
    extra: Extra = None


class _Trajectory(Struct):
    schema_version: str
    agent: _Agent
    steps: list[dict[str, Any]]
    session_id: str | None = None
    trajectory_id: str | None = None
    notes: str | None = None
    final_metrics: dict[str, Any] | None = None
    continued_trajectory_ref: str | None = None
    subagent_trajectories: list[dict[str, Any]] | None = None
    extra: Extra = None


def pieces(source: Source) -> Iterator[Piece]:
    """Yield the one piece of an ATIF file."""
    document = decode(read_document(source.file, source.name), source.name)
    version = str(document.get("schema_version")) if isinstance(document, dict) else ""
    yield Piece("$", partial(read_trajectory, document, source.name), version)


def read_trajectory(document: Any, where: str, parent: str = "", level: int = 0) -> list[Trial]:
    """
    Return the trial of a trajectory, then those of its subagents.

    Raises:
        RefoldError: It is none, or of a version that is not known.
    """
    if level > _DEEPEST_SUBAGENT:
        raise RefoldError(f"{where}: expected subagents nested at most {_DEEPEST_SUBAGENT} deep")
    document, kept = _without_remainder(document)
    told = fit(document, _Trajectory, where)
    if not _KNOWN.fullmatch(told.schema_version):
        raise RefoldError(
            f"{where}.schema_version: expected ATIF-v1.0 to ATIF-v1.8, "
            f"got {told.schema_version!r:.50}; update refold"
        )
    trial = _start(told, document, parent)
    for place, step in enumerate(told.steps):
        _add_step(trial, step, f"{where}.steps[{place}]")
    if kept is not None:
        whole = with_remainder(trial, kept, f"{where}.extra.{KEY}")
        trial.leave(f"extra.{KEY}", kept)  # edited since
        trial = whole or trial
    trials = [trial]
    own = told.trajectory_id or told.session_id or parent
    for place, each in enumerate(told.subagent_trajectories or ()):
        inner = f"{where}.subagent_trajectories[{place}]"
        trials += read_trajectory(each, inner, own or "(unnamed)", level + 1)
    return trials


def _without_remainder(document: Any) -> tuple[Any, Any]:
    """Return *document* without what an export of refold kept in it, and that, if there is any."""
    extra = document.get("extra") if isinstance(document, dict) else None
    if not isinstance(extra, dict) or KEY not in extra:
        return document, None
    rest_of_it = {name: each for name, each in extra.items() if name != KEY}
    return {**document, "extra": rest_of_it}, extra[KEY]


def _start(told: _Trajectory, document: dict[str, Any], parent: str) -> Trial:
    names = (told.agent.name, told.agent.model_name)
    trial = Trial("atif", agent=" ".join(name for name in names if name))
    trial.tools = read_tools(told.agent.tool_definitions)
    known = {
        "session_id": told.session_id,
        "trajectory_id": told.trajectory_id,
        "subagent_of": parent or None,
        "agent": {"version": told.agent.version, "extra": told.agent.extra},
        "notes": told.notes,
        "final_metrics": told.final_metrics,
        "continued_trajectory_ref": told.continued_trajectory_ref,
        "extra": told.extra,
    }
    trial.info = {name: value for name, value in known.items() if value not in (None, {}, "")}
    trial.keep(rest(document, _Trajectory))
    return trial


def _add_step(trial: Trial, given: dict[str, Any], where: str) -> None:
    step = fit(given, _Step, where)
    if step.timestamp:
        trial.started = trial.started or step.timestamp
        trial.ended = step.timestamp
        trial.left["steps[].timestamp"] += 1
    more = rest(given, _Step)
    for name in more:
        trial.unknown[f"steps[].{name}"] += 1
    more.update({"extra": step.extra} if step.extra else {})
    if step.source == "agent" and not step.is_copied_context:
        trial.turns.append(_turn(trial, step, more))
    else:
        trial.hear(_message(step, more))
    for each in step.observation.results if step.observation else ():
        trial.hear(_result(each, step.tool_calls or []))


def _message(step: _Step, more: dict[str, Any]) -> Message:
    """Return a step that is no turn as a message."""
    role = {"agent": "assistant", "system": "system"}.get(step.source, "user")
    copied = {"is_copied_context": True} if step.is_copied_context else {}
    message = {"role": role, "content": step.message, **copied, **more}
    if step.tool_calls:
        message["tool_calls"] = [api_call(_call(each)) for each in step.tool_calls]
    return message


def _turn(trial: Trial, step: _Step, more: dict[str, Any]) -> Turn:
    metrics = dict(step.metrics or {})
    for name in _OF_TRAINING:
        trial.leave(f"steps[].metrics.{name}", metrics.pop(name, None))
    usage = read_usage(metrics, metrics.get("cost_usd"))
    counted = ("prompt_tokens", "completion_tokens", "cached_tokens", "cost_usd")
    left = {
        name: value
        for name, value in metrics.items()
        if value is not None and (usage is None or name not in counted)
    }
    known = {
        "reasoning_content": step.reasoning_content,
        "reasoning_effort": step.reasoning_effort,
        "llm_call_count": step.llm_call_count,
        "metrics": left or None,
    }
    more = {**{name: value for name, value in known.items() if value is not None}, **more}
    calls = [_call(each) for each in step.tool_calls or ()]
    turn = make_turn(step.message, calls, more)
    turn.model, turn.usage = step.model_name or "", usage
    return turn


def _call(told: _ToolCall) -> Call:
    extra = {"extra": told.extra} if told.extra else {}
    return make_call(told.tool_call_id, told.function_name, told.arguments, extra)


def _result(told: _Result, calls: list[_ToolCall]) -> Message:
    """Return a result as the answer to its call, or as the user's message where it has none."""
    message: Message = {"role": "user", "content": told.content}
    if told.source_call_id is not None:
        named = (each.function_name for each in calls if each.tool_call_id == told.source_call_id)
        name = next(named, None)
        message = {"role": "tool", "tool_call_id": told.source_call_id, "content": told.content}
        message.update({"name": name} if name else {})
    more = {"subagent_trajectory_ref": told.subagent_trajectory_ref, "extra": told.extra}
    return {**message, **{name: msgspec.to_builtins(each) for name, each in more.items() if each}}
