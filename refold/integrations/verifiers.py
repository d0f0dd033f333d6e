"""
Scenarios as environments of verifiers: the taskset ``refold-scenarios``.

The model answers in text, a JSON object a turn, and the reward is the grade. Needs the extra
``verifiers``.

Verifiers finds a taskset by the name of a module. Once this one is imported, it is found; for
programs that do not import it, such as verifiers' own commands, write ``refold_scenarios.py``:
``from refold.integrations.verifiers import *``.
"""

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import verifiers.v1 as vf
from pydantic import Field
from verifiers.v1.utils.loaders import load_environment as load_env
from verifiers.v1.utils.loaders import resolve_env_config

from refold.agents.rollout import epoch_seed
from refold.engine import EventLog
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.integrations.rollout import STOPPED, Rollout, instructions, load_decided

__all__ = ["ScenarioEnv", "ScenarioTaskset"]

TASKSET = "refold-scenarios"
"""Id of the taskset."""

sys.modules.setdefault(TASKSET.replace("-", "_"), sys.modules[__name__])


class ScenarioData(vf.TaskData):
    """
    One seed of a scenario.

    Attributes:
        scenario: Name of the scenario, or path of its file.
        seed: The seed.
    """

    scenario: str
    seed: int


class ScenarioTask(vf.Task[ScenarioData]):
    """The task of playing one seed of a scenario to its end."""


class ScenarioConfig(vf.TasksetConfig):
    """
    What is played, and where it is recorded.

    Attributes:
        scenario: Name of a scenario, or path of its file.
        worlds: Number of tasks: the scenario's own seed, and those of the seeds after it.
        log: File to record every episode in; none if None. Processes may share one.
        run: Name of the run that the episodes belong to, in the log.
    """

    scenario: str
    worlds: int = Field(1, ge=1)
    log: str | None = None
    run: str = ""


class ScenarioTaskset(vf.Taskset[ScenarioTask, ScenarioConfig]):
    """A task for each seed of a scenario."""

    def load(self) -> Iterator[ScenarioTask]:
        """Yield the tasks, by seed."""
        config = self.config
        scenario = load_decided(config.scenario)
        for number in range(config.worlds):
            seed = epoch_seed(scenario.seed, number)
            data = ScenarioData(
                name=f"{scenario.name}#{seed}",
                system_prompt=instructions(scenario, "text"),
                scenario=config.scenario,
                seed=seed,
            )
            yield ScenarioTask(data, config.task)


class ScenarioEnvConfig(vf.EnvConfig):
    """
    Who plays.

    Attributes:
        player: The agent, by default a model without tools; its loop runs on this machine, as it
            executes nothing.
    """

    player: vf.AgentConfig = vf.AgentConfig(harness={"id": "null"}, runtime=vf.SubprocessConfig())


class ScenarioEnv(vf.Env[ScenarioEnvConfig]):
    """Shows the model where the episode stands, turn by turn, and takes what it answers."""

    async def run(self, task: Any, agents: Any) -> None:
        """Play one episode; its reward ``grade`` is the score of its grade."""
        config = self.taskset.config
        with nullcontext() if config.log is None else EventLog(config.log) as log:
            rollout = Rollout(
                load_decided(task.data.scenario),
                log=log,
                agent=agents.player.config.model or "verifiers",
                seed=task.data.seed,
                run=config.run,
                form="text",
            )
            async with agents.player.interaction(task) as interaction:
                segment = await interaction.turn(rollout.describe())
                while not segment.terminated:
                    said = rollout.say(segment.last_reply)
                    if rollout.over:
                        break
                    segment = await interaction.turn(said)
            trace = interaction.trace
            if trace.ok:
                trace.record_reward("grade", rollout.finish(STOPPED).score)
            else:  # the model's endpoint or its loop failed, which is no play of the model's
                rollout.finish(INSTRUMENT_FAILED)


def load_environment(
    scenario: str, *, worlds: int = 1, log: str | None = None, run: str = ""
) -> vf.Env[ScenarioEnvConfig]:
    """
    Return the environment that plays *scenario*; the arguments are those of ``ScenarioConfig``.

    Raises:
        RefoldError: There is no such scenario, or an external environment answers it.
    """
    load_decided(scenario)
    taskset = {"id": TASKSET, "scenario": scenario, "worlds": worlds, "log": log, "run": run}
    return load_env(resolve_env_config({"taskset": taskset}))
