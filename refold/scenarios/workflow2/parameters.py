"""What makes a workflow that was written by hand impossible, and how others are drawn."""

from collections.abc import Iterator

from refold.scenarios.drawn import Drawing
from refold.scenarios.naming import cycle, repeated, unknown
from refold.scenarios.strict import Problem
from refold.scenarios.workflow2.generator import draw_world
from refold.scenarios.workflow2.sizes import SIZES, Knobs, knob_problems
from refold.scenarios.workflow2.world import Task, World


def world_problems(world: World) -> Iterator[Problem]:
    """Yield every mistake in *world* as (path, text)."""
    yield from _task_problems(world)
    yield from _worker_problems(world)
    yield from _change_problems(world)
    if not world.budget > 0:
        yield ".budget", f"expected a number above 0, got {world.budget}"
    # A criterion over nothing would be neither 1 nor 0.
    if all(task.due is None for task in world.tasks):
        yield ".tasks", "expected at least one task that is due, got none"
    if not any(task.trap for task in world.tasks):
        yield ".tasks", "expected at least one task that is a trap, got none"


def _task_problems(world: World) -> Iterator[Problem]:
    ids = [task.id for task in world.tasks]
    yield from repeated(".tasks", "id", ids)
    yield from repeated(".tasks", "title", [task.title for task in world.tasks])
    if ids != sorted(ids):
        yield ".tasks", "expected tasks in order of id, got another order"
    skills = {skill for worker in world.workers for skill in worker.skills}
    for place, task in enumerate(world.tasks):
        path = f".tasks[{place}]"
        for at, need in enumerate(_needs(task)):
            yield from unknown(f"{path}.needs[{at}]", "task", need, ids)
        yield from unknown(f"{path}.skill", "skill of a worker", task.skill, skills)
        if task.due is not None and task.due > world.horizon:
            yield f"{path}.due", f"expected at most {world.horizon} (the horizon), got {task.due}"
    yield from cycle(".tasks", {task.id: _needs(task) for task in world.tasks})


def _needs(task: Task) -> tuple[str, ...]:
    return task.needs if task.hidden is None else (*task.needs, task.hidden)


def _worker_problems(world: World) -> Iterator[Problem]:
    names = [worker.name for worker in world.workers]
    yield from repeated(".workers", "name", names)
    if world.capacity > len(names):
        yield ".capacity", f"expected 1 to {len(names)} (the workers), got {world.capacity}"


def _change_problems(world: World) -> Iterator[Problem]:
    names = [worker.name for worker in world.workers]
    for place, outage in enumerate(world.outages):
        if not outage.begin < outage.end:
            text = f"expected more than {outage.begin} (its begin), got {outage.end}"
            yield f".outages[{place}].end", text
    for kind in ("departures", "slowdowns"):
        found = getattr(world, kind)
        yield from repeated(f".{kind}", "worker", [each.worker for each in found])
        for place, each in enumerate(found):
            yield from unknown(f".{kind}[{place}].worker", "worker", each.worker, names)
    tasks = [task.id for task in world.tasks]
    for place, planned in enumerate(world.witness):
        yield from unknown(f".witness[{place}].task", "task", planned.task, tasks)
        yield from unknown(f".witness[{place}].worker", "worker", planned.worker, names)


DRAWING = Drawing(Knobs, SIZES, World, draw_world, knob_problems, world_problems)
"""How workflows of the rules version 2 come to their worlds."""
