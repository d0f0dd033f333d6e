"""
The search for the largest return of a workflow: the sum of its rewards, version 1.

More actions than for the score can pay: giving up what is worked at, to begin it again; giving up
what is about to be begun, and retrying it in the very next step, since a retry is never called
wasteful; and a refused retry, which restarts the count of a failure. Anything else that is refused
or given up earns no more than waiting.
"""

from collections.abc import Sequence

from refold.scenarios.search import Gains, Move
from refold.scenarios.workflow.actions import Action
from refold.scenarios.workflow.refusals import legal_actions
from refold.scenarios.workflow.search.keys import interchangeable, state_key, unequal
from refold.scenarios.workflow.search.outlook import Prospects
from refold.scenarios.workflow.state import State

_BEGIN, _PARALLEL, _COMMUNICATION, _CHEAP = 0.05, 0.10, 0.05, 0.04
_ABORT, _WAIT = -0.03, 0.03
_COMPLETED, _RECOVERED = 0.08, 0.10
_END, _TIME_LEFT, _COST_LEFT = 0.20, 0.10, 0.05

NO_RETRY = ""
"""The record while nothing has to be retried at once; else it is the subtask's id."""


class ReturnSearch:
    """The search from *start* on."""

    def __init__(self, start: State) -> None:
        self._prospects = Prospects(start)
        parameters = start.plan.parameters
        self._budget = parameters.cost_budget
        self._steps = parameters.time_budget
        self._stand_ins = interchangeable(start.plan)

    def begin(self, state: State) -> str:
        return NO_RETRY

    def actions(self, state: State, record: str) -> Sequence[Action]:
        legal = legal_actions(state)
        if record:
            return [
                each for each in legal if (each.action_type, each.subtask_id) == ("retry", record)
            ]
        status = {id: subtask.status for id, subtask in state.subtasks.items()}
        useful = [
            each
            for each in legal
            if each.action_type != "abort" or status[each.subtask_id or ""] != "failed"
        ]
        refused = [
            Action("retry", id) for id, each in status.items() if each in ("failed", "in_progress")
        ]
        return [*unequal(useful, self._stand_ins), *refused]

    def advance(self, record: str, move: Move) -> str | None:
        action = move.action
        if record or action.action_type != "abort":
            return NO_RETRY
        if move.before.subtasks[action.subtask_id].status == "in_progress":
            return NO_RETRY
        given_up: str = action.subtask_id
        if move.after.ended:
            return None
        return given_up if move.after.subtasks[given_up].dependencies_met else None

    def merge(self, state: State, record: str) -> tuple[object, Gains]:
        key = state_key(state, self._stand_ins), state.lingering, record
        if self._budget is None:
            return key, (state.total,)
        # The end pays for cost saved, and never more than this rate, so that a larger total
        # may make up for a higher cost.
        rate = _COST_LEFT / self._budget
        return key, (state.total, state.total - rate * state.budget_used)

    def value(self, state: State, record: str) -> float:
        return state.total

    def promise(self, state: State, record: str) -> float:
        return self.bound(state, record)

    def bound(self, state: State, record: str) -> float:
        left = self._steps - state.t
        fresh = [id for id, each in state.subtasks.items() if each.status in ("pending", "ready")]
        begins = len(fresh) + len(state.failed)
        most = state.total + self._end_bonus(state, left)
        for id, subtask in state.subtasks.items():
            if id not in state.outputs:
                failures = self._prospects.most_failures(id, subtask.attempt_count, state.t)
                begins += failures
                most += _COMPLETED + (_RECOVERED if failures or subtask.attempt_count else 0.0)
        for id in fresh:
            most += _CHEAP if self._budget is not None else 0.0
            most += _COMMUNICATION if id in state.plan.communication else 0.0
        return most + self._most_for_steps(left, begins)

    def _most_for_steps(self, left: int, begins: int) -> float:
        """Return what *left* steps can earn, if *begins* can be begun before any is given up."""
        begun = _BEGIN + _PARALLEL
        first = min(left, begins)
        again = (left - first) * max(_WAIT, (begun + _ABORT) / 2)
        return first * begun + again

    def _end_bonus(self, state: State, left: int) -> float:
        bonus = _END + _TIME_LEFT * (left - 1) / self._steps
        if self._budget is not None:
            bonus += _COST_LEFT * max(0.0, 1 - state.budget_used / self._budget)
        return bonus
