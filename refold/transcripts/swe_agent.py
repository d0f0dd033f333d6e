"""
SWE-agent's ``.traj`` files: ``history``, the conversation, and ``trajectory``, what was done.

The conversation is read from the history, where there is one; demonstrations have only that. From
the trajectory come the last observation, which no history holds, and what is told of each step.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from msgspec import Struct

from refold.engine.errors import RefoldError
from refold.transcripts.messages import check_messages, make_turn, read_turn, text_of
from refold.transcripts.reading import decode, fit, read_document, rest
from refold.transcripts.sources import Piece, Source
from refold.transcripts.trial import Trial


class _Step(Struct):
    action: str | None = None
    observation: str | list[Any] | None = None
    response: str | None = None
    thought: str | None = None
    query: Any = None
    messages: Any = None


class _Run(Struct):
    trajectory: list[dict[str, Any]] | None = None
    history: list[dict[str, Any]] | None = None
    info: dict[str, Any] | None = None
    environment: str | None = None


def pieces(source: Source) -> Iterator[Piece]:
    """Yield the one piece of a ``.traj`` file."""
    document = decode(read_document(source.file, source.name), source.name)
    yield Piece("$", partial(_read, document, source.name))


def _read(document: Any, where: str) -> list[Trial]:
    told = fit(document, _Run, where)
    if told.history is None and told.trajectory is None:
        raise RefoldError(f"{where}: expected a history or a trajectory, got neither")
    steps = [
        (fit(each, _Step, f"{where}: $.trajectory[{place}]"), rest(each, _Step))
        for place, each in enumerate(told.trajectory or ())
    ]
    trial = Trial(told.environment or "swe-agent", agent="swe-agent")
    if told.history is not None:
        _read_history(trial, told.history, where)
        for turn, (step, more) in zip(trial.turns, steps, strict=False):
            turn.info = {"state": more.get("state")} if more.get("state") else None
            _leave(trial, step, more)
        if len(steps) == len(trial.turns) and steps and not trial.turns[-1].answer:
            _observe(trial, steps[-1][0])
    else:
        _read_steps(trial, steps, where)
    _end(trial, told.info or {})
    trial.keep(rest(document, _Run))
    return [trial]


def _read_history(trial: Trial, history: list[dict[str, Any]], where: str) -> None:
    for message in check_messages(history, f"{where}: $.history"):
        # A demonstration within a history was shown to the agent, not done by it.
        if message["role"] == "assistant" and not message.get("is_demo"):
            trial.turns.append(read_turn(message, where))
        else:
            trial.hear(message)


def _read_steps(trial: Trial, steps: list[tuple[_Step, dict[str, Any]]], where: str) -> None:
    query = (steps[0][0].query or steps[0][0].messages) if steps else None
    for message in check_messages(query, f"{where}: $.trajectory[0].query") if query else ():
        trial.hear(message)
    for step, more in steps:
        known = {"action": step.action, "thought": step.thought}
        told = {name: value for name, value in known.items() if value}
        trial.turns.append(make_turn(step.response or step.action or "", [], told))
        trial.turns[-1].info = {"state": more.get("state")} if more.get("state") else None
        _observe(trial, step)
        _leave(trial, step, more)


def _observe(trial: Trial, step: _Step) -> None:
    if step.observation:
        trial.hear({"role": "user", "content": text_of(step.observation) or step.observation})


def _leave(trial: Trial, step: _Step, more: Mapping[str, Any]) -> None:
    """Note what a step repeats of the conversation, and what is measured time."""
    trial.leave("trajectory[].query", step.query)
    trial.leave("trajectory[].messages", step.messages)
    for name, value in more.items():
        if name != "state":
            trial.leave(f"trajectory[].{name}", value)


def _end(trial: Trial, info: dict[str, Any]) -> None:
    status = info.get("exit_status")
    trial.info["info"] = info
    if isinstance(status, str):
        trial.reason = status
        trial.how = "terminated" if status == "submitted" else "truncated"
