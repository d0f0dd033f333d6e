"""
Session traces of the Hugging Face hub: JSON Lines, a header, then a message on each line.

A file is one session, so each episode has a file of its own.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from refold.engine.codec import encode
from refold.engine.exchanges import reasoning_in
from refold.transcripts.exports.conversation import calls_in_message
from refold.transcripts.exports.runs import Run
from refold.transcripts.exports.unheld import fields_beyond
from refold.transcripts.messages import text_of
from refold.transcripts.trial import Call, Message, Turn

_HELD = (
    *("agent", "started", "ended", "seed", "reward", "how", "reason", "scores", "benchmark"),
    *("task", "turns[].content", "turns[].calls", "turns[].model"),
    *("turns[].message.role", "turns[].message.content", "turns[].message.tool_calls"),
    *("turns[].message.reasoning_content", "turns[].message.reasoning"),
)
_HELD_OF_MESSAGES = ("role", "content", "tool_calls", "tool_call_id")


def session_file(run: Run) -> tuple[bytes, Counter[str]]:
    """Return the file of *run*, and how often each field of it is left out."""
    held = (
        *_HELD,
        *(f"beginning[].{name}" for name in _HELD_OF_MESSAGES),
        *(f"turns[].answer[].{name}" for name in _HELD_OF_MESSAGES),
    )
    lines = b"".join(encode(each) + b"\n" for each in _lines(run))
    return lines, fields_beyond(run.trial, held)


def _lines(run: Run) -> Iterator[dict[str, Any]]:
    trial = run.trial
    yield {
        "type": "session",
        "harness": "refold",
        "id": run.info.id,
        "name": run.info.scenario,
        "agent": trial.agent,
        "seed": trial.seed,
        "started_at": trial.started,
        "ended_at": trial.ended,
        "ended": run.info.ended,
        "reason": run.info.reason,
        "reward": trial.reward,
        "scores": {each.name: each.value for each in run.scores},
    }
    messages = [_message(each) for each in trial.beginning]
    for turn in trial.turns:
        messages += [_turn(turn), *map(_message, turn.answer)]
    for message in messages:
        yield {"type": "message", "message": message}


def _turn(turn: Turn) -> Message:
    thought = reasoning_in(turn.message or {})
    told = {"reasoningContent": thought, "toolCalls": _calls(turn.calls), "model": turn.model}
    shown = {name: each for name, each in told.items() if each}
    return {"role": "assistant", "content": turn.content, **shown}


def _message(message: Message) -> Message:
    role = "system" if message["role"] == "developer" else message["role"]
    known = role if role in ("system", "user", "assistant", "tool") else "user"
    told = {
        "reasoningContent": reasoning_in(message),
        "toolCalls": _calls(calls_in_message(message)),
        "toolCallId": message.get("tool_call_id"),
    }
    shown = {name: each for name, each in told.items() if each}
    return {"role": known, "content": text_of(message.get("content")), **shown}


def _calls(calls: Any) -> list[dict[str, Any]]:
    return [_call(call) for call in calls]


def _call(call: Call) -> dict[str, Any]:
    return {"id": call.id, "function": {"name": call.name, "arguments": call.text}}
