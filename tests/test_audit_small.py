"""What audits prove of small scenarios, against every episode that there is."""

import pytest
from attrs import evolve
from sizes import first_fast
from small_scenarios import best_of_all, every_stream, small_inbox, small_workflow

from refold.audits.scenarios.case import ScenarioCase
from refold.audits.scenarios.reach import lines_of, reach_of
from refold.audits.scenarios.rules import CHECKS as RULES
from refold.engine import fold
from refold.engine.folding import step_ranges
from refold.graders import grade
from refold.scenarios import Criterion, Rubric, load
from refold.scenarios.workflow.events import SubtaskFailed
from refold.scenarios.workflow.parameters import (
    ReliabilityOverride,
    SubtaskParameters,
    WorkerParameters,
    WorkflowParameters,
)
from refold.solving import Limits

SMALL = [*(small_workflow(number, most_steps=4) for number in range(6)), small_inbox(0)]
FAILURES = next(check for check in RULES if check.id == "rules.failures")


def case_of(scenario):
    return ScenarioCase(scenario, [scenario.seed], Limits(120, 4 * 10**9))


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SMALL, ids=lambda scenario: scenario.name)
def test_the_highest_that_a_line_reaches(scenario):
    """It is the highest of all episodes, proved, and shown by an episode that reaches it."""
    case = case_of(scenario)
    for line in lines_of(case):
        reach = reach_of(case, line)
        alone = evolve(scenario, rubric=line.rubric)
        assert round(reach.value, 4) == best_of_all(alone)[0], line.name
        assert grade(reach.shown.stream, rubric=line.rubric).score == round(reach.value, 4)


def test_a_list_is_measured_item_by_item():
    """A measure that counts the items of a list is taken apart; one that needs all of them not."""
    case = case_of(load("workflow/hard"))
    names = [line.name for line in lines_of(case)]
    assert {"recovery, enrich_logs", "recovery, deploy_hotfix"} <= set(names)
    assert "conflict_resolution" in names
    parts = [line.name for line in lines_of(case_of(load("workflow/expert")))]
    assert "parallelism, afternoon" in parts
    assert "invalid_penalty" not in parts


@pytest.mark.parametrize("number", first_fast(range(6)))
def test_what_can_never_be_met(number):
    """No episode at all meets a limit or a trap of which it is said that none can."""
    scenario = small_workflow(number, most_steps=4)
    case = case_of(scenario)
    never = [each for each in case.obstacles if each.never]
    met = set()
    for stream in every_stream(scenario):
        state = None
        for seqs in step_ranges(stream):
            state = fold(stream[seqs.start : seqs.stop], family=case.family, start=state)
            met |= {each.name for each in case.obstacles if each.met(state)}
    assert not met & {each.name for each in never}


def recovering(*chances):
    """Return a workflow that pays for a failure put right, of workers with *chances* by attempt."""
    workers = [WorkerParameters(f"w{n}", ("draw",), 1, 1.0, 1.0) for n in range(len(chances))]
    overrides = [
        ReliabilityOverride(worker.name, "draw", chance)
        for worker, chance in zip(workers, chances, strict=True)
    ]
    criteria = (
        Criterion("done", 0.6, "share_completed"),
        Criterion("recovered", 0.4, "recovered", {"subtasks": ["a"]}),
    )
    parameters = WorkflowParameters(
        time_budget=4,
        capacity_limit=1,
        subtasks=(SubtaskParameters("a", "draw"),),
        workers=tuple(workers),
        reliability_overrides=tuple(overrides),
    )
    rubric = Rubric("recovering", 1, criteria)
    return evolve(small_workflow(0, most_steps=3), parameters=parameters, rubric=rubric)


@pytest.mark.parametrize(
    ("chances", "price"),
    [
        (((0.0,), (1.0,)), 0.4),  # whom it is given to is chosen
        (((0.0, 1.0),), 0.0),  # the only one who can do it fails at first
        (((1.0,), (1.0,)), 0.0),  # nobody fails
    ],
)
def test_the_price_of_a_failure(chances, price):
    """What failing adds to the best is the distance to the best of all episodes without it."""
    scenario = recovering(*chances)
    (found,) = FAILURES.measure(case_of(scenario))
    assert found.value == pytest.approx(price)
    spared = [
        grade(stream).score
        for stream in every_stream(scenario)
        if not any(isinstance(event, SubtaskFailed) for event in stream)
    ]
    if price:
        assert best_of_all(scenario)[0] - max(spared) == pytest.approx(price)
        assert FAILURES.verdict(found) == "fail"
