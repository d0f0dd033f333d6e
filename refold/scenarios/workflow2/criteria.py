"""
Measures for rubrics of workflows, rules version 2: those of the score, without parameters.

They count with the functions that the rules count with, so that the rewards of an ended episode
add up to the score of the rubric that ships.
"""

from collections.abc import Callable

from attrs import frozen

from refold.engine import ActionRefused, Event
from refold.scenarios import Criteria, Measure
from refold.scenarios.facts import Facts, Finding
from refold.scenarios.workflow2.events import (
    TaskCompleted,
    TaskFailed,
    TickPassed,
    WorkStarted,
    WorldDrawn,
)
from refold.scenarios.workflow2.plan import Plan, compile_plan
from refold.scenarios.workflow2.score import COUNTERS, Tally, measure


@frozen
class Nothing:
    """No parameters."""


def activity(facts: Facts) -> float:
    """Return how many tasks were completed."""
    return len(facts.of_type(TaskCompleted))


def _plan(facts: Facts) -> Plan:
    return compile_plan(facts.of_type(WorldDrawn)[0].event.world)


def _tally(facts: Facts) -> Tally:
    plan, tally = facts.compute_once(_plan), Tally()
    for event in facts.stream:
        count = COUNTERS.get(type(event))
        if count is not None:
            tally = count(tally, event, plan)
    return tally


def _criteria(facts: Facts) -> dict[str, float]:
    return measure(facts.compute_once(_tally), facts.compute_once(_plan)).criteria()


def _measure(
    name: str, kinds: tuple[type[Event], ...], about: Callable[[Tally, Plan], dict[str, float]]
) -> Measure:
    """Return the measure that is the criterion *name*, which rests on events of *kinds*."""

    def take(facts: Facts, _: Nothing) -> Finding:
        counts = about(facts.compute_once(_tally), facts.compute_once(_plan))
        found = [at for kind in kinds for at in facts.of_type(kind)]
        return Finding.of(facts.compute_once(_criteria)[name], found, **counts)

    return Measure(Nothing, take)


CRITERIA = Criteria(
    measures={
        "value_done": _measure(
            "value",
            (TaskCompleted,),
            lambda tally, plan: {"value_done": tally.value, "value_of_all": plan.value},
        ),
        "on_time": _measure(
            "on_time",
            (TaskCompleted,),
            lambda tally, plan: {"value_on_time": tally.on_time, "value_due": plan.due},
        ),
        "traps_mastered": _measure(
            "recovery",
            (TaskCompleted, TaskFailed),
            lambda tally, plan: {
                "traps_mastered": tally.mastered,
                "traps": plan.traps,
                "failed_attempts": sum(tally.failures.values()),
            },
        ),
        "within_budget": _measure(
            "budget",
            (TickPassed,),
            lambda tally, plan: {"cost": tally.cost, "budget": plan.world.budget},
        ),
        "care": _measure(
            "care",
            (ActionRefused, WorkStarted),
            lambda tally, plan: {"careless_acts": tally.slips, "allowed": plan.allowed_slips},
        ),
    },
    activity=activity,
    problems=lambda params, parameters: [],
)
"""What rubrics of workflow scenarios, rules version 2, can draw on."""
