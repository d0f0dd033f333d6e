"""Rewards and end of workflow scenarios, in worlds small enough to reckon by hand."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from worlds import play, subtask, worker, workflow

from refold.engine import Episode, EpisodeEnded, StepResult

ALWAYS_FAILS = [{"worker": "bad", "subtask_type": "dig", "reliability": [0.0]}]


def part(results: Iterable[StepResult], name: str) -> list[float]:
    return [round(result.breakdown.get(name, 0.0), 9) for result in results]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["wait"] * 7, [0, 0, -0.05, -0.05, -0.05, 0, 0]),
        (["wait", "delegate a ann", "wait"], [0, 0, 0]),
        (["wait", "wait", "delegate a ann", "wait"], [0, 0, 0, 0]),
        (["wait", "wait", "wait", "delegate a ann", "wait"], [0, 0, -0.05, 0, 0]),
        (["wait", "wait", "wait", "delegate ghost ann"], [0, 0, -0.05, -0.05]),
    ],
    ids=["never", "in time", "in the first late step", "in the second", "while refused"],
)
def test_sla_penalty(tmp_path: Path, given: list[str], expected: list[float]) -> None:
    """A milestone costs 0.05 in each of the three steps after its deadline, until completed."""
    milestones = [{"subtask": "a", "deadline": 1}]
    scenario = workflow(
        tmp_path, [subtask("a", "dig")], [worker("ann", "dig")], sla_milestones=milestones
    )
    assert part(play(Episode.start(scenario), given), "sla_penalty") == expected


def test_sla_penalties_add_up(tmp_path: Path) -> None:
    """Each milestone has its own three steps."""
    milestones = [{"subtask": "a", "deadline": 0}, {"subtask": "b", "deadline": 2}]
    scenario = workflow(
        tmp_path,
        [subtask("a", "dig"), subtask("b", "dig")],
        [worker("ann", "dig")],
        sla_milestones=milestones,
    )
    expected = [0, -0.05, -0.05, -0.1, -0.05, -0.05, 0]
    assert part(play(Episode.start(scenario), ["wait"] * 7), "sla_penalty") == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["delegate a bad", "wait", "wait"], [0, -0.08, -0.08]),
        (["abort a", "wait", "wait"], [0, -0.08, -0.08]),
        (["abort a", "abort a", "wait"], [0, -0.08, -0.08]),
        (["abort a", "retry a ann", "wait"], [0, 0, 0]),
        (["abort a", "wait", "retry a bad", "wait", "wait"], [0, -0.08, -0.08, 0, -0.08]),
        (["abort a", "wait", "retry a ghost", "wait", "wait"], [0, -0.08, -0.08, 0, -0.08]),
        (["abort a", "retry b ann", "wait"], [0, -0.08, -0.08]),
        (["abort a", "abort b", "wait", "retry b bad", "wait"], [0, -0.08, -0.16, -0.16, -0.08]),
    ],
)
def test_unrecovered_failure(tmp_path: Path, given: list[str], expected: list[float]) -> None:
    """A failure left open costs 0.08 a step; a retry of it, even a refused one, starts anew."""
    scenario = workflow(
        tmp_path,
        [subtask("a", "dig"), subtask("b", "dig")],
        [worker("bad", "dig"), worker("ann", "dig")],
        reliability_overrides=ALWAYS_FAILS,
    )
    assert part(play(Episode.start(scenario), given), "unrecovered_failure") == expected


@pytest.mark.parametrize(
    ("id", "when", "error", "name", "value"),
    [
        ("check_dependencies", "retry", "not_failed", "dependency_violation", -0.10),
        ("check_dependencies", "abort", "already_completed", "dependency_violation", -0.10),
        ("check_dependencies", "delegate", "not_ready", "dependency_violation", -0.10),
        ("check_disks", "retry", "not_failed", "invalid_action", -0.05),
        ("check_disks", "abort", "already_completed", "redundant_action", -0.05),
        ("check_disks", "delegate", "not_ready", "dependency_violation", -0.10),
    ],
)
def test_odd_subtask(
    tmp_path: Path, id: str, when: str, error: str, name: str, value: float
) -> None:
    """Two classes pay another part where the action names ``check_dependencies``."""
    scenario = workflow(tmp_path, [subtask(id, "dig")], [worker("ann", "dig")])
    result = play(Episode.start(scenario), [f"delegate {id} ann", f"{when} {id} ann"])[-1]
    assert (result.error, result.breakdown) == (error, {name: value})


def test_odd_subtask_pays_other_classes_as_ever(tmp_path: Path) -> None:
    """An unknown worker is an ``invalid_action`` whatever the subtask is called."""
    scenario = workflow(tmp_path, [subtask("check_dependencies", "dig")], [worker("ann", "dig")])
    assert play(Episode.start(scenario), ["delegate check_dependencies"])[0].breakdown == {
        "invalid_action": -0.05
    }


@pytest.mark.parametrize(
    ("given", "name", "value"),
    [
        ("delegate b ann", "wrong_agent", -0.05),
        ("delegate a bob", "capacity_violation", -0.15),
        ("retry c bob", "capacity_violation", -0.15),
        ("delegate a ghost", "invalid_action", -0.05),
        ("delegate a slow", "invalid_action", -0.05),
        ("synthesize", "invalid_action", -0.05),
    ],
)
def test_refused_parts(tmp_path: Path, given: str, name: str, value: float) -> None:
    """A refused action earns its penalty and what the open failure costs; nothing else."""
    scenario = workflow(
        tmp_path,
        [subtask("a", "dig"), subtask("b", "talk"), subtask("c", "dig"), subtask("d", "talk")],
        [worker("ann", "dig"), worker("bob", "dig"), worker("slow", "talk", speed=9)],
        capacity_limit=1,
    )
    result = play(Episode.start(scenario), ["abort c", "delegate d slow", given])[-1]
    assert result.breakdown == {name: value, "unrecovered_failure": -0.08}


@pytest.mark.parametrize(
    ("given", "budget", "expected"),
    [
        ("delegate a cheap", 50.0, 0.04),
        ("delegate a equal", 50.0, 0.04),
        ("delegate a dear", 50.0, -0.04),
        ("delegate a slow", 50.0, -0.04),
        ("delegate b dear", 50.0, 0),
        ("delegate c dear", 50.0, 0),
        ("delegate d slow", 50.0, 0),
        ("delegate d cheap", 50.0, 0.04),
        ("delegate a dear", None, 0),
    ],
    ids=[
        "cheapest",
        "as cheap",
        "dearer",
        "still working",
        "only one",
        "the other left",
        "one idle beside it",
        "idle again itself",
        "no budget",
    ],
)
def test_cost_of_choice(tmp_path: Path, given: str, budget: float | None, expected: float) -> None:
    """With a cost budget, the choice is held against the capable workers idle after the tick."""
    scenario = workflow(
        tmp_path,
        [subtask("a", "dig"), subtask("b", "talk"), subtask("c", "sing"), subtask("d", "hum")],
        [
            worker("cheap", "dig", "hum"),
            worker("equal", "dig"),
            worker("dear", "dig", "talk", "sing", cost=3.0),
            worker("slow", "dig", "hum", cost=3.0, speed=2),
            worker("busy", "sing", speed=9),
        ],
        scheduled_events=[{"step": 0, "event": "dropout", "worker": "busy"}],
        **({} if budget is None else {"cost_budget": budget}),
    )
    parts = play(Episode.start(scenario), [given])[0].breakdown
    choice = parts.get("cost_efficient_choice", 0) + parts.get("wasteful_assignment", 0)
    assert choice == expected


@pytest.mark.parametrize(
    ("given", "budget", "bonus", "end"),
    [
        (["delegate a ann", "synthesize"], None, 0.20 + 0.10 * 3 / 5, "synthesized"),
        (["delegate a ann", "synthesize"], 4.0, 0.20 + 0.10 * 3 / 5 + 0.05 / 2, "synthesized"),
        (["delegate a ann", "synthesize"], 1.0, 0.20 + 0.10 * 3 / 5, "synthesized"),
        (["delegate a ann", *["wait"] * 3, "synthesize"], None, 0.20, "synthesized"),
        (["delegate a ann", *["wait"] * 4], None, -0.10, "time_budget"),
        (["wait"] * 5, 4.0, -0.10, "time_budget"),
        ([*["wait"] * 4, "synthesize"], None, -0.10, "time_budget"),
    ],
)
def test_end(
    tmp_path: Path, given: list[str], budget: float | None, bonus: float, end: str
) -> None:
    """A valid synthesize terminates with a bonus, running out of time truncates without."""
    scenario = workflow(
        tmp_path,
        [subtask("a", "dig")],
        [worker("ann", "dig", cost=2.0)],
        time_budget=5,
        **({} if budget is None else {"cost_budget": budget}),
    )
    results = play(Episode.start(scenario), given)
    assert part(results, "end_bonus") == [*[0] * (len(given) - 1), round(bonus, 9)]
    how = (results[-1].terminated, results[-1].truncated)
    assert how == ((True, False) if end == "synthesized" else (False, True))
    ends = [each for each in results[-1].events if isinstance(each, EpisodeEnded)]
    assert [each.reason for each in ends] == [end]
    assert (results[-1].observation.hint, results[-1].observation.available_actions) == (None, ())
