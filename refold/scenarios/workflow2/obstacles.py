"""What workflows of the rules version 2 put in the way, and what their events say of tasks."""

from collections.abc import Sequence

from refold.engine import Event
from refold.engine.presentation import Attempt, Obstacle
from refold.scenarios.workflow2.events import TaskCompleted, TaskFailed
from refold.scenarios.workflow2.state import State


def find_obstacles(_start: State) -> Sequence[Obstacle]:
    """Return the limits of every workflow, and the tasks in which it is easy to go wrong."""
    return (
        Obstacle("limit", "capacity", _is_full),
        Obstacle("limit", "budget", lambda state: state.tally.cost > state.plan.world.budget),
        Obstacle("limit", "horizon", lambda state: state.ended == "horizon"),
        Obstacle("limit", "deadlines", _is_late),
        Obstacle("trap", "tasks in which it is easy to go wrong", _is_sprung),
    )


def attempted(event: Event) -> Attempt | None:
    """Return the task that *event* is the outcome of."""
    if isinstance(event, TaskCompleted | TaskFailed):
        return event.task, isinstance(event, TaskCompleted)
    return None


def _is_full(state: State) -> bool:
    world, skills = state.plan.world, state.plan.workers
    able = {skill for name in state.idle for skill in skills[name].skills}
    return len(state.jobs) >= world.capacity and any(
        task.skill in able and state.is_ready(task.id) for task in world.tasks
    )


def _is_late(state: State) -> bool:
    return any(
        task.due is not None and task.due < state.tick and task.id not in state.done
        for task in state.plan.world.tasks
    )


def _is_sprung(state: State) -> bool:
    return any(state.plan.tasks[task].trap for task in state.tally.failures)
