"""What the agent of a workflow of the rules version 2 may see, and what a watcher may see."""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from refold.scenarios.workflow2.seen import TaskSeen, TaskStatus
from refold.scenarios.workflow2.state import State
from refold.scenarios.workflow2.world import Task

WorkerStatus = Literal["idle", "working", "gone"]


class WorkerSeen(Struct, frozen=True, gc=False):
    """A worker as the agent sees it: *pace* as it is now, *rate* in cost per tick."""

    name: str
    skills: tuple[str, ...]
    pace: int
    rate: float
    note: str
    status: WorkerStatus
    task: str | None


class Observation(Struct, frozen=True, gc=False):
    """
    Everything that the agent may see, between two steps.

    Attributes:
        instructions: The task in words.
        tick: What time it is.
        horizon: Tick at which the episode ends.
        actions_left: Actions until a tick passes by itself.
        capacity: Tasks that may run at once.
        running: Tasks that run.
        budget: Cost that may be spent without loss.
        cost: Cost so far.
        tasks: By id, in order.
        workers: By name, in order.
        notices: What was announced, in order.
        refusal: Why the last action was refused, or None.
    """

    instructions: str
    tick: int
    horizon: int
    actions_left: int
    capacity: int
    running: int
    budget: float
    cost: float
    tasks: Mapping[str, TaskSeen]
    workers: Mapping[str, WorkerSeen]
    notices: tuple[str, ...]
    refusal: str | None


def observe(state: State) -> Observation:
    """Return what the agent may see of *state*."""
    world = state.plan.world
    return Observation(
        instructions=state.setup.instructions,
        tick=state.tick,
        horizon=world.horizon,
        actions_left=world.per_tick - state.actions,
        capacity=world.capacity,
        running=len(state.jobs),
        budget=world.budget,
        cost=state.tally.cost,
        tasks={task.id: _see_task(state, task) for task in world.tasks},
        workers=_see_workers(state),
        notices=state.notices,
        refusal=state.refusal,
    )


def status_of(state: State, task: Task) -> TaskStatus:
    """Return how *task* stands, by what is shown."""
    if task.id in state.done:
        return "done"
    if task.id in state.jobs:
        return "running"
    return "ready" if state.is_ready(task.id) else "waiting"


def _see_task(state: State, task: Task) -> TaskSeen:
    job, failures = state.jobs.get(task.id), state.tally.failures.get(task.id, 0)
    seen = state.plan.seen[status_of(state, task)][task.id]
    if job is None and not failures:
        return seen
    return replace(
        seen,
        worker=job.worker if job else None,
        worked=state.tick - job.start if job else 0,
        failures=failures,
        error=state.errors.get(task.id),
    )


def _see_workers(state: State) -> dict[str, WorkerSeen]:
    working = state.tasks_by_worker
    return {
        each.name: WorkerSeen(
            name=each.name,
            skills=each.skills,
            pace=state.pace(each.name),
            rate=each.rate,
            note=each.note,
            status=worker_status(state, each.name),
            task=working.get(each.name),
        )
        for each in state.plan.workers.values()
    }


def worker_status(state: State, name: str) -> WorkerStatus:
    """Return how the worker *name* stands."""
    if name in state.gone:
        return "gone"
    return "working" if name in state.tasks_by_worker else "idle"


def view(state: State) -> dict[str, Any]:
    """
    Return what a watcher may see of *state*: JSON data with fixed keys.

    ``tasks`` maps an id to [status, worker, failed attempts], ``workers`` a name to [status,
    task, pace].
    """
    world, tally = state.plan.world, state.tally
    working = state.tasks_by_worker
    return {
        "tick": state.tick,
        "left": world.horizon - state.tick,
        "cost": tally.cost,
        "running": len(state.jobs),
        "failures": sum(tally.failures.values()),
        "careless": tally.slips,
        "total": state.total,
        "tasks": {
            task.id: [status_of(state, task), _worker_on(state, task.id), _failures(state, task.id)]
            for task in world.tasks
        },
        "workers": {
            name: [worker_status(state, name), working.get(name), state.pace(name)]
            for name in state.plan.workers
        },
    }


def _worker_on(state: State, task: str) -> str | None:
    job = state.jobs.get(task)
    return job.worker if job else None


def _failures(state: State, task: str) -> int:
    return state.tally.failures.get(task, 0)
