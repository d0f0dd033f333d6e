"""
The rows of a run in tables of episodes, model calls, messages and tool calls.

They are made of the run's trial, as all exports are; ``turn`` counts turns from 1, with what came
before the first at 0.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from refold.engine.codec import encode
from refold.engine.exchanges import reasoning_in
from refold.scenarios.answered.said import is_error
from refold.transcripts.exports.conversation import results, turn_message
from refold.transcripts.exports.runs import Run
from refold.transcripts.exports.unheld import fields_beyond
from refold.transcripts.exports.watched import NOTES, step_notes
from refold.transcripts.messages import text_of
from refold.transcripts.trial import Message

Kind = Literal["text", "integer", "real", "time", "truth"]
"""What a column holds beside nulls; a *time* is UTC."""
Row = tuple[Any, ...]

_TURN: Mapping[str, Kind] = {"episode": "text", "turn": "integer"}

COLUMNS: Mapping[str, Mapping[str, Kind]] = {
    "episodes": {
        "episode": "text",
        "scenario": "text",
        "agent": "text",
        "run": "text",
        "seed": "integer",
        "epoch": "integer",
        "ended": "text",
        "reason": "text",
        "steps": "integer",
        "total": "real",
        "score": "real",
        "rubric": "text",
        "scores": "text",
        "model_calls": "integer",
        "input_tokens": "integer",
        "output_tokens": "integer",
        "cost": "real",
        "started_at": "time",
        "ended_at": "time",
        "parent": "text",
        "fork_at": "integer",
        "digest": "text",
    },
    "model_calls": {
        **_TURN,
        "model": "text",
        "finish": "text",
        "input_tokens": "integer",
        "output_tokens": "integer",
        "cached_tokens": "integer",
        "reasoning_tokens": "integer",
        "cost": "real",
        "latency_ms": "integer",
        "reasoning": "text",
        "text": "text",
    },
    "messages": {
        **_TURN,
        "place": "integer",
        "role": "text",
        "name": "text",
        "tool_call_id": "text",
        "text": "text",
    },
    "tool_calls": {
        **_TURN,
        "place": "integer",
        "id": "text",
        "name": "text",
        "arguments": "text",
        "result": "text",
        "error": "truth",
    },
}
"""Columns of each table by name, in order."""


_HELD = (
    *("benchmark", "task", "agent", "seed", "started", "ended", "reward", "how", "reason"),
    *("scores[].name", "scores[].value", "turns[].content", "turns[].calls", "turns[].model"),
    *("turns[].finish", "turns[].usage", "turns[].message.role", "turns[].message.content"),
    *("turns[].message.tool_calls", "turns[].message.reasoning_content"),
    *("turns[].message.reasoning", f"turns[].info.{NOTES}.ms"),
    *(
        f"{place}[].{name}"
        for place in ("beginning", "turns[].answer")
        for name in ("role", "content", "name", "tool_call_id")
    ),
)


def fields_left(run: Run) -> Counter[str]:
    """Return how often each field of *run* is in no table."""
    return fields_beyond(run.trial, _HELD)


def rows(run: Run) -> Mapping[str, Iterator[Row]]:
    """Return the rows of *run* by table."""
    return {
        "episodes": iter([_episode(run)]),
        "model_calls": _model_calls(run),
        "messages": _messages(run),
        "tool_calls": _tool_calls(run),
    }


def _episode(run: Run) -> Row:
    info = run.info
    replies = [turn for turn in run.trial.turns if turn.model]
    used = [turn.usage for turn in replies if turn.usage is not None]
    costs = [usage.cost for usage in used if usage.cost is not None]
    scores = encode({each.name: each.value for each in run.scores}).decode()
    graded = run.graded
    return (
        *(info.id, info.scenario, run.trial.agent, info.run, info.seed, info.epoch),
        *(info.ended, info.reason, info.steps, info.total),
        *(graded.value if graded else None, graded.by if graded else None),
        *(scores, len(replies)),
        sum(usage.input for usage in used) if used else None,
        sum(usage.output for usage in used) if used else None,
        # A sum of some of the costs would be taken for all.
        sum(costs) if costs and len(costs) == len(replies) else None,
        *(run.trial.started, run.trial.ended, info.parent, info.fork_at, run.digest),
    )


def _model_calls(run: Run) -> Iterator[Row]:
    for number, turn in enumerate(run.trial.turns, 1):
        if turn.model:
            usage = turn.usage
            yield (
                *(run.info.id, number, turn.model, turn.finish),
                *((usage.input, usage.output) if usage else (None, None)),
                *((usage.cached, usage.reasoning, usage.cost) if usage else (None,) * 3),
                *(step_notes(turn).get("ms"), reasoning_in(turn.message or {}), turn.content),
            )


def _messages(run: Run) -> Iterator[Row]:
    groups = [run.trial.beginning]
    groups += [[turn_message(turn), *turn.answer] for turn in run.trial.turns]
    for number, group in enumerate(groups):
        for place, message in enumerate(group):
            told = (message.get("name"), message.get("tool_call_id"))
            yield (
                *(run.info.id, number, place, message["role"]),
                *(each if isinstance(each, str) else None for each in told),
                text_of(message.get("content")),
            )


def _tool_calls(run: Run) -> Iterator[Row]:
    for number, turn in enumerate(run.trial.turns, 1):
        for place, (call, result) in enumerate(results(turn)):
            yield (
                *(run.info.id, number, place, call.id, call.name, call.text),
                *_outcome(result),
            )


def _outcome(result: Message | None) -> tuple[str | None, bool | None]:
    if result is None:
        return None, None
    return text_of(result.get("content")), is_error(result)
