"""
ATIF 1.8, the Agent Trajectory Interchange Format: one JSON document for each episode.

A turn is a step of source ``agent`` with what it observed; messages between turns are steps of
their own. Scores and what ATIF has no field for stand in ``extra``, so that an import gives back
the trial whole.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from refold.engine.codec import encode
from refold.engine.exchanges import Usage, reasoning_in
from refold.transcripts.atif import read_trajectory
from refold.transcripts.exports.conversation import calls_in_message
from refold.transcripts.exports.runs import Run
from refold.transcripts.exports.watched import NOTES, is_generated
from refold.transcripts.messages import text_of
from refold.transcripts.remainder import KEY, fields_in, remainder_of
from refold.transcripts.trial import Call, Message, Trial, Turn

VERSION = "ATIF-v1.8"

_SOURCES = {"system": "system", "developer": "system", "assistant": "agent"}

Step = dict[str, Any]


def atif_document(run: Run) -> tuple[bytes, Counter[str]]:
    """Return the trajectory of *run*, and how often each field of it had to go to ``extra``."""
    document = _document(run)
    (read, *_) = read_trajectory(msgspec.json.decode(encode(document)), "the export")
    remainder = remainder_of(run.trial, read)
    document["extra"][KEY] = remainder
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n", fields_in(
        remainder
    )


def _document(run: Run) -> dict[str, Any]:
    trial = run.trial
    told = {name: trial.info.get(name) for name in ("session_id", "trajectory_id", "notes")}
    known = {name: each for name, each in told.items() if isinstance(each, str) and each}
    continued = trial.info.get("continued_trajectory_ref")
    steps = _steps(trial)
    if steps:
        steps[0].update({"timestamp": trial.started} if trial.started else {})
    return {
        "schema_version": VERSION,
        "trajectory_id": run.info.id,
        **known,
        "agent": _agent(run),
        "steps": steps,
        "final_metrics": _final_metrics(trial, len(steps)),
        **({"continued_trajectory_ref": continued} if isinstance(continued, str) else {}),
        "extra": {
            "episode": run.info.id,
            "scenario": run.info.scenario,
            "ended": run.info.ended,
            "reason": run.info.reason,
            "reward": trial.reward,
            "scores": [
                {"name": each.name, "value": each.value, "by": each.by, "parts": each.parts}
                for each in run.scores
            ],
        },
    }


def _agent(run: Run) -> dict[str, Any]:
    told = run.trial.info.get("agent")
    version, extra = (
        (told.get("version"), told.get("extra")) if isinstance(told, dict) else (None,) * 2
    )
    agent: dict[str, Any] = {
        "name": run.trial.agent or "unknown",
        "version": version if isinstance(version, str) else "unknown",
    }
    if isinstance(extra, dict):
        agent["extra"] = extra
    if run.trial.tools:
        agent["tool_definitions"] = list(run.trial.tools)
    return agent


def _final_metrics(trial: Trial, steps: int) -> dict[str, Any]:
    used = [turn.usage for turn in trial.turns if turn.usage is not None]
    costs = [usage.cost for usage in used if usage.cost is not None]
    return {
        "total_steps": steps,
        **(_sums(used) if used else {}),
        **({"total_cost_usd": sum(costs)} if costs else {}),
    }


def _sums(used: list[Usage]) -> dict[str, int]:
    return {
        "total_prompt_tokens": sum(usage.input for usage in used),
        "total_completion_tokens": sum(usage.output for usage in used),
        "total_cached_tokens": sum(usage.cached or 0 for usage in used),
    }


def _steps(trial: Trial) -> list[Step]:
    steps: list[Step] = []
    for message in trial.beginning:
        _hear(steps, message)
    for turn in trial.turns:
        steps.append(_agent_step(turn))
        for message in turn.answer:
            _hear(steps, message)
    return [{"step_id": number, **step} for number, step in enumerate(steps, 1)]


def _agent_step(turn: Turn) -> Step:
    step: Step = {
        "source": "agent",
        "message": _content((turn.message or {}).get("content"), turn.content),
    }
    told = {
        "model_name": turn.model or None,
        "reasoning_content": reasoning_in(turn.message or {}) or None,
        "tool_calls": [_call(call) for call in turn.calls] or None,
        "metrics": _metrics(turn.usage) if turn.usage else None,
        "llm_call_count": None if is_generated(turn) else 0,
        "extra": turn.info if turn.info and list(turn.info) == [NOTES] else None,
    }
    return {**step, **{name: each for name, each in told.items() if each is not None}}


def _call(call: Call) -> dict[str, Any]:
    arguments = call.arguments if isinstance(call.arguments, dict) else {}
    return {"tool_call_id": call.id, "function_name": call.name, "arguments": arguments}


def _metrics(usage: Usage) -> dict[str, Any]:
    told = {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "cached_tokens": usage.cached,
        "cost_usd": usage.cost,
        "extra": None if usage.reasoning is None else {"reasoning_tokens": usage.reasoning},
    }
    return {name: each for name, each in told.items() if each is not None}


def _hear(steps: list[Step], message: Message) -> None:
    """Add *message* as a step, or to what the step before observed if it is a tool's result."""
    content = _content(message.get("content"), text_of(message.get("content")))
    if message["role"] == "tool" and steps:
        result: dict[str, Any] = {"content": content}
        id = message.get("tool_call_id")
        calls = steps[-1].get("tool_calls")
        # The format refuses a result that names a call of another step.
        if isinstance(id, str) and (
            calls is None or id in [each["tool_call_id"] for each in calls]
        ):
            result["source_call_id"] = id
        steps[-1].setdefault("observation", {"results": []})["results"].append(result)
        return
    step: Step = {"source": _SOURCES.get(message["role"], "user"), "message": content}
    if step["source"] == "agent":
        step.update(_copied(message))
    steps.append(step)


def _copied(message: Message) -> Step:
    """Return what makes a step of the agent's one that it did not take in this run."""
    calls = [_call(call) for call in calls_in_message(message)]
    return {"is_copied_context": True, **({"tool_calls": calls} if calls else {})}


def _content(content: Any, text: str) -> Any:
    """Return *content* if ATIF takes it, else its *text*."""
    if isinstance(content, list) and content and all(map(_is_part, content)):
        return content
    return content if isinstance(content, str) else text


def _is_part(part: Any) -> bool:
    if not isinstance(part, Mapping):
        return False
    if part.get("type") == "text":
        return set(part) == {"type", "text"} and isinstance(part["text"], str)
    source = part.get("source")
    known = part.get("type") in ("image", "audio") and set(part) == {"type", "source"}
    return known and isinstance(source, Mapping) and set(source) == {"media_type", "path"}
