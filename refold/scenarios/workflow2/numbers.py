"""A workflow of the rules version 2 as numbers: actions by place, and what is seen as arrays."""

from collections.abc import Mapping, Sequence
from typing import get_args

from refold.engine.presentation import Choice, Numbers, Shape
from refold.scenarios.workflow2.actions import ADVANCE, Action
from refold.scenarios.workflow2.observation import Observation, WorkerStatus, observe
from refold.scenarios.workflow2.seen import TaskStatus
from refold.scenarios.workflow2.state import State
from refold.scenarios.workflow2.texts import SKILLS, SYSTEMS

_STATUSES = get_args(TaskStatus)
_WORKER_STATUSES = get_args(WorkerStatus)


def _choices(start: State) -> Sequence[Choice]:
    tasks, workers = range(len(start.plan.tasks)), range(len(start.plan.workers))
    return [
        lambda state: ADVANCE,
        *(_assign(task, worker) for task in tasks for worker in workers),
        *(_cancel(task) for task in tasks),
    ]


def _assign(task: int, worker: int) -> Choice:
    # By place, not by name: another seed has other names.
    return lambda state: Action(
        "assign", state.plan.world.tasks[task].id, state.plan.world.workers[worker].name
    )


def _cancel(task: int) -> Choice:
    return lambda state: Action("cancel", state.plan.world.tasks[task].id)


def _shapes(start: State) -> Mapping[str, Shape]:
    tasks, workers = len(start.plan.tasks), len(start.plan.workers)
    return {
        "task_status": Shape("category", tasks, most=len(_STATUSES)),
        "task_worker": Shape("category", tasks, most=workers + 1),
        "task_skill": Shape("category", tasks, most=len(SKILLS) + 1),
        "task_system": Shape("category", tasks, most=len(SYSTEMS) + 1),
        "task_work": Shape("count", tasks),
        "task_value": Shape("count", tasks),
        "task_due": Shape("count", tasks),
        "task_worked": Shape("count", tasks),
        "task_failures": Shape("count", tasks),
        "needs": Shape("flag", tasks * tasks),
        "worker_status": Shape("category", workers, most=len(_WORKER_STATUSES)),
        "worker_skills": Shape("flag", workers * len(SKILLS)),
        "worker_pace": Shape("count", workers),
        "worker_rate": Shape("real", workers, most=1e12),
        "time": Shape("count", 3),
        "cost": Shape("real", 2, most=1e15),
    }


def _values(state: State) -> Mapping[str, Sequence[float]]:
    shown = observe(state)
    return {**_task_values(shown), **_worker_values(shown), **_clock(shown)}


def _task_values(shown: Observation) -> Mapping[str, Sequence[float]]:
    tasks = shown.tasks.values()
    seats = {name: place for place, name in enumerate(shown.workers, 1)}
    return {
        "task_status": [_STATUSES.index(each.status) for each in tasks],
        "task_worker": [seats.get(each.worker or "", 0) for each in tasks],
        "task_skill": [_place(SKILLS, each.skill) for each in tasks],
        "task_system": [_place(SYSTEMS, each.system) for each in tasks],
        "task_work": [each.work for each in tasks],
        "task_value": [each.value for each in tasks],
        # 0 stands for no due tick: nothing can be done by then.
        "task_due": [each.due or 0 for each in tasks],
        "task_worked": [each.worked for each in tasks],
        "task_failures": [each.failures for each in tasks],
        "needs": [other in each.needs for each in tasks for other in shown.tasks],
    }


def _worker_values(shown: Observation) -> Mapping[str, Sequence[float]]:
    workers = shown.workers.values()
    return {
        "worker_status": [_WORKER_STATUSES.index(each.status) for each in workers],
        "worker_skills": [skill in each.skills for each in workers for skill in SKILLS],
        "worker_pace": [each.pace for each in workers],
        "worker_rate": [each.rate for each in workers],
    }


def _clock(shown: Observation) -> Mapping[str, Sequence[float]]:
    return {
        "time": [shown.tick, shown.horizon, shown.actions_left],
        "cost": [shown.cost, shown.budget],
    }


def _place(words: Sequence[str], word: str) -> int:
    """Return the place of *word*, from 1; 0 for another one, of a world written by hand."""
    return words.index(word) + 1 if word in words else 0


NUMBERS = Numbers(choices=_choices, shapes=_shapes, values=_values)
