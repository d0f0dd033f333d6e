"""A workflow as numbers: its actions enumerated, and what its agent may see as arrays."""

from collections.abc import Mapping, Sequence
from typing import get_args

from refold.engine.presentation import Choice, Numbers, Shape
from refold.scenarios.workflow.actions import Action
from refold.scenarios.workflow.state import State, Status, WorkerStatus

_STATUSES = get_args(Status)
_WORKER_STATUSES = get_args(WorkerStatus)


def _choices(start: State) -> Sequence[Choice]:
    pairs = [
        (subtask, worker.name)
        for subtask in start.subtasks
        for worker in start.workers.values()
        if start.plan.types[subtask] in worker.capabilities
    ]
    actions = [
        Action("wait"),
        Action("synthesize"),
        *(Action("delegate", *pair) for pair in pairs),
        *(Action("retry", *pair) for pair in pairs),
        *(Action("abort", subtask) for subtask in start.subtasks),
    ]
    return [_always(action) for action in actions]


def _always(action: Action) -> Choice:
    return lambda state: action


def _shapes(start: State) -> Mapping[str, Shape]:
    subtasks, workers = len(start.subtasks), len(start.workers)
    dearest = sum(each.cost_per_step for each in start.workers.values())
    most = max(1.0, dearest * start.plan.parameters.time_budget)
    return {
        "subtasks": Shape("category", subtasks, most=len(_STATUSES)),
        "assigned": Shape("category", subtasks, most=workers + 1),
        "attempts": Shape("count", subtasks),
        "workers": Shape("category", workers, most=len(_WORKER_STATUSES)),
        "speeds": Shape("count", workers),
        "time_remaining": Shape("count", 1),
        "budget_used": Shape("real", 1, most=most),
    }


def _values(state: State) -> Mapping[str, Sequence[float]]:
    place = {name: number for number, name in enumerate(state.workers, 1)}
    subtasks, workers = state.subtasks.values(), state.workers.values()
    return {
        "subtasks": [_STATUSES.index(each.status) for each in subtasks],
        "assigned": [place.get(each.assigned_to or "", 0) for each in subtasks],
        "attempts": [each.attempt_count for each in subtasks],
        "workers": [_WORKER_STATUSES.index(each.status) for each in workers],
        "speeds": [each.speed for each in workers],
        "time_remaining": [state.plan.parameters.time_budget - state.t],
        "budget_used": [state.budget_used],
    }


NUMBERS = Numbers(choices=_choices, shapes=_shapes, values=_values)
