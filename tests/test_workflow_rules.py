"""What no recording covers: refusals in their order, aborts, and what befalls workers."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from worlds import action, play, subtask, worker, workflow

from refold.engine import Episode, InvalidAction, StepResult
from refold.scenarios import Scenario, load
from refold.scenarios.workflow.events import SubtaskFailed, WorkerDroppedOut

BUSY = ["wait", "delegate long ann"]
"""The only seat is taken for three steps; eve left before."""


@pytest.fixture
def crowded(tmp_path: Path) -> Scenario:
    """A world with one seat: ann is slow, dan fails for good, eve leaves, fay can do nothing."""
    return workflow(
        tmp_path,
        [
            subtask("long", "dig"),
            subtask("quick", "talk"),
            subtask("other", "talk"),
            subtask("late", "talk", "long"),
        ],
        [
            worker("ann", "dig", speed=3),
            *(worker(name, "talk") for name in ("bob", "dan", "eve")),
            worker("fay"),
        ],
        capacity_limit=1,
        reliability_overrides=[{"worker": "dan", "subtask_type": "talk", "reliability": [0.0]}],
        scheduled_events=[{"step": 0, "event": "dropout", "worker": "eve"}],
    )


def played(scenario: Scenario, given: Iterable[str]) -> Episode:
    """Return an episode after the actions *given*, none of which is refused."""
    episode = Episode.start(scenario)
    assert [result.error for result in play(episode, given) if result.error] == []
    return episode


def kinds(result: StepResult) -> list[str]:
    return [type(event).__name__ for event in result.events]


@pytest.mark.parametrize(
    ("given", "when", "error"),
    [
        # each check comes before all that stand below it
        ([], "delegate", "unknown_subtask"),
        ([], "delegate ghost nobody", "unknown_subtask"),
        ([], "delegate late nobody", "not_ready"),
        (["abort quick"], "delegate quick bob", "not_ready"),
        (BUSY, "delegate quick", "unknown_or_offline_agent"),
        (BUSY, "delegate quick nobody", "unknown_or_offline_agent"),
        (BUSY, "delegate quick eve", "unknown_or_offline_agent"),
        (BUSY, "delegate quick ann", "agent_busy"),
        (BUSY, "delegate quick fay", "lacks_capability"),
        (BUSY, "delegate quick bob", "capacity"),
        (BUSY, "delegate quick dan", "capacity"),
        ([], "retry", "unknown_subtask"),
        ([], "retry ghost nobody", "unknown_subtask"),
        ([], "retry late nobody", "not_failed"),
        (BUSY, "retry long ann", "not_failed"),
        (["abort late"], "retry late nobody", "not_ready"),
        (["abort quick", *BUSY], "retry quick", "unknown_or_offline_agent"),
        (["abort quick", *BUSY], "retry quick eve", "unknown_or_offline_agent"),
        (["abort quick", *BUSY], "retry quick ann", "agent_busy"),
        (["abort quick", *BUSY], "retry quick fay", "lacks_capability"),
        (["abort quick", *BUSY], "retry quick bob", "capacity"),
        (["abort quick", *BUSY], "retry quick dan", "capacity"),
        (["abort quick"], "retry quick dan", "permanent_failure"),
        ([], "synthesize", "incomplete"),
        ([], "abort", "unknown_subtask"),
        ([], "abort ghost", "unknown_subtask"),
        (["delegate quick bob"], "abort quick", "already_completed"),
    ],
)
def test_refused(crowded: Scenario, given: list[str], when: str, error: str) -> None:
    """The first check that fails names the class; the step passes as if the agent had waited."""
    refused, waited = played(crowded, given), played(crowded, given)
    result, calm = refused.step(action(when)), waited.step({"action_type": "wait"})
    assert result.error == error
    assert kinds(result)[:2] == ["ActionTaken", "ActionRefused"]
    for what in ("subtasks", "workers", "jobs", "budget_used", "outputs", "t"):
        assert getattr(refused.state, what) == getattr(waited.state, what), what
    assert [each for each in result.events if each in calm.events] == list(calm.events[1:-1])


def test_delegating_to_hopeless_worker(crowded: Scenario) -> None:
    """Only a retry is refused for being hopeless; a delegation fails at work, for good."""
    result = played(crowded, ["wait"]).step(action("delegate quick dan"))
    assert result.error is None
    assert SubtaskFailed("quick", "dan", 1, permanent=True) in result.events


def test_retry_of_unblocked_subtask(crowded: Scenario) -> None:
    """A subtask aborted before its dependencies were completed can be retried once they are."""
    episode = played(crowded, ["abort late", "delegate long ann", "wait", "wait", "retry late bob"])
    assert episode.observation.subtasks["late"].status == "completed"


@pytest.mark.parametrize(
    "given",
    [
        {"action_type": "nap"},
        {"action_type": "wait", "why": "tired"},
        {"action_type": "delegate", "subtask_id": 3},
        {"subtask_id": "long"},
        {"action_type": "abort", "subtask_id": "x" * 201},
        "wait",
        None,
    ],
)
def test_no_action_at_all(crowded: Scenario, given: Any) -> None:
    """What fits no action is no step: an error, and nothing is appended."""
    episode = Episode.start(crowded)
    before = episode.events.digest
    with pytest.raises(InvalidAction, match=r"^action: expected one of family workflow, got "):
        episode.step(given)
    assert episode.events.digest == before


@pytest.mark.parametrize(
    ("given", "target", "attempts"),
    [
        ([], "late", 0),
        ([], "quick", 0),
        (["delegate long ann"], "long", 0),
        (["wait", "delegate quick dan"], "quick", 1),
        (["abort quick"], "quick", 0),
    ],
    ids=["pending", "ready", "in progress", "failed", "aborted"],
)
def test_abort(crowded: Scenario, given: list[str], target: str, attempts: int) -> None:
    """Abort fails any subtask that is not completed, without an attempt or a failure event."""
    episode = played(crowded, given)
    occurred = episode.observation.failures_occurred
    result = episode.step(action(f"abort {target}"))
    aborted = result.observation.subtasks[target]
    assert (aborted.status, aborted.assigned_to, aborted.attempt_count) == (
        "failed",
        None,
        attempts,
    )
    assert result.observation.failures_occurred == occurred
    assert "SubtaskFailed" not in kinds(result)
    assert result.breakdown["abort"] == -0.03


def test_abort_frees_worker(tmp_path: Path) -> None:
    """Work ends at once: the worker is idle, costs nothing more, and its old job never ends."""
    scenario = workflow(
        tmp_path,
        [subtask("long", "dig"), subtask("next", "dig")],
        [worker("ann", "dig", speed=3, cost=5.0)],
        capacity_limit=1,
    )
    episode = played(scenario, ["delegate long ann"])
    seen = episode.step(action("abort long")).observation
    assert (seen.workers["ann"].status, seen.workers["ann"].current_task) == ("idle", None)
    assert (seen.budget_used, seen.active_count) == (5.0, 0)
    seen = played(scenario, ["delegate long ann", "abort long", *["wait"] * 4]).observation
    assert (seen.budget_used, seen.subtasks["long"].status) == (5.0, "failed")
    seen = played(scenario, ["delegate long ann", "abort long", "delegate next ann"]).observation
    assert (seen.budget_used, seen.workers["ann"].current_task) == (10.0, "next")
    begun = ["delegate long ann", "wait", "abort long", "retry long ann", "wait"]
    assert played(scenario, begun).observation.subtasks["long"].status == "in_progress"
    assert played(scenario, [*begun, "wait"]).observation.subtasks["long"].status == "completed"


@pytest.fixture
def unlucky(tmp_path: Path) -> Scenario:
    """At step 1 ann slows down, bob leaves and, having no work, so does cid."""
    return workflow(
        tmp_path,
        [subtask("a", "dig"), subtask("b", "dig"), subtask("c", "dig", "b"), subtask("d", "dig")],
        [worker("ann", "dig", speed=3), worker("bob", "dig", speed=3), worker("cid", "dig")],
        scheduled_events=[
            {"step": 1, "event": "degradation", "worker": "ann", "speed": 5},
            {"step": 1, "event": "dropout", "worker": "bob"},
            {"step": 1, "event": "dropout", "worker": "cid"},
        ],
    )


def test_degradation(unlucky: Scenario) -> None:
    """A slowed worker ends its job as it began it, and takes the new speed from then on."""
    episode = played(unlucky, ["delegate a ann", "delegate b bob"])
    assert episode.observation.workers["ann"].speed == 5
    seen = episode.step(action("wait")).observation
    assert seen.subtasks["a"].status == "completed"
    for status in ["in_progress"] * 4 + ["completed"]:
        given = "delegate d ann" if seen.subtasks["d"].status == "ready" else "wait"
        seen = episode.step(action(given)).observation
        assert seen.subtasks["d"].status == status


def test_dropout_of_working_worker(unlucky: Scenario) -> None:
    """Its subtask fails with it and counts an attempt, without a failure event."""
    result = played(unlucky, ["delegate a ann"]).step(action("delegate b bob"))
    assert WorkerDroppedOut("bob", "b") in result.events
    assert "SubtaskFailed" not in kinds(result)
    seen = result.observation
    lost = seen.subtasks["b"]
    assert (lost.status, lost.assigned_to, lost.attempt_count) == ("failed", None, 1)
    assert (seen.workers["bob"].status, seen.workers["bob"].current_task) == ("offline", None)
    assert (seen.failures_occurred, seen.active_count, seen.budget_used) == (1, 1, 3.0)
    assert len(seen.errors) == 1


def test_recovery_after_dropout(unlucky: Scenario) -> None:
    """A subtask lost to a dropout and completed by another worker counts as recovered."""
    given = ["delegate a ann", "delegate b bob", "wait", "retry b ann", *["wait"] * 3]
    result = played(unlucky, given).step(action("wait"))
    assert result.breakdown["failure_recovered"] == 0.10
    assert result.observation.failures_recovered == 1
    assert result.observation.subtasks["c"].status == "ready"


def test_dropout_of_idle_worker(unlucky: Scenario) -> None:
    """It goes offline, and that is all."""
    result = played(unlucky, ["wait"]).step(action("wait"))
    assert WorkerDroppedOut("cid", None) in result.events
    seen = result.observation
    assert seen.workers["cid"].status == "offline"
    assert (seen.failures_occurred, seen.errors) == (0, ())
    assert all(each.status != "failed" for each in seen.subtasks.values())


def test_completion_comes_before_dropout(tmp_path: Path) -> None:
    """A worker that leaves in the step in which its job ends has completed it."""
    gone = [{"step": 1, "event": "dropout", "worker": "ann"}]
    scenario = workflow(
        tmp_path, [subtask("a", "dig")], [worker("ann", "dig", speed=2)], scheduled_events=gone
    )
    result = played(scenario, ["delegate a ann"]).step(action("wait"))
    assert WorkerDroppedOut("ann", None) in result.events
    assert result.observation.subtasks["a"].status == "completed"


def test_names_in_an_action_that_needs_none_mean_nothing():
    """A wait or a synthesize that names a subtask and a worker begins no work."""
    for kind in ("wait", "synthesize"):
        episode = Episode.start(load("workflow/easy"))
        names = {"subtask_id": "technical_design", "agent_name": "tech_lead"}
        result = episode.step({"action_type": kind, **names})
        assert result.observation.active_count == 0
        assert result.observation.subtasks["technical_design"].status == "ready"
