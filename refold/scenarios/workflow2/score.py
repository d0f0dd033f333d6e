"""
The score of a workflow, rules version 2, and the potential that rewards are differences of.

Rules and graders count with the same functions, so that the rewards of an ended episode add up
to its score.
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from refold.engine import ActionRefused, Event
from refold.engine.sums import add_up
from refold.scenarios.workflow2.events import TaskCompleted, TaskFailed, TickPassed, WorkStarted
from refold.scenarios.workflow2.plan import Plan

WEIGHTS: Mapping[str, float] = {
    "value": 0.35,
    "on_time": 0.25,
    "recovery": 0.15,
    "budget": 0.15,
    "care": 0.10,
}
_PLEDGED = 0.25  # share of a running task's value that the potential shows in advance
_OVERRUN = 0.25  # at this share beyond the budget, thrift is worth nothing any more
_MOST_FAILURES = 1  # with which a trap still counts as mastered


class Tally(Struct, frozen=True, gc=False):
    """
    All that the score counts.

    Attributes:
        value: Value of the tasks done.
        on_time: Value of those done by when they were due.
        mastered: Traps done with one failed attempt at most.
        cost: What has been spent.
        slips: Careless acts: refused actions, and starts that public facts spoke against.
        failures: Failed attempts, by task.
    """

    value: int = 0
    on_time: int = 0
    mastered: int = 0
    cost: float = 0.0
    slips: int = 0
    failures: Mapping[str, int] = {}


def _complete(tally: Tally, event: TaskCompleted, plan: Plan) -> Tally:
    task = plan.tasks[event.task]
    in_time = task.due is not None and event.tick <= task.due
    mastered = task.trap and tally.failures.get(task.id, 0) <= _MOST_FAILURES
    return replace(
        tally,
        value=tally.value + task.value,
        on_time=tally.on_time + (task.value if in_time else 0),
        mastered=tally.mastered + mastered,
    )


def _fail(tally: Tally, event: TaskFailed, _plan: Plan) -> Tally:
    failures = tally.failures.get(event.task, 0) + 1
    return replace(tally, failures={**tally.failures, event.task: failures})


COUNTERS: Mapping[type[Event], Callable[[Tally, Any, Plan], Tally]] = {
    ActionRefused: lambda tally, event, plan: replace(tally, slips=tally.slips + 1),
    WorkStarted: lambda tally, event, plan: (
        tally if event.sound else replace(tally, slips=tally.slips + 1)
    ),
    TickPassed: lambda tally, event, plan: replace(tally, cost=event.cost),
    TaskCompleted: _complete,
    TaskFailed: _fail,
}
"""For each type of event that counts, the tally after one more."""


class Measured(Struct, frozen=True, gc=False):
    """The measures of a tally, each 0 to 1, and two that count only with the value done."""

    value: float
    on_time: float
    recovery: float
    thrift: float
    sense: float

    def criteria(self) -> dict[str, float]:
        """Return the value of each criterion, 0 to 1."""
        return {
            "value": self.value,
            "on_time": self.on_time,
            "recovery": self.recovery,
            "budget": self.value * self.thrift,
            "care": self.value * self.sense,
        }


def measure(tally: Tally, plan: Plan) -> Measured:
    """Return the measures of *tally*."""
    budget = plan.world.budget
    left = ((1 + _OVERRUN) * budget - tally.cost) / (_OVERRUN * budget)
    return Measured(
        value=tally.value / plan.value,
        on_time=tally.on_time / plan.due,
        recovery=tally.mastered / plan.traps,
        thrift=max(0.0, min(1.0, left)),
        sense=max(0.0, 1 - tally.slips / plan.allowed_slips),
    )


def score(tally: Tally, plan: Plan) -> float:
    """Return the score of an episode that ends with *tally*, 0 to 1."""
    criteria = measure(tally, plan).criteria()
    return add_up(weight * criteria[name] for name, weight in WEIGHTS.items())


def potential(tally: Tally, plan: Plan, *, running: int, ended: bool) -> dict[str, float]:
    """
    Return the parts of the potential: 0 in all at the start, the score in all at the end.

    Before the end a loss shows at once and in full, whatever has been done, and sound work under
    way shows in part. *running* is the value of that work.
    """
    found = measure(tally, plan)
    criteria = found.criteria()
    if not ended:
        criteria["budget"] = found.value + found.thrift - 1
        criteria["care"] = found.value + found.sense - 1
    parts = {name: weight * criteria[name] for name, weight in WEIGHTS.items()}
    pledge = 0.0 if ended else _PLEDGED * WEIGHTS["value"] * running / plan.value
    return {**parts, "pledge": pledge}
