"""
A scenario compiled for the rules: everything about it that no event changes.

Shared by all states of all episodes of the scenario; the seed is not part of it.
"""

from collections.abc import Mapping
from functools import lru_cache
from graphlib import TopologicalSorter

from msgspec import Struct

from refold.scenarios.spec import read_parameters
from refold.scenarios.workflow.parameters import ScheduledEvent, WorkflowParameters, problems


class Plan(Struct, frozen=True):
    """
    A compiled scenario.

    Attributes:
        description: The task in words.
        parameters: What it was compiled from.
        order: Subtask id to its place in definition order.
        types: Subtask id to its type.
        needs: Subtask id to the ids that it depends on.
        dependents: Subtask id to the ids that depend on it, in definition order.
        capable: Subtask id to the names of workers that can do it.
        candidates: The same, in definition order of the workers.
        outputs: Subtask id to what its completion yields.
        costs: Worker name to its cost per step.
        reliabilities: Worker name to its own reliability.
        seats: Worker name to its place in definition order.
        chances: (worker, subtask type) to its chances by attempt, where overridden.
        schedule: Step index to what befalls workers then.
        communication: Ids whose delegation is communication.
        critical_path_length: Steps of the longest path, each subtask at the speed of its
            fastest capable worker.
    """

    description: str
    parameters: WorkflowParameters
    order: Mapping[str, int]
    types: Mapping[str, str]
    needs: Mapping[str, tuple[str, ...]]
    dependents: Mapping[str, tuple[str, ...]]
    capable: Mapping[str, frozenset[str]]
    candidates: Mapping[str, tuple[str, ...]]
    outputs: Mapping[str, str]
    costs: Mapping[str, float]
    reliabilities: Mapping[str, float]
    seats: Mapping[str, int]
    chances: Mapping[tuple[str, str], tuple[float, ...]]
    schedule: Mapping[int, tuple[ScheduledEvent, ...]]
    communication: frozenset[str]
    critical_path_length: int

    def reliability(self, worker: str, subtask: str, failures: int) -> float:
        """Return the chance that *worker* succeeds at *subtask* after *failures* failures."""
        chances = self.chances.get((worker, self.types[subtask]))
        if chances is None:
            return self.reliabilities[worker]
        return chances[min(failures, len(chances) - 1)]


@lru_cache(maxsize=64)
def plan_of(body: bytes) -> Plan:
    """
    Return the plan of the scenario with the canonical JSON *body*.

    Raises:
        ScenarioError: It is no workflow scenario, or an impossible one.
    """
    description, parameters = read_parameters(body, WorkflowParameters, problems)
    return compile_plan(description, parameters)


def compile_plan(description: str, parameters: WorkflowParameters) -> Plan:
    """Return the plan of *parameters*, in which there must be no problem."""
    subtasks, workers = parameters.subtasks, parameters.workers
    by_type: dict[str, tuple[str, ...]] = {
        kind: tuple(worker.name for worker in workers if kind in worker.capabilities)
        for kind in {subtask.type for subtask in subtasks}
    }
    candidates = {subtask.id: by_type[subtask.type] for subtask in subtasks}
    sets = {kind: frozenset(names) for kind, names in by_type.items()}
    dependents: dict[str, list[str]] = {subtask.id: [] for subtask in subtasks}
    for subtask in subtasks:
        for need in dict.fromkeys(subtask.dependencies):
            dependents[need].append(subtask.id)
    schedule: dict[int, tuple[ScheduledEvent, ...]] = {}
    for event in parameters.scheduled_events:
        schedule[event.step] = (*schedule.get(event.step, ()), event)
    return Plan(
        description=description,
        parameters=parameters,
        order={subtask.id: place for place, subtask in enumerate(subtasks)},
        types={subtask.id: subtask.type for subtask in subtasks},
        needs={subtask.id: subtask.dependencies for subtask in subtasks},
        dependents={id: tuple(ids) for id, ids in dependents.items()},
        capable={subtask.id: sets[subtask.type] for subtask in subtasks},
        candidates=candidates,
        outputs={subtask.id: subtask.output for subtask in subtasks},
        costs={worker.name: worker.cost_per_step for worker in workers},
        reliabilities={worker.name: worker.reliability for worker in workers},
        seats={worker.name: place for place, worker in enumerate(workers)},
        chances={
            (override.worker, override.subtask_type): override.reliability
            for override in parameters.reliability_overrides
        },
        schedule=schedule,
        communication=frozenset(parameters.communication_subtasks),
        critical_path_length=_critical_path(parameters, candidates),
    )


def _critical_path(
    parameters: WorkflowParameters, candidates: Mapping[str, tuple[str, ...]]
) -> int:
    speeds = {worker.name: worker.speed for worker in parameters.workers}
    needs = {subtask.id: subtask.dependencies for subtask in parameters.subtasks}
    lengths: dict[str, int] = {}
    for id in TopologicalSorter(needs).static_order():
        fastest = min(speeds[name] for name in candidates[id])
        lengths[id] = fastest + max((lengths[need] for need in needs[id]), default=0)
    return max(lengths.values())
