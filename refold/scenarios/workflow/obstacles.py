"""What workflows of the rules version 1 put in the way, and what their events say of subtasks."""

from collections.abc import Iterator, Sequence

from refold.engine import Event
from refold.engine.presentation import Attempt, Obstacle
from refold.scenarios.workflow.events import SubtaskCompleted, SubtaskFailed
from refold.scenarios.workflow.parameters import (
    Milestone,
    ReliabilityOverride,
    WorkerParameters,
    WorkflowParameters,
)
from refold.scenarios.workflow.state import State, startable


def find_obstacles(start: State) -> Sequence[Obstacle]:
    """Return the limits of the scenario, and the workers that always fail at some work."""
    parameters = start.plan.parameters
    limits = [_capacity(parameters), Obstacle("limit", "time", _is_out_of_time)]
    if parameters.cost_budget is not None:
        limits.append(Obstacle("limit", "budget", _is_over_budget))
    limits += [_deadline(each) for each in parameters.sla_milestones]
    return [*limits, *_traps(parameters)]


def attempted(event: Event) -> Attempt | None:
    """Return the subtask that *event* is the outcome of."""
    if isinstance(event, SubtaskCompleted | SubtaskFailed):
        return event.subtask, isinstance(event, SubtaskCompleted)
    return None


def _capacity(parameters: WorkflowParameters) -> Obstacle:
    most = _most_at_work(parameters)
    never = (
        "one subtask is begun a step, so that at most "
        f"{most} can be at work when another is to be begun"
        if most < parameters.capacity_limit
        else ""
    )
    return Obstacle("limit", "capacity", _is_full, never)


def _most_at_work(parameters: WorkflowParameters) -> int:
    """Return how many subtasks can be at work before a step, each begun in a step of its own."""
    slowest = sorted((_most_steps(parameters, each) for each in parameters.workers), reverse=True)
    # What was begun N steps ago is still at work only with a worker who takes more than N.
    most = 0
    for ago in range(max(slowest) - 1, 0, -1):
        if most < len(slowest) and slowest[most] > ago:
            most += 1
    return most


def _most_steps(parameters: WorkflowParameters, worker: WorkerParameters) -> int:
    later = (event.speed for event in parameters.scheduled_events if event.worker == worker.name)
    return max(worker.speed, *(speed or 0 for speed in later), 0)


def _is_full(state: State) -> bool:
    full = len(state.jobs) >= state.plan.parameters.capacity_limit
    return full and startable(state, (*state.ready, *state.failed)) is not None


def _is_out_of_time(state: State) -> bool:
    return state.ended == "time_budget"


def _is_over_budget(state: State) -> bool:
    budget = state.plan.parameters.cost_budget
    return budget is not None and state.budget_used > budget


def _deadline(milestone: Milestone) -> Obstacle:
    def is_missed(state: State) -> bool:
        return state.t > milestone.deadline and milestone.subtask not in state.outputs

    return Obstacle("limit", f"deadline of {milestone.subtask}", is_missed)


def _traps(parameters: WorkflowParameters) -> Iterator[Obstacle]:
    for override in parameters.reliability_overrides:
        if all(chance == 0.0 for chance in override.reliability):
            yield _trap(override, parameters)


def _trap(override: ReliabilityOverride, parameters: WorkflowParameters) -> Obstacle:
    def is_sprung(state: State) -> bool:
        return any(
            isinstance(event, SubtaskFailed)
            and event.worker == override.worker
            and state.plan.types[event.subtask] == override.subtask_type
            for event in state.setbacks
        )

    able = {each.name: each.capabilities for each in parameters.workers}[override.worker]
    never = (
        ""
        if override.subtask_type in able
        else f"{override.worker} is not capable of {override.subtask_type}, so that the rules "
        "refuse to let it try"
    )
    return Obstacle("trap", f"{override.worker} at {override.subtask_type}", is_sprung, never)
