"""What the agent of a workflow is shown, in worlds small enough to see through."""

from pathlib import Path

import pytest
from worlds import play, subtask, worker, workflow

from refold import agents
from refold.agents import make_policy
from refold.engine import Episode
from refold.scenarios import Scenario, load
from refold.scenarios.workflow import FAMILY
from refold.scenarios.workflow.observation import Hint, Observation
from refold.scenarios.workflow.phrases import say


def look(scenario: Scenario, given: list[str]) -> Observation:
    episode = Episode.start(scenario)
    play(episode, given)
    seen = episode.observation
    assert isinstance(seen, Observation)
    return seen


@pytest.mark.parametrize(
    ("given", "hint", "kinds"),
    [
        ([], Hint("ready", ready=5, idle=4), "wait delegate abort"),
        (["abort a"], Hint("retry", "a", "ann"), "wait delegate retry abort"),
        (["abort late"], Hint("retry", "late", "eve"), "wait delegate retry abort"),
        (["delegate d ann", "abort a"], Hint("all_permanent", "a"), "wait retry abort"),
        (["delegate x sam", "abort y"], Hint("sla", "a"), "wait abort"),
        (["delegate x sam", "abort y", "abort a"], Hint("retry", "a", "ann"), "wait retry abort"),
        (["abort a", "wait"], Hint("retry", "a", "ann"), "wait delegate retry abort"),
        (["wait"], Hint("ready", ready=5, idle=4), "wait delegate abort"),
        (["wait"] * 2, Hint("sla", "a"), "wait delegate abort"),
        (["wait"] * 4, Hint("sla", "a"), "wait delegate abort"),
        (["wait"] * 5, Hint("ready", ready=5, idle=4), "wait delegate abort"),
        (["delegate b eve"], Hint("budget"), "wait delegate abort"),
        (["delegate b eve", "wait"], Hint("sla", "a"), "wait delegate abort"),
        (["delegate d ann"], Hint("ready", ready=4, idle=3), "wait abort"),
    ],
)
def test_hint(tmp_path: Path, given: list[str], hint: Hint, kinds: str) -> None:
    """The first hint that applies is given, beside the kinds of action that may be worth it."""
    scenario = workflow(
        tmp_path,
        [
            *(subtask(id, "dig") for id in "ad"),
            subtask("b", "talk"),
            *(subtask(id, "sing") for id in "xy"),
            subtask("late", "talk", "a", "b"),
        ],
        [
            worker("bad", "dig"),
            worker("ann", "dig", speed=3),
            worker("eve", "talk", cost=7.0),
            worker("sam", "sing", speed=9),
        ],
        capacity_limit=1,
        cost_budget=10.0,
        sla_milestones=[{"subtask": "a", "deadline": 5}],
        reliability_overrides=[{"worker": "bad", "subtask_type": "dig", "reliability": [0.0]}],
    )
    seen = look(scenario, given)
    assert (seen.hint, " ".join(seen.available_actions)) == (hint, kinds)


@pytest.mark.parametrize(
    ("given", "hint", "kinds"),
    [
        (["delegate a ann"], None, "wait abort"),
        (["delegate a ann", "wait"], None, "wait abort"),
        (["wait", "wait", "delegate a ann"], Hint("time"), "wait abort"),
        (["wait"] * 3, Hint("ready", ready=1, idle=1), "wait delegate abort"),
        (["delegate a ann", "wait", "wait"], Hint("all_complete"), "wait synthesize"),
        (["wait"] * 6, None, ""),
        (["delegate a ann", "wait", "wait", "synthesize"], None, ""),
    ],
)
def test_hint_near_the_end(tmp_path: Path, given: list[str], hint: Hint | None, kinds: str) -> None:
    """There may be nothing to hint at, and after the end there is nothing to do either."""
    scenario = workflow(
        tmp_path, [subtask("a", "dig")], [worker("ann", "dig", speed=3)], time_budget=6
    )
    seen = look(scenario, given)
    assert (seen.hint, " ".join(seen.available_actions)) == (hint, kinds)


def test_hints_in_words() -> None:
    """Each kind of hint has words of its own."""
    hints = [
        Hint("retry", "a", "ann"),
        Hint("all_permanent", "a"),
        Hint("sla", "a"),
        Hint("budget"),
        Hint("ready", ready=2, idle=3),
        Hint("all_complete"),
        Hint("time"),
    ]
    assert [FAMILY.say(hint) for hint in hints] == [
        "retry a with ann",
        "every idle worker that can do a fails at it for good",
        "the deadline of a is near",
        "70% or more of the cost budget is used",
        "2 ready and 3 idle: delegate",
        "all subtasks are completed: synthesize",
        "3 steps or fewer are left",
    ]


def test_observation(tmp_path: Path) -> None:
    """It tells dependencies, outputs in order of completion, errors, budget and deadlines."""
    scenario = workflow(
        tmp_path,
        [subtask("a", "dig"), subtask("b", "dig"), subtask("c", "talk", "a", "b")],
        [worker("ann", "dig", "talk", cost=3.0), worker("bob", "dig", reliability=0.0)],
        cost_budget=5.0,
        sla_milestones=[{"subtask": "c", "deadline": 9}],
    )
    seen = look(scenario, ["delegate b ann"])
    assert not seen.subtasks["c"].dependencies_met
    assert (seen.errors, seen.budget_remaining, seen.time_elapsed) == ((), 2.0, 1)
    assert [(each.subtask, each.deadline) for each in seen.sla_milestones] == [("c", 9)]
    assert seen.task_description == "A small world."
    failed = look(scenario, ["delegate b ann", "delegate a bob"])
    assert failed.errors == (
        "bob failed at a (this attempt could not succeed; the worker may always fail at it)",
    )
    assert failed.subtasks["a"].error == failed.errors[0]
    refused = look(scenario, ["delegate b ann", "delegate a bob", "synthesize"])
    assert refused.errors == ("refused: incomplete (not all subtasks are completed)",)
    seen = look(scenario, ["delegate b ann", "delegate a ann"])
    assert (seen.subtasks["c"].dependencies_met, seen.budget_remaining) == (True, -1.0)
    assert list(seen.completed_outputs.items()) == [("b", "b is done"), ("a", "a is done")]
    assert seen.subtasks["a"].output == "a is done"
    assert seen.reward_breakdown["subtask_completed"] == 0.08


@pytest.mark.parametrize(
    ("name", "length"), [("easy", 5), ("medium", 9), ("hard", 7), ("expert", 14)]
)
def test_critical_path_of_shipped_scenarios(name: str, length: int) -> None:
    """The longest path counts each subtask at the speed of its fastest capable worker."""
    seen = Episode.start(load(f"workflow/{name}")).observation
    assert seen.critical_path_length == length


def test_critical_path(tmp_path: Path) -> None:
    """A worker that is slowed down later does not lengthen it."""
    scenario = workflow(
        tmp_path,
        [subtask("a", "dig"), subtask("b", "talk", "a"), subtask("c", "dig"), subtask("d", "talk")],
        [worker("ann", "dig", speed=2), worker("bob", "dig", "talk", speed=4)],
        scheduled_events=[{"step": 0, "event": "degradation", "worker": "ann", "speed": 9}],
    )
    assert look(scenario, ["wait"]).critical_path_length == 6


def test_a_failure_without_a_chance_promises_nothing_of_later_attempts() -> None:
    """A worker whose override is [0.0, 1.0] fails first and then succeeds."""
    said: list[str] = []
    episode = Episode.start(load("workflow/medium"))
    given = make_policy("greedy", episode.family, seed=0)
    agents.play(episode, given, watch=lambda result: said.extend(map(say, result.events)))
    assert (
        "security_scanner failed at run_security_scan "
        "(this attempt could not succeed; the worker may always fail at it)"
    ) in said
    assert "security_scanner completed run_security_scan after 1 failed" in said
