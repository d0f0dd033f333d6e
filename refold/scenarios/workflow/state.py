"""
The state of a workflow.

Frozen structs in dicts by id, and a few small derived sets that rules and hints ask for, so
that no step walks over all subtasks. What an agent may see is in ``Subtask`` and ``Worker``,
which observations share; when an attempt will be decided is hidden, in ``jobs``.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from refold.engine import Event
from refold.scenarios.workflow.plan import Plan, plan_of

Status = Literal["pending", "ready", "in_progress", "completed", "failed"]
WorkerStatus = Literal["idle", "working", "offline"]


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
    status: WorkerStatus = "idle"
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
