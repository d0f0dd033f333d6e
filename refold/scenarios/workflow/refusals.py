"""
Which actions the workflow rules refuse, and with which error class.

The error classes are values that graders and rewards branch on; their words are in ``say``.
"""

from collections.abc import Iterator
from enum import StrEnum

from refold.scenarios.workflow.actions import SYNTHESIZE, WAIT, Action
from refold.scenarios.workflow.state import State, Subtask


class Refusal(StrEnum):
    """Error classes, version 1."""

    UNKNOWN_SUBTASK = "unknown_subtask"
    NOT_READY = "not_ready"
    NOT_FAILED = "not_failed"
    UNKNOWN_OR_OFFLINE_AGENT = "unknown_or_offline_agent"
    AGENT_BUSY = "agent_busy"
    LACKS_CAPABILITY = "lacks_capability"
    CAPACITY = "capacity"
    PERMANENT_FAILURE = "permanent_failure"
    INCOMPLETE = "incomplete"
    ALREADY_COMPLETED = "already_completed"


def refusal(state: State, action: Action) -> Refusal | None:
    """Return why the rules refuse *action* in *state*, the first reason that applies, or None."""
    if action.action_type == "wait":
        return None
    if action.action_type == "synthesize":
        return None if state.all_completed else Refusal.INCOMPLETE
    subtask = state.subtasks.get(action.subtask_id or "")
    if subtask is None:
        return Refusal.UNKNOWN_SUBTASK
    if action.action_type == "abort":
        return Refusal.ALREADY_COMPLETED if subtask.status == "completed" else None
    if action.action_type == "delegate":
        if subtask.status != "ready":
            return Refusal.NOT_READY
        return _worker_refusal(state, subtask, action.agent_name)
    if subtask.status != "failed":
        return Refusal.NOT_FAILED
    if not subtask.dependencies_met:
        return Refusal.NOT_READY
    return _worker_refusal(state, subtask, action.agent_name) or _hopeless(state, subtask, action)


def _worker_refusal(state: State, subtask: Subtask, name: str | None) -> Refusal | None:
    worker = state.workers.get(name or "")
    if worker is None or worker.status == "offline":
        return Refusal.UNKNOWN_OR_OFFLINE_AGENT
    if worker.status == "working":
        return Refusal.AGENT_BUSY
    if worker.name not in state.plan.capable[subtask.id]:
        return Refusal.LACKS_CAPABILITY
    if len(state.jobs) >= state.plan.parameters.capacity_limit:
        return Refusal.CAPACITY
    return None


def _hopeless(state: State, subtask: Subtask, action: Action) -> Refusal | None:
    chance = state.plan.reliability(action.agent_name or "", subtask.id, subtask.attempt_count)
    return Refusal.PERMANENT_FAILURE if chance == 0.0 else None


def legal_actions(state: State) -> list[Action]:
    """
    Return every action that is not refused in *state*.

    Ordered: wait; delegations and then retries, by subtask and then worker in definition order;
    synthesize; aborts in definition order. Empty after the end.
    """
    if state.ended:
        return []
    actions = [WAIT, *_assignments(state)]
    if state.all_completed:
        actions.append(SYNTHESIZE)
    aborts = (id for id, subtask in state.subtasks.items() if subtask.status != "completed")
    actions.extend(Action("abort", id) for id in aborts)
    return actions


def _assignments(state: State) -> Iterator[Action]:
    if len(state.jobs) >= state.plan.parameters.capacity_limit:
        return
    for id in state.ready:
        for name in state.plan.candidates[id]:
            if name in state.idle:
                yield Action("delegate", id, name)
    for id in state.failed:
        subtask = state.subtasks[id]
        if not subtask.dependencies_met:
            continue
        for name in state.plan.candidates[id]:
            if name in state.idle and state.plan.reliability(name, id, subtask.attempt_count) > 0:
                yield Action("retry", id, name)
