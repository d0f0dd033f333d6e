"""Measures for rubrics of workflows, rules version 2: those of the score, without parameters."""

from refold.engine import ActionRefused
from refold.scenarios import Criteria
from refold.scenarios.facts import Facts
from refold.scenarios.tallies import Scoring
from refold.scenarios.workflow2.events import (
    TaskCompleted,
    TaskFailed,
    TickPassed,
    WorkStarted,
    WorldDrawn,
)
from refold.scenarios.workflow2.plan import compile_plan
from refold.scenarios.workflow2.score import COUNTERS, Tally, measure


def activity(facts: Facts) -> float:
    """Return how many tasks were completed."""
    return len(facts.of_type(TaskCompleted))


_SCORING = Scoring(
    drawn=WorldDrawn,
    compile_plan=compile_plan,
    counters=COUNTERS,
    tally=Tally(),
    criteria=lambda tally, plan: measure(tally, plan).criteria(),
)

CRITERIA = Criteria(
    measures={
        "value_done": _SCORING.measure(
            "value",
            TaskCompleted,
            pays="the value of the tasks done",
            counts=lambda tally, plan: {"value_done": tally.value, "value_of_all": plan.value},
        ),
        "on_time": _SCORING.measure(
            "on_time",
            TaskCompleted,
            pays="the value done by when it was due",
            counts=lambda tally, plan: {"value_on_time": tally.on_time, "value_due": plan.due},
        ),
        "traps_mastered": _SCORING.measure(
            "recovery",
            TaskCompleted,
            TaskFailed,
            pays="tasks with a trap, done with one failure at most",
            counts=lambda tally, plan: {
                "traps_mastered": tally.mastered,
                "traps": plan.traps,
                "failed_attempts": sum(tally.failures.values()),
            },
        ),
        "within_budget": _SCORING.measure(
            "budget",
            TickPassed,
            pays="value done within the budget",
            counts=lambda tally, plan: {"cost": tally.cost, "budget": plan.world.budget},
        ),
        "care": _SCORING.measure(
            "care",
            ActionRefused,
            WorkStarted,
            pays="value done without careless acts",
            counts=lambda tally, plan: {
                "careless_acts": tally.slips,
                "care_lost_at": plan.allowed_slips,
            },
        ),
    },
    activity=activity,
    problems=lambda params, parameters: [],
    unit="completions",
    progress={"value points": ("value_done", "value_of_all")},
)
"""What rubrics of workflow scenarios, rules version 2, can draw on."""
