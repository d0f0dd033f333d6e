"""Runs for tests of reports: recorded by built-in agents or written by hand, and asked about."""

import json
from collections.abc import Iterable
from typing import Any

from click.testing import CliRunner

from refold import cli
from refold.agents import make_policy, play
from refold.engine import Episode, EventLog
from refold.engine.exchanges import Attempt, ModelCalled, Reply, Usage
from refold.scenarios import Scenario, load


def record(
    log: EventLog,
    run: str,
    agent: str,
    scenarios: Iterable[str | Scenario],
    *,
    epochs: int = 1,
    same_seed: bool = False,
) -> list[str]:
    """Play *epochs* of each of *scenarios* as ``refold record`` does, and return the ids."""
    ids = []
    for each in scenarios:
        scenario = load(each) if isinstance(each, str) else each
        for epoch in range(epochs):
            seed = scenario.seed + (0 if same_seed else epoch)
            episode = Episode.start(scenario, log=log, agent=agent, seed=seed, run=run, epoch=epoch)
            play(episode, make_policy(agent, episode.family, seed=seed, epoch=epoch))
            ids.append(episode.id)
    return ids


def called(
    tokens: tuple[int, int] | None = (100, 10), *, ms: int = 50, faults: Iterable[str] = ()
) -> ModelCalled:
    """Return an exchange with an answer of so many tokens; None if the API did not say."""
    usage = Usage(*tokens) if tokens else None
    reply = Reply("m", "text", (), "stop", usage, 0)
    return _exchange(reply, ms, faults)


def unanswered(*, ms: int = 50, faults: Iterable[str] = ("timeout",)) -> ModelCalled:
    """Return an exchange in which every attempt failed."""
    return _exchange(None, ms, faults)


def _exchange(reply: Reply | None, ms: int, faults: Iterable[str]) -> ModelCalled:
    attempts = tuple(Attempt(fault, None) for fault in faults)
    return ModelCalled((), 1, "0" * 64, reply, attempts, ms)


def ask(command: str, log: EventLog, *words: str) -> tuple[dict[str, Any], int]:
    """Return the JSON that *command* prints about *log*, and its exit code."""
    text, code = shown(command, log, *words, "--json")
    answer: dict[str, Any] = json.loads(text)
    return answer, code


def shown(command: str, log: EventLog, *words: str) -> tuple[str, int]:
    """Return what *command* prints about *log* on stdout, and its exit code."""
    result = CliRunner().invoke(
        cli.refold,
        [command, *words, "--log", log.path],
        standalone_mode=False,
        catch_exceptions=False,
    )
    return result.stdout, result.return_value or 0
