"""
What can still come of a workflow, at best.

Every figure is a bound: reality may be worse, never better. Workers are taken to be free, able,
and as fast as they ever are, but at most one subtask can be begun in a step.
"""

from collections.abc import Mapping
from functools import cached_property
from graphlib import TopologicalSorter

from refold.engine.sums import add_up
from refold.scenarios.workflow.plan import Plan
from refold.scenarios.workflow.rules import succeeds
from refold.scenarios.workflow.state import State


class Prospects:
    """
    What holds for all states of an episode.

    Attributes:
        plan: The compiled scenario.
        seed: Seed of the attempts' dice.
        order: Subtasks, each behind those that it needs.
        fastest: Fewest steps that an attempt at each subtask takes.
        slowest: Most steps that one takes.
        cheapest: Least cost of an attempt at each subtask.
        dropouts: Step indexes at which workers leave.
        worth: Cost up to which completing a subtask always pays, whatever it is.
    """

    def __init__(self, start: State) -> None:
        self.plan: Plan = start.plan
        self.seed = start.seed
        parameters = start.plan.parameters
        speeds = {each.name: [each.speed] for each in parameters.workers}
        for event in parameters.scheduled_events:
            if event.speed is not None:
                speeds[event.worker].append(event.speed)
        by_subtask = {
            id: [speed for name in names for speed in speeds[name]]
            for id, names in start.plan.candidates.items()
        }
        costs = start.plan.costs
        self.cheapest = {
            id: min(costs[name] * min(speeds[name]) for name in names)
            for id, names in start.plan.candidates.items()
        }
        self.worth = 0.0
        self.order = tuple(TopologicalSorter(start.plan.needs).static_order())
        self.fastest = {id: min(each) for id, each in by_subtask.items()}
        self.slowest = {id: max(each) for id, each in by_subtask.items()}
        self.dropouts = sorted(
            event.step for event in parameters.scheduled_events if event.event == "dropout"
        )
        self._failing: dict[tuple[str, int], bool] = {}

    def can_fail(self, id: str, failures: int) -> bool:
        """Return whether some worker fails at *id* after *failures* failures."""
        key = id, failures
        if key not in self._failing:
            chances = (
                (name, self.plan.reliability(name, id, failures))
                for name in self.plan.candidates[id]
            )
            self._failing[key] = any(
                not succeeds(chance, self.seed, name, id, failures) for name, chance in chances
            )
        return self._failing[key]

    def most_failures(self, id: str, failures: int, t: int) -> int:
        """Return how often *id* can fail from step *t* on, after *failures*, by dropouts too."""
        left = self.plan.parameters.time_budget - t
        dropouts = sum(step >= t for step in self.dropouts)
        times = 0
        while times < left:
            if not self.can_fail(id, failures + times):
                if not dropouts:
                    break
                dropouts -= 1
            times += 1
        return times


class Outlook:
    """
    What can still come of *state*.

    Attributes:
        state: The state.
        prospects: What holds for all states.
        ended: Whether nothing comes of it any more, or is taken to.
    """

    def __init__(self, state: State, prospects: Prospects, *, ended: bool) -> None:
        self.state = state
        self.prospects = prospects
        self.ended = ended

    @cached_property
    def earliest(self) -> Mapping[str, int]:
        """First step index at which each uncompleted subtask may complete, if one is in time."""
        state, found = self.state, dict[str, int]()
        if self.ended:
            return found
        for id in self.prospects.order:
            if id not in state.outputs:
                step = self._first_completion(id, found)
                if step is not None and step < state.plan.parameters.time_budget:
                    found[id] = step
        return found

    def _first_completion(self, id: str, found: Mapping[str, int]) -> int | None:
        state, fastest = self.state, self.prospects.fastest[id]
        subtask = state.subtasks[id]
        if subtask.status == "in_progress" and subtask.assigned_to is not None:
            # Given up now and begun again by another, it may be done sooner.
            return min(state.jobs[subtask.assigned_to].due, state.t + fastest)
        begin = state.t
        for need in state.plan.needs[id]:
            if need not in state.outputs:
                if need not in found:
                    return None
                begin = max(begin, found[need] + 1)
        return begin + fastest - 1

    def can_complete(self, id: str) -> bool:
        """Return whether *id* is completed or may be in time."""
        return id in self.state.outputs or id in self.earliest

    @cached_property
    def completed(self) -> int:
        """Most subtasks that are completed in the end."""
        state = self.state
        if self.ended:
            return len(state.outputs)
        begun = sum(job.subtask in self.earliest for job in state.jobs.values())
        left = state.plan.parameters.time_budget - state.t
        return len(state.outputs) + min(len(self.earliest), begun + left)

    @cached_property
    def least_cost(self) -> float:
        """
        Least cost in the end, of the episodes that the score can be best in.

        Completing what costs no more than it is worth is never a loss, so that as many such
        subtasks as can be are taken to be completed, the cheapest ones.
        """
        state = self.state
        if self.ended:
            return state.budget_used
        costs = sorted(map(self._cost_to_complete, self.earliest))
        number = self.completed - len(state.outputs)
        return state.budget_used + add_up(costs[:number])

    def _cost_to_complete(self, id: str) -> float:
        state, cost = self.state, self.prospects.cheapest[id]
        worker = state.subtasks[id].assigned_to
        if worker is not None and worker in state.jobs:
            left = state.jobs[worker].due - state.t + 1
            cost = min(cost, left * state.plan.costs[worker])
        return cost if cost <= self.prospects.worth else 0.0

    @cached_property
    def fewest_steps(self) -> int | None:
        """Fewest steps of a complete episode; None if it cannot be completed."""
        state, budget = self.state, self.state.plan.parameters.time_budget
        if self.ended:
            return state.t if state.all_completed else None
        if self.completed < len(state.subtasks):
            return None
        to_begin = len(state.subtasks) - len(state.outputs) - len(state.jobs)
        last = max(self.earliest.values(), default=state.t - 1)
        # One more step synthesizes, unless time is up just then.
        return min(budget, max(state.t + to_begin + 1, last + 2))
