"""``refold.record``: the episodes of an environment that a program of its own plays."""

import sys
from pathlib import Path
from typing import Any, TypeVar

from attrs import evolve

from refold.engine import EventLog, RefoldError
from refold.environments.python.objects import check_methods
from refold.environments.python.worlds import class_scenario
from refold.environments.recording.objects import RecordedObject
from refold.environments.recording.recordings import Recording
from refold.scenarios import Scenario, load

E = TypeVar("E")


def record(
    env: E,
    *,
    log: str | Path | EventLog,
    agent: str = "",
    run: str = "",
    scenario: str | Scenario = "",
    batch: int = 1,
) -> E:
    """
    Return *env* as it is, but that its episodes are recorded.

    Rewards, observations and errors are those of *env*. Use it in the thread that made it, and
    close it: an episode that still runs then, or that is reset, is truncated.

    Args:
        env: A Gymnasium environment, a vectorised one, or any object with methods ``reset`` and
            ``step``, which may be coroutines, such as a client of OpenEnv.
        log: A file, created if missing, or a log that is open for writing.
        agent: Who plays, a name for the log.
        run: Name of the run that the episodes belong to.
        scenario: What the environment is: a name as ``load`` takes it, by which it can be made
            again, or any other name for lists. By default it is made out from *env*.
        batch: Steps that may wait before they are stored together, which is faster. A crash
            loses at most so many; the steps that are taken at once count together.

    Raises:
        RefoldError: *env* has no such methods, or the log cannot be written.
    """
    check_methods(env)
    kind, found, by = _describe(env)
    chosen = _scenario(scenario, found)
    recording = Recording(log, chosen, agent=agent, run=run, batch=batch)
    recorded: Any = kind(env, recording, by)
    recording.close_with(recorded)
    made: E = recorded
    return made


def _describe(env: Any) -> tuple[Any, Scenario, dict[str, str]]:
    """Return the recorder for *env*, the scenario that it is, and what it is made by."""
    gymnasium = sys.modules.get("gymnasium")  # not loaded: nothing can be one of its environments
    if gymnasium is not None and isinstance(env, gymnasium.Env | gymnasium.vector.VectorEnv):
        from refold.environments.gymnasium import scenarios  # noqa: PLC0415 - as above

        return scenarios.describe(env)
    scenario, by = class_scenario(type(env))
    return RecordedObject, scenario, by


def _scenario(given: str | Scenario, found: Scenario) -> Scenario:
    if not given:
        return found
    if isinstance(given, str) and not (":" in given or given.endswith(".toml")):
        return evolve(found, name=given, title=given)
    scenario = load(given) if isinstance(given, str) else given
    if scenario.family != "answered":
        raise RefoldError(
            f"scenario {scenario.name}: expected an external environment, got one of refold's own "
            f"family {scenario.family!r}"
        )
    return scenario
