"""
Scenarios as tasks of Inspect: ``inspect eval refold/scenario -T name=workflow/easy``.

Tools are the kinds of action, the score is the grade. Inspect finds this module by the entry point
group ``inspect_ai``; needs the extra ``inspect``.
"""

from contextlib import nullcontext

import msgspec
from inspect_ai import Task, task
from inspect_ai.dataset import Sample
from inspect_ai.model import ChatMessageSystem, ChatMessageUser
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer, stderr
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.tool import Tool, ToolDef
from inspect_ai.util import LimitExceededError

from refold.agents.rollout import epoch_seed
from refold.engine import EventLog
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.integrations.functions import action_functions
from refold.integrations.rollout import STOPPED, Rollout, instructions, load_decided
from refold.scenarios import Scenario

_GRADE = "refold_grade"
_EPISODE = "refold_episode"


@task(name="scenario")
def scenario_task(name: str, *, log: str | None = None, worlds: int = 1, run: str = "") -> Task:
    """
    Return the task of playing the scenario *name*.

    Args:
        name: Name of a scenario, or path of its file.
        log: File to record every episode in; none if None.
        worlds: Number of samples: the scenario's own seed, and those of the seeds after it.
        run: Name of the run that the episodes belong to, in the log.

    Raises:
        RefoldError: There is no such scenario, or an external environment answers it.
    """
    scenario = load_decided(name)
    seeds = [epoch_seed(scenario.seed, number) for number in range(worlds)]
    return Task(
        dataset=[_sample(scenario, seed) for seed in seeds],
        solver=_play(name, log, run),
        scorer=_grade(),
        name=scenario.name,
        metadata={"rubric": scenario.rubric.name, "rubric_version": scenario.rubric.version},
    )


def _sample(scenario: Scenario, seed: int) -> Sample:
    """Return the sample of one seed, with all that a model reads before its first action."""
    beginning = Rollout(scenario, log=None, agent="", seed=seed)
    return Sample(
        id=f"seed-{seed}",
        input=[
            ChatMessageSystem(content=instructions(scenario)),
            ChatMessageUser(content=beginning.describe()),
        ],
        metadata={"seed": seed},
    )


@solver(name="refold_play")
def _play(name: str, log: str | None, run: str) -> Solver:
    """Plays the sample to its end, and leaves the grade in the store."""
    scenario = load_decided(name)

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        with nullcontext() if log is None else EventLog(log) as opened:
            rollout = Rollout(
                scenario,
                log=opened,
                agent=str(state.model),
                seed=state.metadata["seed"],
                run=run,
                epoch=state.epoch - 1,
            )
            state.store.set(_EPISODE, rollout.episode.id)
            try:
                state = await _turns(rollout, state, generate)
            except LimitExceededError:
                _leave(rollout, state, STOPPED)
                raise
            except Exception:
                _leave(rollout, state, INSTRUMENT_FAILED)
                raise
            _leave(rollout, state, STOPPED)
            return state

    return solve


async def _turns(rollout: Rollout, state: TaskState, generate: Generate) -> TaskState:
    state.tools = _tools(rollout)
    state.tool_choice = "any"
    while not rollout.over:
        before = rollout.replies
        state = await generate(state, tool_calls="single")
        if state.completed:
            break
        # A call that Inspect itself refuses, such as one of an unknown tool, never gets here.
        if rollout.replies == before:
            said = rollout.no_action("expected a call of one of the tools that fits it, got none")
            state.messages.append(ChatMessageUser(content=said))
    return state


def _tools(rollout: Rollout) -> list[Tool]:
    async def act(kind: str, fields: dict[str, object]) -> str:
        return rollout.call(kind, fields)

    functions = action_functions(rollout.episode.family, act)
    return [ToolDef(each, max_output=0).as_tool() for each in functions]


def _leave(rollout: Rollout, state: TaskState, reason: str) -> None:
    state.store.set(_GRADE, msgspec.to_builtins(rollout.finish(reason)))


@scorer(metrics=[mean(), stderr()], name="refold_grade")
def _grade() -> Scorer:
    """Scores a sample with the grade of its episode."""

    async def score(state: TaskState, _target: Target) -> Score:
        grade = state.store.get(_GRADE)
        if grade is None:
            return Score.unscored(explanation="the episode has no grade, as it was not played")
        return Score(
            value=grade["score"],
            explanation=", ".join(
                f"{part['name']} {part['points']:+.4g}" for part in grade["parts"]
            ),
            metadata={"episode": state.store.get(_EPISODE), "rubric": grade["rubric"]},
        )

    return score
