"""
Samples of inspect_ai: a trial as the messages, model events and scores of one.

What a sample has no field for stands in its ``metadata``, so that an import gives back the trial
whole.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from refold.engine.codec import encode
from refold.engine.exchanges import Usage, reasoning_in
from refold.scenarios.answered.events import ScoreGiven
from refold.scenarios.answered.said import is_error
from refold.transcripts.exports.conversation import calls_in_message
from refold.transcripts.exports.runs import Run
from refold.transcripts.inspect_logs import read_sample, to_number
from refold.transcripts.messages import text_of
from refold.transcripts.remainder import KEY, fields_in, remainder_of
from refold.transcripts.trial import Call, Message, Trial, Turn

_STOPS = {"length": "max_tokens", "end_turn": "stop", "tool_use": "tool_calls", None: "stop"}
_KNOWN_STOPS = (*("stop", "max_tokens", "model_length", "tool_calls", "content_filter", "unknown"),)
_SETTINGS: Mapping[str, tuple[type, ...]] = {
    "temperature": (int, float),
    "top_p": (int, float),
    "top_k": (int,),
    "max_tokens": (int,),
    "seed": (int,),
}
_JSON_TYPES = ("string", "integer", "number", "boolean", "array", "object", "null")

Sample = dict[str, Any]


def inspect_sample(run: Run, id: str, epoch: int) -> tuple[Sample, Counter[str]]:
    """
    Return the sample of *run*, and how often each field of it had to go to ``metadata``.

    Args:
        run: The run.
        id: Id of the sample.
        epoch: Its epoch, from 1.
    """
    sample = _sample(run, id, epoch)
    read = read_sample(msgspec.json.decode(encode(sample)))
    remainder = remainder_of(run.trial, read)
    sample["metadata"][KEY] = msgspec.to_builtins(remainder)
    fields = fields_in(remainder)
    for name in ("agent", "benchmark"):  # in the header, or under names of their own
        del fields[name]
    return sample, fields


def _sample(run: Run, id: str, epoch: int) -> Sample:
    trial = run.trial
    turns = [_turn_message(turn, place) for place, turn in enumerate(trial.turns)]
    told = trial.info.get("metadata")
    about = {"episode": run.info.id, "scenario": run.info.scenario, "agent": trial.agent}
    target, choices = trial.info.get("target"), trial.info.get("choices")
    return {
        "id": id,
        "epoch": epoch,
        "input": _input(trial),
        "target": target if _is_text(target) else "",
        **({"choices": choices} if isinstance(choices, list) and _is_text(choices) else {}),
        "messages": _messages(trial, turns),
        "output": _output(trial.turns[-1], turns[-1])
        if turns
        else {"model": trial.agent, "choices": []},
        "scores": {each.name: _score(each, run) for each in run.scores if each.value is not None},
        "metadata": {**about, **(told if isinstance(told, dict) else {})},
        "events": list(_events(trial, turns)),
        "model_usage": usage_by_model(trial),
        "started_at": trial.started,
        "completed_at": trial.ended,
        **_end(trial),
    }


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or (
        isinstance(value, list) and all(isinstance(each, str) for each in value)
    )


def _input(trial: Trial) -> str:
    asked = [each for each in trial.beginning if each["role"] == "user"]
    return text_of(asked[-1].get("content")) if asked else ""


def _end(trial: Trial) -> Sample:
    if trial.fault is not None:
        return {"error": {"message": trial.fault, "traceback": "", "traceback_ansi": ""}}
    if trial.how == "truncated":
        limit = {"type": "custom", "limit": len(trial.turns), "reason": trial.reason or None}
        return {"limit": limit}
    return {}


def _messages(trial: Trial, turns: Sequence[Message]) -> list[Message]:
    names: dict[str, str] = {}
    messages = [_message(each, names) for each in trial.beginning]
    for turn, message in zip(trial.turns, turns, strict=True):
        names.update((call.id, call.name) for call in turn.calls)
        messages += [message, *(_message(each, names) for each in turn.answer)]
    return messages


def _message(message: Message, names: Mapping[str, str]) -> Message:
    """Return a *message* that is no turn; *names* are those of tools, by the ids of calls."""
    role, content = message["role"], text_of(message.get("content"))
    known = {name: each for name, each in _of_source(message).items() if isinstance(each, str)}
    if role == "assistant":
        calls = [_call(call) for call in calls_in_message(message)]
        told = {**known, "source": "input", "role": role, "content": content}
        return {**told, **({"tool_calls": calls} if calls else {})}
    if role != "tool":
        role = "system" if role in ("system", "developer") else "user"
        return {**known, "role": role, "content": content}
    told = {**known, "role": "tool", "content": content}
    if isinstance(id := message.get("tool_call_id"), str):
        told["tool_call_id"] = id
        name = message.get("function") or message.get("name") or names.get(id)
        told.update({"function": name} if isinstance(name, str) else {})
    error = {"error": {"type": "unknown", "message": content}}
    return {**told, **(error if is_error(message) else {})}


def _of_source(message: Message) -> Message:
    source = message.get("source")
    known = source if source in ("input", "generate", "operator") else None
    return {"id": message.get("id"), "source": known}


def _turn_message(turn: Turn, place: int) -> Message:
    told = turn.message or {}
    id = told.get("id")
    thought = reasoning_in(told)
    text = {"type": "text", "text": turn.content}
    content = [{"type": "reasoning", "reasoning": thought}, text] if thought else turn.content
    calls = [_call(call) for call in turn.calls]
    return {
        "id": id if isinstance(id, str) else f"turn{place}",
        "role": "assistant",
        "source": "generate",
        "content": content,
        **({"tool_calls": calls} if calls else {}),
        **({"model": turn.model} if turn.model else {}),
    }


def _call(call: Call) -> Message:
    told: Message = {"id": call.id, "function": call.name, "type": "function"}
    if isinstance(call.arguments, dict):
        return {**told, "arguments": call.arguments}
    return {**told, "arguments": {}, "parse_error": f"no JSON object: {call.text:.500}"}


def _output(turn: Turn, message: Message) -> Sample:
    stop = _STOPS.get(turn.finish, turn.finish)
    choice = {"message": message, "stop_reason": stop if stop in _KNOWN_STOPS else "unknown"}
    usage = {"usage": _usage(turn.usage)} if turn.usage else {}
    return {"model": turn.model, "choices": [choice], **usage}


def _usage(usage: Usage) -> dict[str, Any]:
    told = {
        "input_tokens": usage.input,
        "output_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "input_tokens_cache_read": usage.cached,
        "reasoning_tokens": usage.reasoning,
        "total_cost": usage.cost,
    }
    return {name: each for name, each in told.items() if each is not None}


def usage_by_model(trial: Trial) -> dict[str, dict[str, Any]]:
    """Return the tokens that each model of *trial* used, under inspect_ai's names."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for turn in trial.turns:
        if turn.usage is not None:
            found[turn.model or trial.agent].update(_usage(turn.usage))
    return {model: dict(counted) for model, counted in found.items()}


def _events(trial: Trial, turns: Sequence[Message]) -> Iterator[Sample]:
    """Yield a model event for each turn; tools stand in the first, since they do not change."""
    settings: dict[str, Any] = {}
    tools = [_tool(each) for each in trial.tools]
    for turn, message in zip(trial.turns, turns, strict=True):
        settings = turn.settings or settings
        yield {
            "event": "model",
            "timestamp": trial.started,
            "working_start": 0.0,
            "model": turn.model or trial.agent,
            "input": [],
            "tools": tools,
            "tool_choice": "auto",
            "config": {
                name: each
                for name, each in settings.items()
                if name in _SETTINGS and type(each) in _SETTINGS[name]
            },
            "output": _output(turn, message),
        }
        tools = []


def _tool(tool: Mapping[str, Any]) -> Sample:
    """Return *tool* with as much of its schema as inspect_ai knows."""
    schema = tool.get("parameters")
    given = schema.get("properties") if isinstance(schema, dict) else None
    properties = {
        name: {
            key: value
            for key, value in each.items()
            if (key == "type" and value in _JSON_TYPES)
            or (key == "description" and _is_text(value))
        }
        for name, each in (given.items() if isinstance(given, dict) else ())
        if isinstance(each, dict)
    }
    required = schema.get("required") if isinstance(schema, dict) else None
    parameters = {
        "type": "object",
        "properties": properties,
        "required": required if isinstance(required, list) and _is_text(required) else [],
    }
    about = str(tool.get("description") or "")
    return {"name": str(tool.get("name")), "description": about, "parameters": parameters}


def _score(score: ScoreGiven, run: Run) -> Sample:
    """Return *score*; one that inspect_ai gave itself, as it gave it."""
    parts = score.parts if isinstance(score.parts, dict) else {}
    explanation = {"explanation": score.explanation} if score.explanation else {}
    value, answer = parts.get("value"), parts.get("answer")
    if type(value) in (str, int, float, bool) and to_number(value) == score.value:
        told = {"answer": answer} if isinstance(answer, str) else {}
        more = {"metadata": parts["metadata"]} if isinstance(parts.get("metadata"), dict) else {}
        return {"value": value, **told, **explanation, **more}
    about = {"by": score.by, "parts": score.parts, "low": score.low, "high": score.high}
    # An import takes what refold says of an imported run for no score of the source.
    own = {KEY: True} if score is run.graded and score not in run.trial.scores else {}
    return {"value": score.value, **explanation, "metadata": {**about, **own}}
