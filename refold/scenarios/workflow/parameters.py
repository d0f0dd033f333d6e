"""What a workflow scenario file may say, and what makes it impossible."""

from collections.abc import Iterator
from math import isfinite
from typing import Literal

from attrs import frozen

from refold.scenarios.naming import cycle, repeated, unknown
from refold.scenarios.strict import Problem

MOST_SUBTASKS = 10_000
MOST_STEPS = 1_000_000
MOST_COST = 1e12
LONGEST_NAME = 200


@frozen
class SubtaskParameters:
    """A node of the DAG; *type* is what a worker must be capable of."""

    id: str
    type: str
    dependencies: tuple[str, ...] = ()
    description: str = ""
    output: str = ""


@frozen
class WorkerParameters:
    """
    A simulated worker.

    Attributes:
        name: What actions call it.
        capabilities: The subtask types that it can do.
        speed: Steps that a subtask takes, at least 1.
        reliability: Chance that an attempt succeeds, 0 to 1.
        cost_per_step: Added to the budget used for each step that it works.
    """

    name: str
    capabilities: tuple[str, ...]
    speed: int
    reliability: float
    cost_per_step: float


@frozen
class Milestone:
    """*subtask* should be completed at a step index of at most *deadline*."""

    subtask: str
    deadline: int


@frozen
class ReliabilityOverride:
    """
    A worker's reliability on one subtask type, in place of its own.

    A list gives one chance for each attempt, the last entry holding from there on; a chance of
    exactly 0.0 makes the failure permanent.
    """

    worker: str
    subtask_type: str
    reliability: tuple[float, ...]


@frozen
class ScheduledEvent:
    """At step index *step*, *worker* leaves for good, or takes *speed* steps from then on."""

    step: int
    event: Literal["dropout", "degradation"]
    worker: str
    speed: int | None = None


@frozen
class WorkflowParameters:
    """
    The parameters of a workflow scenario; order matters, everywhere.

    Attributes:
        time_budget: Steps until the episode is cut off, at least 1.
        capacity_limit: Workers that may work at once, at least 1.
        subtasks: The DAG, at least one node.
        workers: Who can do them, at least one.
        cost_budget: Cost that the rewards and graders measure against; None for no budget.
        sla_milestones: Deadlines.
        communication_subtasks: Ids whose delegation is communication.
        reliability_overrides: At most one for each worker and subtask type.
        scheduled_events: What befalls workers, whatever the agent does.
    """

    time_budget: int
    capacity_limit: int
    subtasks: tuple[SubtaskParameters, ...]
    workers: tuple[WorkerParameters, ...]
    cost_budget: float | None = None
    sla_milestones: tuple[Milestone, ...] = ()
    communication_subtasks: tuple[str, ...] = ()
    reliability_overrides: tuple[ReliabilityOverride, ...] = ()
    scheduled_events: tuple[ScheduledEvent, ...] = ()


def problems(parameters: WorkflowParameters) -> list[Problem]:
    """Return every mistake in *parameters* as (path below the parameters, text), in file order."""
    return [
        *_budget_problems(parameters),
        *_subtask_problems(parameters),
        *_worker_problems(parameters),
        *_milestone_problems(parameters),
        *_override_problems(parameters),
        *_schedule_problems(parameters),
    ]


def _budget_problems(parameters: WorkflowParameters) -> Iterator[Problem]:
    if not 1 <= parameters.time_budget <= MOST_STEPS:
        yield ".time_budget", f"expected 1 to {MOST_STEPS}, got {parameters.time_budget}"
    if parameters.capacity_limit < 1:
        yield ".capacity_limit", f"expected at least 1, got {parameters.capacity_limit}"
    budget = parameters.cost_budget
    if budget is not None and not (isfinite(budget) and budget > 0):
        yield ".cost_budget", f"expected a number above 0, got {budget}"


def _subtask_problems(parameters: WorkflowParameters) -> Iterator[Problem]:
    subtasks = parameters.subtasks
    if not 1 <= len(subtasks) <= MOST_SUBTASKS:
        yield ".subtasks", f"expected 1 to {MOST_SUBTASKS}, got {len(subtasks)}"
    known = {subtask.id for subtask in subtasks}
    able = {capability for worker in parameters.workers for capability in worker.capabilities}
    yield from repeated(".subtasks", "id", [subtask.id for subtask in subtasks])
    for index, subtask in enumerate(subtasks):
        path = f".subtasks[{index}]"
        yield from _name(f"{path}.id", subtask.id)
        for place, dependency in enumerate(subtask.dependencies):
            yield from unknown(f"{path}.dependencies[{place}]", "subtask", dependency, known)
        if subtask.type not in able:
            yield f"{path}.type", f"expected a type that some worker can do, got {subtask.type!r}"
    yield from cycle(".subtasks", {each.id: each.dependencies for each in subtasks})
    for place, id in enumerate(parameters.communication_subtasks):
        yield from unknown(f".communication_subtasks[{place}]", "subtask", id, known)


def _worker_problems(parameters: WorkflowParameters) -> Iterator[Problem]:
    workers = parameters.workers
    if not workers:
        yield ".workers", "expected at least 1, got 0"
    yield from repeated(".workers", "name", [worker.name for worker in workers])
    types = {subtask.type for subtask in parameters.subtasks}
    for index, worker in enumerate(workers):
        path = f".workers[{index}]"
        yield from _name(f"{path}.name", worker.name)
        for place, capability in enumerate(worker.capabilities):
            yield from unknown(f"{path}.capabilities[{place}]", "subtask type", capability, types)
        if worker.speed < 1:
            yield f"{path}.speed", f"expected at least 1, got {worker.speed}"
        yield from _chance(f"{path}.reliability", worker.reliability)
        if not 0 <= worker.cost_per_step <= MOST_COST:
            cost = worker.cost_per_step
            yield f"{path}.cost_per_step", f"expected 0 to {MOST_COST:g}, got {cost}"


def _milestone_problems(parameters: WorkflowParameters) -> Iterator[Problem]:
    known = {subtask.id for subtask in parameters.subtasks}
    milestones = parameters.sla_milestones
    yield from repeated(".sla_milestones", "subtask", [each.subtask for each in milestones])
    for index, milestone in enumerate(milestones):
        path = f".sla_milestones[{index}]"
        yield from unknown(f"{path}.subtask", "subtask", milestone.subtask, known)
        if milestone.deadline < 0:
            yield f"{path}.deadline", f"expected at least 0, got {milestone.deadline}"


def _override_problems(parameters: WorkflowParameters) -> Iterator[Problem]:
    workers = {worker.name for worker in parameters.workers}
    types = {subtask.type for subtask in parameters.subtasks}
    overrides = parameters.reliability_overrides
    pairs = [f"{override.worker}, {override.subtask_type}" for override in overrides]
    yield from repeated(".reliability_overrides", "worker and subtask_type", pairs)
    for index, override in enumerate(overrides):
        path = f".reliability_overrides[{index}]"
        yield from unknown(f"{path}.worker", "worker", override.worker, workers)
        yield from unknown(f"{path}.subtask_type", "subtask type", override.subtask_type, types)
        if not override.reliability:
            yield f"{path}.reliability", "expected at least 1 chance, got 0"
        for chance in override.reliability:
            yield from _chance(f"{path}.reliability", chance)


def _schedule_problems(parameters: WorkflowParameters) -> Iterator[Problem]:
    workers = {worker.name for worker in parameters.workers}
    gone: set[str] = set()
    for index, event in enumerate(parameters.scheduled_events):
        path = f".scheduled_events[{index}]"
        yield from unknown(f"{path}.worker", "worker", event.worker, workers)
        if not 0 <= event.step < parameters.time_budget:
            last = parameters.time_budget - 1
            yield f"{path}.step", f"expected 0 to {last} (the last step), got {event.step}"
        if event.event == "degradation" and (event.speed is None or event.speed < 1):
            yield f"{path}.speed", f"expected at least 1 for a degradation, got {event.speed}"
        if event.event == "dropout":
            if event.speed is not None:
                yield f"{path}.speed", f"expected none for a dropout, got {event.speed}"
            if event.worker in gone:
                yield f"{path}.worker", f"expected one dropout for each, got {event.worker!r} again"
            gone.add(event.worker)


def _name(path: str, name: str) -> Iterator[Problem]:
    if not 1 <= len(name) <= LONGEST_NAME:
        yield path, f"expected 1 to {LONGEST_NAME} letters, got {len(name)}"


def _chance(path: str, value: float) -> Iterator[Problem]:
    if not 0 <= value <= 1:
        yield path, f"expected 0 to 1, got {value}"
