"""Each measure of the workflow's rubrics, in episodes that can be reckoned by hand."""

from pathlib import Path
from typing import Any

import pytest
from worlds import WORKED_EXAMPLE, play, subtask, worker, workflow

from refold.engine import Episode, StepRewarded, Stream
from refold.graders import grade
from refold.scenarios import Criterion, Rubric, Scenario, load
from refold.scenarios.workflow.events import SubtaskCompleted


def played(scenario: Scenario, given: list[str]) -> Stream:
    episode = Episode.start(scenario)
    play(episode, given)
    return episode.events


@pytest.fixture(scope="module")
def example() -> Stream:
    """
    The worked example: 14 steps, 30 of 40 spent, everything completed.

    alpha fails at enrich_logs in step 2, beta, asked in step 3, completes it in step 4. Two
    subtasks are in progress in the steps 2, 4, 5 and 8.
    """
    return played(load("workflow/hard"), list(WORKED_EXAMPLE))


def measured(stream: Stream, measure: str, **params: Any) -> tuple[float, list[int]]:
    """Return the value of *measure*, and the steps of the events that it rests on."""
    rubric = Rubric("one", 1, (Criterion("it", 1.0, measure, params),))
    (part,) = grade(stream, rubric=rubric).parts
    ends = [seq for seq, event in enumerate(stream) if isinstance(event, StepRewarded)]
    return part.value, [sum(end < seq for end in ends) for seq in part.seqs]


LOGS, BOARDS, CAUSE = "enrich_logs", "check_dashboards", "root_cause_analysis"
FIX, PAGE, DEPENDENCIES = "deploy_hotfix", "update_status_page", "check_dependencies"
ALL_DONE = [0, 2, 4, 5, 5, 6, 8, 8, 9, 10]


@pytest.mark.parametrize(
    ("measure", "params", "value", "steps"),
    [
        ("share_completed", {}, 1, ALL_DONE),
        ("all_completed", {}, 1, ALL_DONE),
        ("step_efficiency", {"least": 7}, 0.5, [13]),
        ("step_efficiency", {"least": 20}, 1, [13]),
        ("time_saved", {}, 8 / 22, [13]),
        ("fan_out", {"subtasks": [LOGS, BOARDS]}, 1, [2]),
        ("fan_out", {"subtasks": [DEPENDENCIES, LOGS]}, 1, [4]),
        ("fan_out", {"subtasks": [PAGE, FIX]}, 1, [8]),
        ("fan_out", {"subtasks": [LOGS, BOARDS, DEPENDENCIES]}, 0, []),
        ("parallel_share", {}, 4 / 14, [2, 4, 5, 8]),
        ("recovered", {"subtasks": [LOGS]}, 1, [2, 4]),
        ("recovered", {"subtasks": [LOGS, FIX]}, 0.5, [2, 4]),
        ("recovered", {"subtasks": [FIX]}, 0, []),
        ("cost_saved", {}, 0.25, [10]),
        ("cost_saved", {"full_at": 0.5}, 0.5, [10]),
        ("cost_saved", {"full_at": 0.75}, 1, [10]),
        ("cost_saved", {"full_at": 0.9}, 1, [10]),
        ("budget_overrun", {"rate": 9.0}, 0, []),
        ("refused_actions", {"each": 0.3}, 0, []),
        ("avoided", {"error": "capacity", "each": 1.0}, 1, []),
        ("different_workers", {"before": CAUSE, "subtasks": [LOGS, BOARDS]}, 1, [2, 4, 6]),
        ("different_workers", {"before": CAUSE, "subtasks": [LOGS, BOARDS, "alert_triage"]}, 1,
         [0, 2, 4, 6]),
        ("different_workers", {"before": BOARDS, "subtasks": [LOGS]}, 0, [2, 4]),
        ("different_workers", {"before": "monitor_recovery", "subtasks": [CAUSE, "validate_fix"]},
         0, [6, 9, 10]),
        ("milestones_met", {}, 1, [6, 8]),
        ("patience", {"after": "validate_fix", "waits": 2}, 1, [11, 12]),
        ("patience", {"after": "monitor_recovery", "waits": 1}, 1, [11]),
        ("patience", {"after": "validate_fix", "waits": 3}, 0, []),
        ("recovery_speed", {}, 1, [2, 3]),
        ("completed", {"subtask": CAUSE}, 1, [6]),
        ("completed", {"subtask": CAUSE, "by_step": 6}, 1, [6]),
        ("completed", {"subtask": CAUSE, "by_step": 5}, 0, [6]),
        ("completed", {"subtask": CAUSE, "workers": ["senior_engineer", "deployer"]}, 1, [6]),
        ("completed", {"subtask": CAUSE, "workers": ["deployer"]}, 0, [6]),
        ("completed", {"subtask": CAUSE, "not_workers": ["senior_engineer"]}, 0, [6]),
        ("completed", {"subtask": CAUSE, "not_workers": ["deployer"]}, 1, [6]),
    ],
)  # fmt: skip
def test_worked_example(
    example: Stream, measure: str, params: dict[str, Any], value: float, steps: list[int]
) -> None:
    """A measure has the value that its words promise, and names the events that it counted."""
    assert measured(example, measure, **params) == (pytest.approx(value), steps)


@pytest.mark.parametrize(
    ("given", "waits", "value"),
    [
        (["wait", "delegate a ann", "wait", "delegate b ann"], 2, 0),
        (["delegate a ann", "wait", "wait"], 2, 1),
        (["delegate a ann", "wait", "delegate b ann", "wait"], 2, 0),
        (["delegate a ann", "wait", "delegate ghost ann", "wait"], 2, 1),
        (["delegate a ann", "wait", "synthesize", "wait"], 2, 1),
        (["delegate a ann", "delegate b ann", "wait", "synthesize"], 2, 0),
        (["delegate a ann", "wait", "abort b", "wait", "wait", "wait"], 3, 1),
        (["wait", "wait", "wait"], 2, 0),
    ],
)
def test_patience(tmp_path: Path, given: list[str], waits: int, value: float) -> None:
    """Valid waits in a row count from the completion on; only another valid action stops them."""
    small = workflow(tmp_path, [subtask("a", "dig"), subtask("b", "dig")], [worker("ann", "dig")])
    assert measured(played(small, given), "patience", after="a", waits=waits)[0] == value


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (["delegate a ann"], 1),
        (["delegate a bad"], 0),
        (["delegate a bad", "retry a ann"], 1),
        (["delegate a bad", "wait", "retry a ann"], 2 / 3),
        (["delegate a bad", "wait", "wait", "wait", "retry a ann"], 0),
        (["delegate a bad", *["wait"] * 8, "retry a ann"], 0),
        (["delegate a bad", "retry a ghost", "retry a ann"], 2 / 3),
        (["delegate a bad", "delegate b bad", "retry a ann", "wait", "retry b ann"], 0.5),
        (["delegate a bad", "delegate b bad", "retry b ann"], 1),
        (["delegate a bad", "retry a bad", "wait", "retry a ann"], 1 / 3),
        (["delegate a bad", "wait", "retry a risky", "retry a ann"], 5 / 6),
        (["abort a", "wait", "wait", "retry a ann"], 1),
        ([*["wait"] * 9, "delegate a gone", "wait", "wait", "retry a ann"], 1),
    ],
)
def test_recovery_speed(tmp_path: Path, given: list[str], value: float) -> None:
    """The gaps between failures and their next valid retries count; dropouts and aborts do not."""
    fails = [
        {"worker": "bad", "subtask_type": "dig", "reliability": [0.0, 0.0]},
        {"worker": "risky", "subtask_type": "dig", "reliability": [1.0, 1e-9]},
    ]
    small = workflow(
        tmp_path,
        [subtask("a", "dig"), subtask("b", "dig")],
        [
            *(worker(name, "dig") for name in ("bad", "ann", "risky")),
            worker("gone", "dig", speed=3),
        ],
        reliability_overrides=fails,
        scheduled_events=[{"step": 10, "event": "dropout", "worker": "gone"}],
    )
    assert measured(played(small, given), "recovery_speed")[0] == pytest.approx(value)


@pytest.mark.parametrize(
    ("given", "measure", "params", "value"),
    [
        (["synthesize"] * 2, "refused_actions", {"each": 0.3}, 0.6),
        (["synthesize"] * 5, "refused_actions", {"each": 0.3}, 1),
        (["synthesize"] * 2, "avoided", {"error": "incomplete", "each": 0.3}, 0.4),
        (["synthesize"] * 5, "avoided", {"error": "incomplete", "each": 0.3}, 0),
        (["synthesize"] * 2, "avoided", {"error": "capacity", "each": 0.3}, 1),
        (["delegate a ann"], "budget_overrun", {"rate": 2.0}, 0),
        (["delegate a ann", "delegate b ann"], "budget_overrun", {"rate": 2.0}, 0.5),
        (["delegate a ann", "delegate b ann"], "budget_overrun", {"rate": 9.0}, 1),
        (["delegate a ann", "delegate b ann"], "cost_saved", {}, 0),
        (["delegate a ann", "delegate b ann"], "all_completed", {}, 0),
        (["delegate a ann", "delegate b ann", "synthesize"], "all_completed", {}, 1),
        (["delegate a ann", "delegate b ann"], "time_saved", {}, 0),
        (["delegate a ann", "delegate b ann", "synthesize"], "time_saved", {}, 17 / 20),
        (["delegate a ann", "delegate b ann"], "step_efficiency", {"least": 2}, 0),
        (
            ["delegate a ann", "delegate b ann", "synthesize"],
            "step_efficiency",
            {"least": 2},
            2 / 3,
        ),
        (["wait", "wait", "delegate a ann"], "milestones_met", {}, 0.5),
        (["wait", "wait", "wait", "delegate a ann"], "milestones_met", {}, 0),
        (["wait"], "share_completed", {}, 0),
        ([], "step_efficiency", {"least": 2}, 0),
        ([], "parallel_share", {}, 0),
    ],
)  # fmt: skip
def test_other_episodes(
    tmp_path: Path, given: list[str], measure: str, params: dict[str, Any], value: float
) -> None:
    """What the worked example lacks: refusals, an overrun budget, late and incomplete work."""
    small = workflow(
        tmp_path,
        [subtask("a", "dig"), subtask("b", "dig")],
        [worker("ann", "dig", cost=2.5)],
        cost_budget=4.0,
        sla_milestones=[{"subtask": "a", "deadline": 2}, {"subtask": "b", "deadline": 3}],
    )
    assert measured(played(small, given), measure, **params)[0] == pytest.approx(value)


def test_first_fan_out_is_enough(tmp_path: Path) -> None:
    """Subtasks that are in progress together for long are named once, where that began."""
    two = workflow(
        tmp_path,
        [subtask("a", "dig"), subtask("b", "dig")],
        [worker("ann", "dig", speed=5), worker("bob", "dig", speed=5)],
    )
    stream = played(two, ["delegate a ann", "delegate b bob", "wait", "wait"])
    assert measured(stream, "fan_out", subtasks=["a", "b"]) == (1, [1])
    assert measured(stream, "parallel_share") == (3 / 4, [1, 2, 3])


def test_evidence_is_exact(example: Stream) -> None:
    """The events that a part names are the ones themselves, not just some of those steps."""
    rubric = Rubric("one", 1, (Criterion("it", 1.0, "completed", {"subtask": FIX}),))
    (part,) = grade(example, rubric=rubric).parts
    assert [example[seq] for seq in part.seqs] == [SubtaskCompleted(FIX, "deployer", 0)]
