"""
The reducer of workflows, rules version 2: the next state, for each type of event.

It applies what events say and knows no rules: whatever dice decided stands in the event.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from msgspec.structs import replace

from refold.engine import ActionRefused, ActionTaken, EpisodeEnded, Reseeded, StepRewarded
from refold.engine.family import Reducer
from refold.scenarios.tallies import counting
from refold.scenarios.workflow2.events import (
    NoticePosted,
    TaskCompleted,
    TaskFailed,
    TickPassed,
    WorkCancelled,
    WorkerLeft,
    WorkerSlowed,
    WorkStarted,
    WorldDrawn,
)
from refold.scenarios.workflow2.plan import compile_plan
from refold.scenarios.workflow2.score import COUNTERS
from refold.scenarios.workflow2.state import Job, Known, State

T = TypeVar("T")


def _without(items: Mapping[str, T], key: str) -> dict[str, T]:
    rest = dict(items)
    del rest[key]
    return rest


def _draw(state: State, event: WorldDrawn) -> State:
    tasks = event.world.tasks
    met = frozenset(task.id for task in tasks if not task.needs)
    return replace(state, plan=compile_plan(event.world), met=met)


def _take(state: State, _event: ActionTaken[Any]) -> State:
    return replace(state, actions=state.actions + 1, refusal=None)


def _start(state: State, event: WorkStarted) -> State:
    job = Job(event.worker, state.tick, event.ticks, event.sound)
    # In order of id, so that the order of the starts leaves no trace.
    jobs = dict(sorted({**state.jobs, event.task: job}.items()))
    return replace(state, jobs=jobs)


def _complete(state: State, event: TaskCompleted) -> State:
    done, tasks = {**state.done, event.task: event.tick}, state.plan.tasks
    met = {
        task
        for task in state.plan.dependents[event.task]
        if all(need in done for need in tasks[task].needs)
    }
    return replace(state, jobs=_without(state.jobs, event.task), done=done, met=state.met | met)


def _fail(state: State, event: TaskFailed) -> State:
    return replace(
        state,
        jobs=_without(state.jobs, event.task),
        errors={**state.errors, event.task: event.text},
        known=_learn(state, event),
    )


def _learn(state: State, event: TaskFailed) -> Known:
    """Return what is known after *event*, whose text tells of it."""
    known, task = state.known, state.plan.tasks[event.task]
    if event.kind == "access":
        return replace(known, barred=known.barred | {(event.worker, task.system)})
    if event.kind == "missing" and task.hidden is not None:
        return replace(known, missing={**known.missing, task.id: task.hidden})
    # An outage shows in the tick that has just passed.
    back = state.plan.back_at(task.system, state.tick - 1) if event.kind == "outage" else None
    if back is None:
        return known
    until = max(back, known.back.get(task.system, 0))
    return replace(known, back={**known.back, task.system: until})


def _reward(state: State, event: StepRewarded) -> State:
    return replace(state, steps=event.step + 1, total=event.total)


REDUCER: Reducer[State] = counting(
    {
        WorldDrawn: _draw,
        NoticePosted: lambda state, event: replace(state, notices=(*state.notices, event.text)),
        ActionTaken: _take,
        ActionRefused: lambda state, event: replace(state, refusal=event.error),
        WorkStarted: _start,
        WorkCancelled: lambda state, event: replace(state, jobs=_without(state.jobs, event.task)),
        TickPassed: lambda state, event: replace(state, tick=event.tick, actions=0),
        TaskCompleted: _complete,
        TaskFailed: _fail,
        WorkerLeft: lambda state, event: replace(state, gone=state.gone | {event.worker}),
        WorkerSlowed: lambda state, event: replace(
            state, paces={**state.paces, event.worker: event.pace}
        ),
        StepRewarded: _reward,
        Reseeded: lambda state, event: replace(state, seed=event.seed),
        EpisodeEnded: lambda state, event: replace(state, ended=event.reason),
    },
    COUNTERS,
)
