"""Measures of what happened on the way: each remembers as little of it as its value needs."""

from collections.abc import Iterator
from typing import Any

from refold.scenarios.search import Move
from refold.scenarios.workflow import criteria_parameters as params
from refold.scenarios.workflow.events import (
    ParallelismObserved,
    SubtaskCompleted,
    SubtaskFailed,
)
from refold.scenarios.workflow.search.outlook import Outlook
from refold.scenarios.workflow.search.terms import Key, Term
from refold.scenarios.workflow.state import State


def completions(move: Move) -> Iterator[SubtaskCompleted]:
    """Yield the completions of *move*."""
    return (event for event in move.events if type(event) is SubtaskCompleted)


class FanOut(Term):
    """``fan_out``: remembers whether it was seen."""

    params: params.Subtasks

    def begin(self) -> bool:
        return False

    def advance(self, seen: bool, move: Move) -> bool:
        return seen or any(
            type(event) is ParallelismObserved
            and set(self.params.subtasks).issubset(event.subtasks)
            for event in move.events
        )

    def merge(self, seen: bool, state: State) -> Key:
        return None, (seen,)

    def best(self, seen: bool, outlook: Outlook) -> float:
        return float(seen or (not outlook.ended and self._possible(outlook)))

    def _possible(self, outlook: Outlook) -> bool:
        wanted = set(self.params.subtasks)
        if max(2, len(wanted)) > self.plan.parameters.capacity_limit:
            return False
        # One is begun in a step: the one begun first must last until the last one begins.
        lasting = sorted(self.prospects.slowest[id] for id in wanted)
        return all(steps > place for place, steps in enumerate(lasting)) and all(
            id in outlook.earliest for id in wanted
        )


class ParallelShare(Term):
    """``parallel_share``: counts the steps with parallel work."""

    def begin(self) -> int:
        return 0

    def advance(self, seen: int, move: Move) -> int:
        return seen + any(type(event) is ParallelismObserved for event in move.events)

    def merge(self, seen: int, state: State) -> Key:
        return None, (seen,)

    def best(self, seen: int, outlook: Outlook) -> float:
        t, budget = outlook.state.t, self.plan.parameters.time_budget
        if outlook.ended:
            return min(1.0, seen / t)
        return min(1.0, (seen + budget - t) / budget)


class Recovered(Term):
    """``recovered``: remembers which subtasks failed before they were completed."""

    params: params.Subtasks

    def begin(self) -> tuple[bool, ...]:
        return (False,) * len(self.params.subtasks)

    def advance(self, seen: tuple[bool, ...], move: Move) -> tuple[bool, ...]:
        failed = {event.subtask for event in move.events if type(event) is SubtaskFailed}
        if not failed:
            return seen
        return tuple(
            had or id in failed for id, had in zip(self.params.subtasks, seen, strict=True)
        )

    def merge(self, seen: tuple[bool, ...], state: State) -> Key:
        return None, seen

    def best(self, seen: tuple[bool, ...], outlook: Outlook) -> float:
        pairs = zip(self.params.subtasks, seen, strict=True)
        achieved = sum(self._possible(id, had, outlook) for id, had in pairs)
        return achieved / len(self.params.subtasks)

    def _possible(self, id: str, had: bool, outlook: Outlook) -> bool:
        state = outlook.state
        if had or id in state.outputs:
            return had and outlook.can_complete(id)
        if id not in outlook.earliest:
            return False
        failures = state.subtasks[id].attempt_count
        dropouts = len(self.prospects.dropouts)
        return any(
            self.prospects.can_fail(id, count) for count in range(failures, failures + dropouts + 1)
        )


class DifferentWorkers(Term):
    """``different_workers``: remembers who completed what, until it is decided."""

    params: params.Before

    def begin(self) -> tuple[str | None, ...] | bool:
        return (None,) * len(self.params.subtasks)

    def advance(
        self, seen: tuple[str | None, ...] | bool, move: Move
    ) -> tuple[str | None, ...] | bool:
        for event in completions(move):
            if isinstance(seen, bool):
                break
            if event.subtask == self.params.before:
                seen = None not in seen and len(set(seen)) == len(seen)
            else:
                pairs = zip(self.params.subtasks, seen, strict=True)
                seen = tuple(event.worker if id == event.subtask else had for id, had in pairs)
        return seen

    def merge(self, seen: Any, state: State) -> Key:
        return (None, (seen,)) if isinstance(seen, bool) else (seen, ())

    def best(self, seen: tuple[str | None, ...] | bool, outlook: Outlook) -> float:
        if isinstance(seen, bool):
            return float(seen)
        known = [worker for worker in seen if worker is not None]
        possible = len(known) == len(set(known)) and self.params.before in outlook.earliest
        return float(possible)


class MilestonesMet(Term):
    """``milestones_met``: counts those met."""

    def begin(self) -> int:
        return 0

    def advance(self, seen: int, move: Move) -> int:
        for event in completions(move):
            seen += any(
                each.subtask == event.subtask and move.before.t <= each.deadline
                for each in self.plan.parameters.sla_milestones
            )
        return seen

    def merge(self, seen: int, state: State) -> Key:
        return None, (seen,)

    def best(self, seen: int, outlook: Outlook) -> float:
        milestones = self.plan.parameters.sla_milestones
        never = self.plan.parameters.time_budget
        in_time = sum(
            outlook.earliest.get(each.subtask, never) <= min(each.deadline, never - 1)
            for each in milestones
        )
        return (seen + in_time) / len(milestones) if milestones else 0.0


class Patience(Term):
    """``patience``: counts the waits in a row, up to as many as are wanted."""

    params: params.After

    def begin(self) -> int:
        return 0

    def advance(self, seen: int, move: Move) -> int:
        if seen == self.params.waits or self.params.after not in move.before.outputs:
            return seen
        return seen + 1 if move.action.action_type == "wait" else 0

    def merge(self, seen: int, state: State) -> Key:
        return None, (seen,)

    def best(self, seen: int, outlook: Outlook) -> float:
        waits = self.params.waits
        if seen == waits or outlook.ended:
            return float(seen == waits)
        done = outlook.earliest.get(self.params.after, outlook.state.t - 1)
        left = self.plan.parameters.time_budget - 1 - done
        return float(outlook.can_complete(self.params.after) and left >= waits - seen)


class Completed(Term):
    """``completed``: remembers whether it was held, once it is completed."""

    params: params.Completed

    def begin(self) -> bool:
        return False

    def advance(self, seen: bool, move: Move) -> bool:
        wanted = self.params
        for event in completions(move):
            if event.subtask == wanted.subtask:
                seen = (
                    (not wanted.workers or event.worker in wanted.workers)
                    and event.worker not in wanted.not_workers
                    and (wanted.by_step is None or move.before.t <= wanted.by_step)
                )
        return seen

    def merge(self, seen: bool, state: State) -> Key:
        return None, (seen,)

    def best(self, seen: bool, outlook: Outlook) -> float:
        step = outlook.earliest.get(self.params.subtask)
        if step is None:
            return float(seen)
        return float(self._doable and (self.params.by_step is None or step <= self.params.by_step))

    @property
    def _doable(self) -> bool:
        wanted, able = self.params, self.plan.capable[self.params.subtask]
        return bool(
            (able & set(wanted.workers) if wanted.workers else able) - {*wanted.not_workers}
        )
