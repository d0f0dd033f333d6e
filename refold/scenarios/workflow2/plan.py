"""A world made ready for the rules: everything about it that no event changes."""

from collections.abc import Mapping

from msgspec import Struct

from refold.scenarios.workflow2.seen import TaskSeen, TaskStatus, see_untouched
from refold.scenarios.workflow2.world import Departure, Outage, Slowdown, Task, Worker, World

_FEWEST_SLIPS = 4


class Plan(Struct, frozen=True):
    """
    A compiled world.

    Attributes:
        world: What it was compiled from.
        tasks: By id, in order.
        workers: By name, in order.
        outages: By system.
        seen: By status and id, tasks as they are seen when nothing has gone wrong with them.
        dependents: By task, those that visibly need it.
        value: Value of all tasks.
        due: Value of those that are due.
        traps: Number of traps.
        allowed_slips: Careless acts at which care is worth nothing any more.
    """

    world: World
    tasks: Mapping[str, Task]
    workers: Mapping[str, Worker]
    outages: Mapping[str, tuple[Outage, ...]]
    seen: Mapping[TaskStatus, Mapping[str, TaskSeen]]
    dependents: Mapping[str, tuple[str, ...]]
    value: int
    due: int
    traps: int
    allowed_slips: float

    def back_at(self, system: str, tick: int) -> int | None:
        """Return when *system*, down at *tick*, is up again; None if it is up."""
        ends = [each.end for each in self.outages.get(system, ()) if each.begin <= tick < each.end]
        return max(ends, default=None)

    def departures_at(self, tick: int) -> list[Departure]:
        """Return who leaves at *tick*, in order."""
        return [each for each in self.world.departures if each.tick == tick]

    def slowdowns_at(self, tick: int) -> list[Slowdown]:
        """Return who slows down at *tick*, in order."""
        return [each for each in self.world.slowdowns if each.tick == tick]

    def __repr__(self) -> str:
        """Say how large it is: a state that is printed need not show its whole world."""
        return f"Plan({len(self.tasks)} tasks)"


def compile_plan(world: World) -> Plan:
    """Return the plan of *world*, in which there is no mistake."""
    systems = dict.fromkeys(each.system for each in world.outages)
    tasks = world.tasks
    return Plan(
        world=world,
        tasks={task.id: task for task in tasks},
        workers={worker.name: worker for worker in world.workers},
        outages={
            system: tuple(each for each in world.outages if each.system == system)
            for system in systems
        },
        seen=see_untouched(world),
        dependents=_dependents(world),
        value=sum(task.value for task in tasks),
        due=sum(task.value for task in tasks if task.due is not None),
        traps=sum(task.trap for task in tasks),
        allowed_slips=max(_FEWEST_SLIPS, len(tasks) / 4),
    )


def _dependents(world: World) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {task.id: () for task in world.tasks}
    for task in world.tasks:
        for need in task.needs:
            found[need] = (*found[need], task.id)
    return found
