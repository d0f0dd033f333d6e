"""What the agent of a workflow may see, with one hint; and what a watcher may see."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

from msgspec import Struct

from refold.engine import Event
from refold.scenarios.workflow.actions import ActionKind
from refold.scenarios.workflow.parameters import Milestone
from refold.scenarios.workflow.phrases import say
from refold.scenarios.workflow.state import State, Subtask, Worker, startable

_BUDGET_SHARE = 0.7
_FEW_STEPS = 3


class Hint(Struct, frozen=True, gc=False, omit_defaults=True):
    """
    The one thing to mind now; ``say`` puts it in words.

    ``retry`` names a subtask and a worker, ``all_permanent`` and ``sla`` a subtask, ``ready``
    the numbers of ready subtasks and of idle workers; the others name nothing.
    """

    kind: Literal["retry", "all_permanent", "sla", "budget", "ready", "all_complete", "time"]
    subtask: str | None = None
    worker: str | None = None
    ready: int | None = None
    idle: int | None = None


@say.register
def _(hint: Hint) -> str:
    match hint.kind:
        case "retry":
            return f"retry {hint.subtask} with {hint.worker}"
        case "all_permanent":
            return f"every idle worker that can do {hint.subtask} fails at it for good"
        case "sla":
            return f"the deadline of {hint.subtask} is near"
        case "budget":
            return f"{_BUDGET_SHARE:.0%} or more of the cost budget is used"
        case "ready":
            return f"{hint.ready} ready and {hint.idle} idle: delegate"
        case "all_complete":
            return "all subtasks are completed: synthesize"
        case "time":
            return f"{_FEW_STEPS} steps or fewer are left"


class Observation(Struct, frozen=True, gc=False):
    """
    Everything that the agent may see, between two steps.

    Attributes:
        task_description: The task in words.
        subtasks: By id, in definition order.
        workers: By name, in definition order.
        completed_outputs: Outputs by subtask id, in order of completion.
        errors: What went wrong in the last step, in words.
        time_elapsed: Steps taken.
        time_remaining: Steps left.
        capacity_limit: Workers that may work at once.
        active_count: Workers that are working.
        budget_used: Cost so far.
        budget_remaining: Cost budget less cost so far, below 0 when overrun; None without one.
        available_actions: Kinds of action that may be worth choosing; empty after the end.
        reward_breakdown: Reward parts of the last step.
        sla_milestones: Deadlines, in file order.
        failures_occurred: Failed attempts and dropouts of working workers.
        failures_recovered: Completions after a failed attempt.
        critical_path_length: Steps that the DAG takes at the least.
        hint: What to mind now, or None.
    """

    task_description: str
    subtasks: Mapping[str, Subtask]
    workers: Mapping[str, Worker]
    completed_outputs: Mapping[str, str]
    errors: tuple[str, ...]
    time_elapsed: int
    time_remaining: int
    capacity_limit: int
    active_count: int
    budget_used: float
    budget_remaining: float | None
    available_actions: tuple[ActionKind, ...]
    reward_breakdown: Mapping[str, float]
    sla_milestones: tuple[Milestone, ...]
    failures_occurred: int
    failures_recovered: int
    critical_path_length: int
    hint: Hint | None


def observe(state: State) -> Observation:
    """Return what the agent may see of *state*, sharing its parts."""
    plan = state.plan
    parameters = plan.parameters
    budget = parameters.cost_budget
    return Observation(  # in the order of the fields: by name, it would take five times as long
        plan.description,
        state.subtasks,
        state.workers,
        state.outputs,
        tuple([_say_setback(setback) for setback in state.setbacks]),
        state.t,
        parameters.time_budget - state.t,
        parameters.capacity_limit,
        len(state.jobs),
        state.budget_used,
        None if budget is None else budget - state.budget_used,
        available(state),
        state.parts,
        parameters.sla_milestones,
        state.failures,
        state.recoveries,
        plan.critical_path_length,
        hint(state),
    )


@lru_cache(maxsize=1024)  # the same few are told again and again
def _say_setback(setback: Event) -> str:
    return say(setback)


def available(state: State) -> tuple[ActionKind, ...]:
    """Return the kinds of action that may be worth choosing, in a fixed order."""
    if state.ended:
        return ()
    kinds: list[ActionKind] = ["wait"]
    capacity_left = len(state.jobs) < state.plan.parameters.capacity_limit
    if capacity_left and startable(state, state.ready) is not None:
        kinds.append("delegate")
    if startable(state, state.failed) is not None:
        kinds.append("retry")
    kinds.append("synthesize" if state.all_completed else "abort")
    return tuple(kinds)


def hint(state: State) -> Hint | None:
    """Return the first hint that applies to *state*; None after the end."""
    if state.ended:
        return None
    return _retry_hint(state) or _sla_hint(state) or _other_hint(state)


def _retry_hint(state: State) -> Hint | None:
    plan = state.plan
    for id in state.failed:
        failures = state.subtasks[id].attempt_count
        hopeless = False
        for name in plan.candidates[id]:
            if name in state.idle:
                if plan.reliability(name, id, failures) > 0:
                    return Hint("retry", subtask=id, worker=name)
                hopeless = True
        if hopeless:
            return Hint("all_permanent", subtask=id)
    return None


def _sla_hint(state: State) -> Hint | None:
    for milestone in state.plan.parameters.sla_milestones:
        if 1 <= milestone.deadline - state.t <= 3 and milestone.subtask not in state.outputs:
            return Hint("sla", subtask=milestone.subtask)
    return None


def _other_hint(state: State) -> Hint | None:
    parameters = state.plan.parameters
    budget = parameters.cost_budget
    if budget is not None and state.budget_used >= _BUDGET_SHARE * budget:
        return Hint("budget")
    if state.ready and state.idle:
        return Hint("ready", ready=len(state.ready), idle=len(state.idle))
    if state.all_completed:
        return Hint("all_complete")
    if parameters.time_budget - state.t <= _FEW_STEPS:
        return Hint("time")
    return None


def view(state: State) -> dict[str, Any]:
    """
    Return what a watcher may see of *state*: JSON data with fixed keys.

    ``subtasks`` maps an id to [status, worker, failed attempts], ``workers`` a name to [status,
    subtask, speed].
    """
    parameters = state.plan.parameters
    shown = hint(state)
    return {
        "t": state.t,
        "left": parameters.time_budget - state.t,
        "budget": state.budget_used,
        "active": len(state.jobs),
        "failures": [state.failures, state.recoveries],
        "hint": say(shown) if shown else None,
        "available": list(available(state)),
        "total": state.total,
        "subtasks": {
            id: [each.status, each.assigned_to, each.attempt_count]
            for id, each in state.subtasks.items()
        },
        "workers": {
            name: [each.status, each.current_task, each.speed]
            for name, each in state.workers.items()
        },
    }
