"""Workflow rewards, version 1: the parts of one step's reward, raw and unclamped."""

from collections.abc import Mapping, Sequence

from refold.engine import Event
from refold.scenarios.workflow.actions import Action
from refold.scenarios.workflow.events import SubtaskCompleted
from refold.scenarios.workflow.refusals import Refusal
from refold.scenarios.workflow.state import State, startable

_REFUSED: Mapping[Refusal, tuple[str, float]] = {
    Refusal.LACKS_CAPABILITY: ("wrong_agent", -0.05),
    Refusal.NOT_READY: ("dependency_violation", -0.10),
    Refusal.ALREADY_COMPLETED: ("redundant_action", -0.05),
    Refusal.CAPACITY: ("capacity_violation", -0.15),
    Refusal.PERMANENT_FAILURE: ("permanent_retry", -0.06),
}
_OTHERWISE_REFUSED = ("invalid_action", -0.05)
_ODD_SUBTASK = "check_dependencies"
_ODD_CLASSES = (Refusal.NOT_FAILED, Refusal.ALREADY_COMPLETED)
_SLA_STEPS = 3


def reward_parts(
    before: State,
    now: State,
    action: Action,
    error: Refusal | None,
    events: Sequence[Event],
    concurrent: int,
) -> dict[str, float]:
    """
    Return the parts of a step's reward by name; their sum, in this order, is the reward.

    Args:
        before: The state before the action.
        now: The state after everything the step caused.
        action: What the agent chose.
        error: Why it was refused, if it was.
        events: What the step caused.
        concurrent: How many subtasks were in progress right after the action.
    """
    parts: dict[str, float] = {}
    if error:
        name, value = _refused_part(action, error)
        parts[name] = value
    else:
        _action_parts(parts, now, action)
        _work_parts(parts, before, events, concurrent)
    _penalties(parts, before, now)
    if now.ended:
        parts["end_bonus"] = _end_bonus(now)
    return parts


def _refused_part(action: Action, error: Refusal) -> tuple[str, float]:
    # An oddity of version 1: refusals told apart by words, and this id contains one of them.
    if action.subtask_id == _ODD_SUBTASK and error in _ODD_CLASSES:
        return _REFUSED[Refusal.NOT_READY]
    return _REFUSED.get(error, _OTHERWISE_REFUSED)


def _action_parts(parts: dict[str, float], now: State, action: Action) -> None:
    kind, subtask, worker = action.action_type, action.subtask_id, action.agent_name
    if kind == "delegate" and subtask is not None and worker is not None:
        parts["delegation"] = 0.05
        if subtask in now.plan.communication:
            parts["communication"] = 0.05
        _cost_part(parts, now, subtask, worker)
    elif kind == "retry":
        parts["retry"] = 0.05
    elif kind == "abort":
        parts["abort"] = -0.03
    elif kind == "wait":
        if startable(now, now.ready) is not None:
            parts["unnecessary_wait"] = -0.03
        else:
            parts["efficient_wait"] = 0.03


def _cost_part(parts: dict[str, float], now: State, subtask: str, worker: str) -> None:
    idle = now.plan.capable[subtask] & now.idle
    if now.plan.parameters.cost_budget is None or len(idle) <= 1:
        return
    costs = now.plan.costs
    if costs[worker] <= min(costs[name] for name in idle):
        parts["cost_efficient_choice"] = 0.04
    else:
        parts["wasteful_assignment"] = -0.04


def _work_parts(
    parts: dict[str, float], before: State, events: Sequence[Event], concurrent: int
) -> None:
    for event in events:
        if type(event) is SubtaskCompleted:
            parts["subtask_completed"] = parts.get("subtask_completed", 0.0) + 0.08
            if event.failures:
                parts["failure_recovered"] = parts.get("failure_recovered", 0.0) + 0.10
    if concurrent >= 2 and concurrent > len(before.jobs):
        parts["parallelism"] = 0.10


def _penalties(parts: dict[str, float], before: State, now: State) -> None:
    for milestone in now.plan.parameters.sla_milestones:
        late = before.t - milestone.deadline
        if 1 <= late <= _SLA_STEPS and milestone.subtask not in now.outputs:
            parts["sla_penalty"] = parts.get("sla_penalty", 0.0) - 0.05
    for id in before.lingering:
        if id in now.failed:
            parts["unrecovered_failure"] = parts.get("unrecovered_failure", 0.0) - 0.08


def _end_bonus(now: State) -> float:
    if now.ended != "synthesized":
        return -0.10
    parameters = now.plan.parameters
    bonus = 0.20 + 0.10 * (parameters.time_budget - now.t - 1) / parameters.time_budget
    if parameters.cost_budget is not None:
        bonus += 0.05 * max(0.0, 1 - now.budget_used / parameters.cost_budget)
    return bonus
