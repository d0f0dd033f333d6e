"""A task of a workflow, rules version 2, as the agent sees it."""

from collections.abc import Mapping
from typing import Literal, get_args

from msgspec import Struct

from refold.scenarios.workflow2.world import Task, World

TaskStatus = Literal["waiting", "ready", "running", "done"]


class TaskSeen(Struct, frozen=True, gc=False):
    """
    A task as the agent sees it.

    Attributes:
        id: What actions call it.
        title: What texts call it.
        description: What there is to read of it.
        skill: What a worker must have learned for it.
        system: Where it is done.
        work: How much there is to do.
        needs: Tasks that have to be done before, those that are shown.
        value: What it is worth.
        due: Last tick at which its completion is in time, or None.
        status: ``waiting`` for what it needs, ``ready``, ``running`` or ``done``.
        worker: Who is working on it, or None.
        worked: Ticks of that work so far.
        failures: Failed attempts.
        error: What was said of the last one, or None.
    """

    id: str
    title: str
    description: str
    skill: str
    system: str
    work: int
    needs: tuple[str, ...]
    value: int
    due: int | None
    status: TaskStatus
    worker: str | None
    worked: int
    failures: int
    error: str | None


def see_untouched(world: World) -> Mapping[TaskStatus, Mapping[str, TaskSeen]]:
    """
    Return by status and id each task as it is seen when nothing has gone wrong with it.

    Made once for a world: most tasks look so most of the time.
    """
    statuses: tuple[TaskStatus, ...] = get_args(TaskStatus)
    return {status: {task.id: _see(task, status) for task in world.tasks} for status in statuses}


def _see(task: Task, status: TaskStatus) -> TaskSeen:
    return TaskSeen(
        id=task.id,
        title=task.title,
        description=task.description,
        skill=task.skill,
        system=task.system,
        work=task.work,
        needs=task.needs,
        value=task.value,
        due=task.due,
        status=status,
        worker=None,
        worked=0,
        failures=0,
        error=None,
    )
