"""
Which actions the workflow rules refuse, version 2, and with which error class.

What is not refused may still fail: skill, access and hidden needs show only when work fails.
"""

from enum import StrEnum

from refold.scenarios.workflow2.actions import ADVANCE, Action
from refold.scenarios.workflow2.state import State


class Refusal(StrEnum):
    """Error classes."""

    UNKNOWN_TASK = "unknown_task"
    UNKNOWN_WORKER = "unknown_worker"
    ALREADY_DONE = "already_done"
    ALREADY_RUNNING = "already_running"
    NOT_READY = "not_ready"
    OFFLINE = "offline"
    BUSY = "busy"
    CAPACITY = "capacity"
    NOT_RUNNING = "not_running"


def refusal(state: State, action: Action) -> Refusal | None:
    """Return why the rules refuse *action* in *state*, the first reason that applies, or None."""
    if action.type == "advance":
        return None
    if action.task is None or action.task not in state.plan.tasks:
        return Refusal.UNKNOWN_TASK
    if action.type == "cancel":
        return None if action.task in state.jobs else Refusal.NOT_RUNNING
    return _assignment_refusal(state, action.task, action.worker)


def _assignment_refusal(state: State, task: str, worker: str | None) -> Refusal | None:
    if worker not in state.plan.workers:
        return Refusal.UNKNOWN_WORKER
    if task in state.done:
        return Refusal.ALREADY_DONE
    if task in state.jobs:
        return Refusal.ALREADY_RUNNING
    if not state.is_ready(task):
        return Refusal.NOT_READY
    if worker in state.gone:
        return Refusal.OFFLINE
    if worker in state.tasks_by_worker:
        return Refusal.BUSY
    return Refusal.CAPACITY if len(state.jobs) >= state.plan.world.capacity else None


def legal_actions(state: State) -> list[Action]:
    """
    Return every action that is not refused in *state*.

    Ordered: advance; assignments by task and then worker; cancellations by task. Empty after the
    end.
    """
    if state.ended:
        return []
    actions = [ADVANCE]
    if len(state.jobs) < state.plan.world.capacity:
        idle = state.idle
        ready = [task for task in state.plan.tasks if state.is_ready(task)]
        actions += [Action("assign", task, name) for task in ready for name in idle]
    return actions + [Action("cancel", task) for task in sorted(state.jobs)]
