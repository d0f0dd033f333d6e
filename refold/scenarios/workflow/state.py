"""
The state of a workflow, and how each event changes it.

Frozen structs in dicts by id, and a few small derived sets that rules and hints ask for, so
that no step walks over all subtasks. What an agent may see is in ``Subtask`` and ``Worker``,
which observations share; when an attempt will be decided is hidden, in ``jobs``.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from refold.engine import ActionRefused, ActionTaken, EpisodeEnded, Event, Reseeded, StepRewarded
from refold.scenarios.workflow.events import (
    FailuresLingered,
    SubtaskAborted,
    SubtaskCompleted,
    SubtaskDelegated,
    SubtaskFailed,
    SubtaskRetried,
    SubtasksUnblocked,
    WorkAdvanced,
    WorkerDegraded,
    WorkerDroppedOut,
)
from refold.scenarios.workflow.phrases import say
from refold.scenarios.workflow.plan import Plan, plan_of

Status = Literal["pending", "ready", "in_progress", "completed", "failed"]


class Subtask(Struct, frozen=True, gc=False):
    """A subtask as the agent sees it; *attempt_count* counts failed attempts."""

    id: str
    type: str
    description: str
    dependencies: tuple[str, ...]
    status: Status
    dependencies_met: bool
    assigned_to: str | None = None
    attempt_count: int = 0
    output: str | None = None
    error: str | None = None


class Worker(Struct, frozen=True, gc=False):
    """A worker as the agent sees it; *reliability* is its own, overrides are hidden."""

    name: str
    capabilities: tuple[str, ...]
    speed: int
    reliability: float
    cost_per_step: float
    status: Literal["idle", "working", "offline"] = "idle"
    current_task: str | None = None


class Job(Struct, frozen=True, gc=False):
    """Work at *subtask*, the attempt to be decided in the step with the index *due*."""

    subtask: str
    due: int


class State(Struct, frozen=True, gc=False, eq=True):
    """
    A workflow at one moment.

    Attributes:
        plan: The compiled scenario.
        seed: Seed of the attempts' dice.
        subtasks: By id, in definition order.
        workers: By name, in definition order.
        jobs: Work in progress, by worker.
        ready: Ids of ready subtasks, in definition order.
        failed: Ids of failed subtasks, in definition order.
        idle: Names of idle workers.
        outputs: Outputs of completed subtasks by id, in order of completion.
        lingering: Failed subtasks that cost a penalty if still failed after the next step.
        t: Index of the next step, which is the number of steps taken.
        budget_used: Cost so far.
        failures: Failed attempts and dropouts of working workers so far.
        recoveries: Completions after a failed attempt so far.
        setbacks: What went wrong in the last step: a refusal, failures, dropouts at work.
        parts: Reward parts of the last step.
        total: Sum of the rewards.
        ended: Why the episode ended, or None.
    """

    plan: Plan
    seed: int
    subtasks: Mapping[str, Subtask]
    workers: Mapping[str, Worker]
    jobs: Mapping[str, Job]
    ready: tuple[str, ...]
    failed: tuple[str, ...]
    idle: frozenset[str]
    outputs: Mapping[str, str]
    lingering: tuple[str, ...]
    t: int
    budget_used: float
    failures: int
    recoveries: int
    setbacks: tuple[Event, ...]
    parts: Mapping[str, float]
    total: float
    ended: str | None

    @property
    def all_completed(self) -> bool:
        """Whether nothing is left to do."""
        return len(self.outputs) == len(self.subtasks)


def initial(body: bytes, seed: int) -> State:
    """
    Return the state of the scenario *body* before any event.

    Raises:
        ScenarioError: *body* is no workflow scenario, or an impossible one.
    """
    return replace(_beginning(body), seed=seed)


@lru_cache(maxsize=64)
def _beginning(body: bytes) -> State:
    plan = plan_of(body)
    parameters = plan.parameters
    subtasks = {
        each.id: Subtask(
            id=each.id,
            type=each.type,
            description=each.description,
            dependencies=each.dependencies,
            status="pending" if each.dependencies else "ready",
            dependencies_met=not each.dependencies,
        )
        for each in parameters.subtasks
    }
    workers = {
        each.name: Worker(
            each.name, each.capabilities, each.speed, each.reliability, each.cost_per_step
        )
        for each in parameters.workers
    }
    return State(
        plan=plan,
        seed=0,
        subtasks=subtasks,
        workers=workers,
        jobs={},
        ready=tuple(id for id, subtask in subtasks.items() if subtask.status == "ready"),
        failed=(),
        idle=frozenset(workers),
        outputs={},
        lingering=(),
        t=0,
        budget_used=0.0,
        failures=0,
        recoveries=0,
        setbacks=(),
        parts={},
        total=0.0,
        ended=None,
    )


def startable(state: State, ids: Iterable[str]) -> str | None:
    """Return the first of the subtasks *ids* that some idle worker is capable of, or None."""
    capable, idle = state.plan.capable, state.idle
    for id in ids:
        if not idle.isdisjoint(capable[id]):
            return id
    return None


def in_order(state: State, ids: Iterable[str]) -> tuple[str, ...]:
    """Return the subtasks *ids* in definition order."""
    return tuple(sorted(ids, key=state.plan.order.__getitem__))


def evolve(state: State, event: Event) -> State:
    """Return *state* after *event*; an event that changes nothing returns *state* itself."""
    change = _CHANGES.get(type(event))
    return change(state, event) if change else state


def _without(ids: tuple[str, ...], id: str) -> tuple[str, ...]:
    if id not in ids:
        return ids
    place = ids.index(id)
    return ids[:place] + ids[place + 1 :]


def _begin(state: State, event: SubtaskDelegated | SubtaskRetried) -> State:
    worker = replace(state.workers[event.worker], status="working", current_task=event.subtask)
    job = Job(event.subtask, due=state.t + event.duration - 1)
    subtask = replace(
        state.subtasks[event.subtask],
        status="in_progress",
        assigned_to=event.worker,
        error=None,
    )
    return replace(
        state,
        subtasks={**state.subtasks, event.subtask: subtask},
        workers={**state.workers, event.worker: worker},
        jobs={**state.jobs, event.worker: job},
        ready=_without(state.ready, event.subtask),
        failed=_without(state.failed, event.subtask),
        idle=state.idle - {event.worker},
    )


def _released(state: State, name: str | None) -> State:
    """Return *state* with the worker *name*, if any, idle again and without its job."""
    if name is None:
        return state
    worker = replace(state.workers[name], status="idle", current_task=None)
    jobs = dict(state.jobs)
    del jobs[name]
    return replace(
        state,
        workers={**state.workers, name: worker},
        jobs=jobs,
        idle=state.idle | {name},
    )


def _fail(state: State, id: str, *, failures: int, error: str) -> State:
    subtask = replace(
        state.subtasks[id], status="failed", assigned_to=None, attempt_count=failures, error=error
    )
    return replace(
        state,
        subtasks={**state.subtasks, id: subtask},
        ready=_without(state.ready, id),
        failed=in_order(state, {*state.failed, id}),
    )


def _aborted(state: State, event: SubtaskAborted) -> State:
    failures = state.subtasks[event.subtask].attempt_count
    state = _released(state, event.worker)
    return _fail(state, event.subtask, failures=failures, error=say(event))


def _completed(state: State, event: SubtaskCompleted) -> State:
    state = _released(state, event.worker)
    output = state.plan.outputs[event.subtask]
    subtask = replace(state.subtasks[event.subtask], status="completed", output=output)
    return replace(
        state,
        subtasks={**state.subtasks, event.subtask: subtask},
        outputs={**state.outputs, event.subtask: output},
        recoveries=state.recoveries + (event.failures > 0),
    )


def _failed(state: State, event: SubtaskFailed) -> State:
    state = _released(state, event.worker)
    state = _fail(state, event.subtask, failures=event.failures, error=say(event))
    return replace(state, failures=state.failures + 1, setbacks=(*state.setbacks, event))


def _dropped_out(state: State, event: WorkerDroppedOut) -> State:
    if event.released is not None:
        state = _released(state, event.worker)
        failures = state.subtasks[event.released].attempt_count + 1
        state = _fail(state, event.released, failures=failures, error=say(event))
        state = replace(state, failures=state.failures + 1, setbacks=(*state.setbacks, event))
    gone = replace(state.workers[event.worker], status="offline")
    workers = {**state.workers, event.worker: gone}
    return replace(state, workers=workers, idle=state.idle - {event.worker})


def _degraded(state: State, event: WorkerDegraded) -> State:
    worker = replace(state.workers[event.worker], speed=event.speed)
    return replace(state, workers={**state.workers, event.worker: worker})


def _unblocked(state: State, event: SubtasksUnblocked) -> State:
    subtasks = dict(state.subtasks)
    ready = list(state.ready)
    for id in event.subtasks:
        subtask = subtasks[id]
        status = subtask.status
        if status == "pending":
            status = "ready"
            ready.append(id)
        subtasks[id] = replace(subtask, status=status, dependencies_met=True)
    return replace(state, subtasks=subtasks, ready=in_order(state, ready))


def _rewarded(state: State, event: StepRewarded) -> State:
    return replace(state, t=event.step + 1, parts=event.parts, total=event.total)


_CHANGES: Mapping[type[Event], Callable[[State, Any], State]] = {
    ActionTaken: lambda state, event: replace(state, setbacks=()) if state.setbacks else state,
    ActionRefused: lambda state, event: replace(state, setbacks=(event,)),
    SubtaskDelegated: _begin,
    SubtaskRetried: _begin,
    SubtaskAborted: _aborted,
    WorkAdvanced: lambda state, event: replace(state, budget_used=event.budget_used),
    SubtaskCompleted: _completed,
    SubtaskFailed: _failed,
    WorkerDroppedOut: _dropped_out,
    WorkerDegraded: _degraded,
    SubtasksUnblocked: _unblocked,
    FailuresLingered: lambda state, event: replace(state, lingering=event.subtasks),
    StepRewarded: _rewarded,
    Reseeded: lambda state, event: replace(state, seed=event.seed),
    EpisodeEnded: lambda state, event: replace(state, ended=event.reason),
}
