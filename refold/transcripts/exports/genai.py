"""
Attributes of spans and events, after OpenTelemetry's semantic conventions for generative AI.

What these have no name for is called ``refold.…``. Attributes that are None are not told.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from refold.engine.codec import encode
from refold.engine.exchanges import reasoning_in
from refold.scenarios.answered.events import ScoreGiven
from refold.transcripts.exports.runs import Run
from refold.transcripts.exports.watched import step_notes
from refold.transcripts.messages import text_of
from refold.transcripts.trial import Call, Message, Trial, Turn

Attributes = dict[str, Any]

SETTINGS: Mapping[str, type[int] | type[float]] = {
    "temperature": float,
    "top_p": float,
    "max_tokens": int,
    "seed": int,
    "frequency_penalty": float,
    "presence_penalty": float,
}
"""Settings of requests that have a name, and the type of each."""

_LARGEST_INTEGER = 2**63


def agent_attributes(run: Run) -> Attributes:
    """Return the attributes of the span ``invoke_agent`` of *run*."""
    trial = run.trial
    return {
        "gen_ai.provider.name": _provider(trial),
        "gen_ai.agent.name": trial.agent,
        "gen_ai.conversation.id": run.info.id,
        "gen_ai.tool.definitions": encode(list(trial.tools)).decode() if trial.tools else None,
        "refold.scenario": run.info.scenario,
        "refold.benchmark": trial.benchmark,
        "refold.task": trial.task,
        "refold.run": run.info.run,
        "refold.seed": trial.seed,
        "refold.digest": run.digest,
        "refold.ended": run.info.ended,
        "refold.reason": run.info.reason,
        "refold.reward": trial.reward,
    }


def _provider(trial: Trial) -> str:
    kind, colon, _ = trial.agent.partition(":")
    return kind if colon else "unknown"


def chat_attributes(turn: Turn, heard: Sequence[Message], trial: Trial) -> Attributes:
    """Return the attributes of the span ``chat`` of a *turn*; *heard* comes before it."""
    usage, settings = turn.usage, turn.settings or {}
    model, notes = settings.get("model"), step_notes(turn)
    request = {
        f"gen_ai.request.{name}": kind(settings[name])
        for name, kind in SETTINGS.items()
        if type(settings.get(name)) in (int, float)
    }
    return {
        "gen_ai.provider.name": _provider(trial),
        "gen_ai.request.model": model if isinstance(model, str) else turn.model or None,
        **request,
        "gen_ai.response.model": turn.model or None,
        "gen_ai.response.finish_reasons": [turn.finish] if turn.finish else None,
        "gen_ai.usage.input_tokens": usage and usage.input,
        "gen_ai.usage.output_tokens": usage and usage.output,
        "gen_ai.usage.cache_read.input_tokens": usage and usage.cached,
        "gen_ai.usage.reasoning.output_tokens": usage and usage.reasoning,
        "refold.cost": usage and usage.cost,
        "refold.step": encode(notes).decode() if notes else None,
        "gen_ai.input.messages": encode([_message(each) for each in heard]).decode(),
        "gen_ai.output.messages": encode([_said(turn)]).decode(),
    }


def _message(message: Message) -> dict[str, Any]:
    text = text_of(message.get("content"))
    if message["role"] == "tool":
        id = message.get("tool_call_id")
        return {
            "role": "tool",
            "parts": [{"type": "tool_call_response", "id": id, "response": text}],
        }
    return {"role": message["role"], "parts": [{"type": "text", "content": text}]}


def _said(turn: Turn) -> dict[str, Any]:
    thought = reasoning_in(turn.message or {})
    parts: list[dict[str, Any]] = [{"type": "reasoning", "content": thought}] if thought else []
    parts += [{"type": "text", "content": turn.content}] if turn.content else []
    for call in turn.calls:
        told = {"id": call.id, "name": call.name, "arguments": call.arguments}
        parts.append({"type": "tool_call", **told})
    return {"role": "assistant", "parts": parts, "finish_reason": turn.finish or "unknown"}


def tool_attributes(call: Call, result: Message | None) -> Attributes:
    """Return the attributes of the span ``execute_tool`` of a *call*, which *result* answers."""
    return {
        "gen_ai.tool.name": call.name,
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.id": call.id,
        "gen_ai.tool.call.arguments": call.text,
        "gen_ai.tool.call.result": None if result is None else text_of(result.get("content")),
    }


def evaluation_attributes(score: ScoreGiven) -> Attributes:
    """Return the attributes of the event ``gen_ai.evaluation.result`` of a *score*."""
    name, _, version = score.by.partition("@")
    number, _, digest = version.partition("+")
    return {
        "gen_ai.evaluation.name": score.name,
        "gen_ai.evaluation.score.value": score.value,
        "gen_ai.evaluation.explanation": score.explanation or None,
        "refold.grader.name": name or None,
        "refold.grader.version": number or None,
        "refold.grader.digest": digest or None,
    }


def otlp_attributes(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return attributes as OTLP has them; those that are None are not told."""
    return [
        {"key": key, "value": _value(value)} for key, value in told.items() if value is not None
    ]


def _value(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int() if abs(value) < _LARGEST_INTEGER:
            return {"intValue": str(value)}  # as JSON of 64-bit integers in protocol buffers
        case float():
            return {"doubleValue": value}
        case list():
            return {"arrayValue": {"values": [_value(each) for each in value]}}
        case _:
            return {"stringValue": str(value)}
