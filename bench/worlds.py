"""What the benchmarks play: the scenarios that ship, DAGs of any size, and scripts for both."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from refold.agents import make_policy, play
from refold.engine import ActionTaken, Episode, Stream
from refold.scenarios import Criterion, Rubric, Scenario, load
from refold.scenarios.workflow.actions import SYNTHESIZE, WAIT, Action
from refold.scenarios.workflow.parameters import (
    SubtaskParameters,
    WorkerParameters,
    WorkflowParameters,
)
from refold.scenarios.workflow.state import State

TASKS = ("workflow/easy", "workflow/medium", "workflow/hard", "workflow/expert")
MAILS = "inbox/hard"
LAYER = 10
TYPES = 5

Script = Sequence[Any]
"""The actions of an episode, first to last."""


def short(name: str) -> str:
    """Return the name of a scenario as tables show it."""
    return name.removeprefix("workflow/")


@cache
def played(name: str, agent: str, seed: int = 0) -> Stream:
    """Return the stream of *agent* on the scenario *name*; *seed* is the dice of a random one."""
    episode = Episode.start(load(name))
    play(episode, make_policy(agent, episode.family, seed=seed))
    return episode.events


def actions(stream: Stream) -> Script:
    """Return the actions of *stream*."""
    return [event.action for event in stream if isinstance(event, ActionTaken)]


def dag(subtasks: int, workers: int, *, steps: int | None = None) -> Scenario:
    """
    Return a workflow of *subtasks* in layers of ten, each needing two of the layer before.

    A fifth of the *workers* can do any one subtask; none fails, half of them take two steps.
    *steps* is the time budget, as a rule three for each subtask.
    """
    parameters = WorkflowParameters(
        time_budget=steps or 3 * subtasks + 10,
        capacity_limit=workers,
        subtasks=tuple(_subtask(place) for place in range(subtasks)),
        workers=tuple(
            WorkerParameters(f"worker-{place}", (f"type-{place % TYPES}",), 1 + place % 2, 1.0, 1.0)
            for place in range(workers)
        ),
    )
    return Scenario(
        name=f"bench/{subtasks}x{workers}",
        family="workflow",
        rules=1,
        title="A DAG",
        description="Complete all subtasks.",
        seed=1,
        parameters=parameters,
        rubric=Rubric("bench", 1, (Criterion("completion", 1.0, "share_completed"),)),
    )


def _subtask(place: int) -> SubtaskParameters:
    layer = place // LAYER
    needs = {LAYER * (layer - 1) + (place + shift) % LAYER for shift in (0, 3)} if layer else set()
    return SubtaskParameters(
        id=f"subtask-{place}",
        type=f"type-{place % TYPES}",
        dependencies=tuple(f"subtask-{need}" for need in sorted(needs)),
        output=f"result {place}",
    )


def dag_script(scenario: Scenario) -> Script:
    """Return the actions that complete the DAG *scenario*, a delegation in nearly every step."""
    episode = Episode.start(scenario)
    chosen: list[Action] = []
    while not episode.over:
        chosen.append(_next(episode.state))
        episode.step(chosen[-1])
    return chosen


def _next(state: State) -> Action:
    for id in state.ready:
        for name in state.plan.candidates[id]:
            if name in state.idle:
                return Action("delegate", id, name)
    return SYNTHESIZE if state.all_completed else WAIT
