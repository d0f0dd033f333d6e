"""
Trial folders of Harbor: ``result.json`` tells task, agent and reward, ATIF the trajectory.

Only files with Harbor's own names in the trial's own folder are read, whatever ``result.json``
says. A trial without a trajectory, such as one whose agent failed, is one without turns.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Struct

from refold.engine.errors import RefoldError
from refold.scenarios.answered.events import ScoreGiven
from refold.transcripts.atif import read_trajectory
from refold.transcripts.reading import decode, fit, number, read_document, rest
from refold.transcripts.sources import Piece, Source
from refold.transcripts.trial import Trial

RESULT = "result.json"
"""The file that makes a folder a trial's."""

_TRAJECTORY = "agent/trajectory.json"
_CONTINUED = "trajectory.cont-{}.json"
_MOST_CONTINUED = 1000


class _Exception(Struct):
    exception_type: str = ""
    exception_message: str = ""


class _Verified(Struct):
    rewards: dict[str, Any] | None = None
    reward: Any = None


class _Result(Struct):
    task_name: str
    trial_name: str = ""
    source: str | None = None
    agent_info: dict[str, Any] | None = None
    agent_result: dict[str, Any] | None = None
    verifier_result: _Verified | None = None
    exception_info: _Exception | None = None
    started_at: str | None = None
    finished_at: str | None = None


def pieces(source: Source) -> Iterator[Piece]:
    """Yield the one piece of a trial, whose ``result.json`` *source* is."""
    document = decode(read_document(source.file, source.name), source.name)
    yield Piece("$", partial(_read, document, source))


def _read(document: Any, source: Source) -> list[Trial]:
    told = fit(document, _Result, source.name)
    trials = list(_trajectories(source)) or [Trial("harbor")]
    for trial in trials:
        trial.benchmark, trial.task = told.source or "harbor", told.task_name
    _describe(trials[0], told)
    trials[0].keep(rest(document, _Result))
    return trials


def _trajectories(source: Source) -> Iterator[Trial]:
    """Yield the trials of the trajectory, of its subagents, and of what continues it."""
    if source.folder is None:
        return
    first = source.folder / _TRAJECTORY
    others = (first.parent / _CONTINUED.format(number) for number in range(1, _MOST_CONTINUED))
    for path in (first, *others):
        if not path.is_file():
            return
        where = f"{source.name} {path.name}"
        yield from read_trajectory(decode(_content(path, where), where), where)


def _content(path: Path, where: str) -> bytes:
    try:
        with path.open("rb") as file:
            return read_document(file, where)
    except OSError as error:
        raise RefoldError(
            f"{where}: expected a file that can be read, got {error.strerror}"
        ) from None


def _describe(trial: Trial, told: _Result) -> None:
    known = {"trial_name": told.trial_name, "agent_result": told.agent_result}
    trial.info |= {name: each for name, each in known.items() if each}
    trial.started = told.started_at or trial.started
    trial.ended = told.finished_at or trial.ended
    if not trial.agent:
        trial.agent = str((told.agent_info or {}).get("name") or "")
    verified = told.verifier_result or _Verified()
    rewards = verified.rewards or {"reward": verified.reward}
    for name in sorted(rewards, key=lambda name: name != "reward"):
        if (found := number(rewards[name])) is not None:
            trial.scores.append(ScoreGiven(name=name, value=found, by="harbor"))
    trial.reward = number(rewards.get("reward"))
    failed = told.exception_info
    if failed is not None:
        trial.reason = failed.exception_type
        trial.info["exception_message"] = failed.exception_message
        if not trial.scores:
            trial.fault = f"{failed.exception_type}: {failed.exception_message:.300}"
    if trial.scores:
        trial.how = "truncated" if failed is not None else "terminated"
