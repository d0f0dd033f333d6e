"""
The search for the best score of a workflow.

The bound lets every criterion of the rubric have the best value that it can still have by itself;
it is added up, clamped and rounded as a grade is, so that it bounds the score as graded.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from refold.engine.sums import add_up
from refold.scenarios.rubric import Criterion, Rubric
from refold.scenarios.search import Gains, Move, Search, graded
from refold.scenarios.strict import structure
from refold.scenarios.workflow.actions import Action
from refold.scenarios.workflow.criteria import CRITERIA
from refold.scenarios.workflow.refusals import legal_actions
from refold.scenarios.workflow.search import remembering, terms
from refold.scenarios.workflow.search.keys import interchangeable, state_key, unequal
from refold.scenarios.workflow.search.outlook import Outlook, Prospects
from refold.scenarios.workflow.search.recovery import RecoverySpeed
from refold.scenarios.workflow.search.terms import Term
from refold.scenarios.workflow.state import State

_TERMS: Mapping[str, type[Term]] = {
    "all_completed": terms.AllCompleted,
    "avoided": terms.Avoided,
    "budget_overrun": terms.BudgetOverrun,
    "completed": remembering.Completed,
    "cost_saved": terms.CostSaved,
    "different_workers": remembering.DifferentWorkers,
    "fan_out": remembering.FanOut,
    "milestones_met": remembering.MilestonesMet,
    "parallel_share": remembering.ParallelShare,
    "patience": remembering.Patience,
    "recovered": remembering.Recovered,
    "recovery_speed": RecoverySpeed,
    "refused_actions": terms.RefusedActions,
    "share_completed": terms.ShareCompleted,
    "step_efficiency": terms.StepEfficiency,
    "time_saved": terms.TimeSaved,
}
_PENALTIES = ("budget_overrun", "refused_actions")
_NAMING_WORKERS = ("completed", "different_workers")

Values = Sequence[float]
Value = Callable[[Values], float]


def score_search(start: State, rubric: Rubric) -> Search | None:
    """
    Return the search for the best score by *rubric* from *start* on, or None.

    None if the rubric draws on a measure that is not the family's own, or pays for what the
    family's rubrics take from a score, or the other way round: neither has a bound here.
    """
    prospects = Prospects(start)
    binder = _Binder(prospects)
    bound = [
        (each, binder.bind(each, each.weight, gated=each.gate is not None))
        for each in rubric.criteria
    ]
    if binder.unbounded:
        return None
    if binder.cost_slope > 0:
        prospects.worth = binder.completion / len(prospects.order) / binder.cost_slope
    return _ScoreSearch(rubric, prospects, binder.terms, bound, naming=binder.naming)


class _Binder:
    """
    Makes terms of the criteria.

    Attributes:
        terms: The terms so far.
        unbounded: Whether a criterion has no bound.
        naming: Whether one tells workers apart.
        completion: Points for completing all subtasks, whatever else there is.
        cost_slope: Points that a unit of cost takes at most.
    """

    def __init__(self, prospects: Prospects) -> None:
        self.terms: list[Term] = []
        self.unbounded = False
        self.naming = False
        self.completion = 0.0
        self.cost_slope = 0.0
        self._prospects = prospects

    def bind(self, criterion: Criterion, weight: float, *, gated: bool) -> Value:
        """Return how the value of *criterion* comes of the values of the terms."""
        if criterion.parts:
            parts = [
                (each.weight, self.bind(each, weight * each.weight, gated=gated))
                for each in criterion.parts
            ]
            return lambda values: add_up([share * value(values) for share, value in parts])
        kind = _TERMS.get(criterion.measure)
        if kind is None or (weight < 0) != (criterion.measure in _PENALTIES):
            self.unbounded = True
            return lambda values: 0.0
        self.naming |= criterion.measure in _NAMING_WORKERS
        measure = CRITERIA.measures[criterion.measure]
        params, _ = structure(criterion.params, measure.params, "$")
        term = kind(params, self._prospects)
        if isinstance(term, terms.CostTerm):
            self.cost_slope += abs(weight) * term.slope()
        if isinstance(term, terms.ShareCompleted) and not gated:
            self.completion += weight
        self.terms.append(term)
        place = len(self.terms) - 1
        return lambda values: values[place]


class _ScoreSearch:
    def __init__(
        self,
        rubric: Rubric,
        prospects: Prospects,
        terms: Sequence[Term],
        bound: Sequence[tuple[Criterion, Value]],
        *,
        naming: bool,
    ) -> None:
        self._rubric = rubric
        self._prospects = prospects
        self._terms = terms
        self._bound = bound
        names = list(prospects.plan.seats)
        # A rubric that tells workers apart makes equal ones unequal.
        self._stand_ins = (
            dict(zip(names, names, strict=True)) if naming else interchangeable(prospects.plan)
        )

    def begin(self, state: State) -> tuple[Any, ...]:
        return tuple([term.begin() for term in self._terms])

    def actions(self, state: State, record: Any) -> Sequence[Action]:
        # Giving up what nobody works at only forbids to delegate it: waiting keeps all that open.
        found = [
            action
            for action in legal_actions(state)
            if action.action_type != "abort"
            or state.subtasks[action.subtask_id or ""].status == "in_progress"
        ]
        return unequal(found, self._stand_ins)

    def advance(self, record: tuple[Any, ...], move: Move) -> tuple[Any, ...]:
        pairs = zip(self._terms, record, strict=True)
        return tuple([term.advance(seen, move) for term, seen in pairs])

    def merge(self, state: State, record: tuple[Any, ...]) -> tuple[Any, Gains]:
        keys, gains = [state_key(state, self._stand_ins)], dict[Any, None]()
        for place, (term, seen) in enumerate(zip(self._terms, record, strict=True)):
            key, found = term.merge(seen, state)
            keys.append(key)
            if found:
                shared = isinstance(term, terms.CostTerm)
                gains[("cost" if shared else place, found)] = None
        return tuple(keys), tuple(gain for _, found in gains for gain in found)

    def bound(self, state: State, record: tuple[Any, ...]) -> float:
        return self._best(record, Outlook(state, self._prospects, ended=False))

    def value(self, state: State, record: tuple[Any, ...]) -> float:
        return self._best(record, Outlook(state, self._prospects, ended=True))

    def promise(self, state: State, record: tuple[Any, ...]) -> float:
        return self.bound(state, record) + self.value(state, record)

    def _best(self, record: tuple[Any, ...], outlook: Outlook) -> float:
        pairs = zip(self._terms, record, strict=True)
        values = [term.best(seen, outlook) for term, seen in pairs]
        points = [
            criterion.weight * value(values) * self._gate(criterion, outlook)
            for criterion, value in self._bound
        ]
        return graded(add_up(points), self._rubric)

    def _gate(self, criterion: Criterion, outlook: Outlook) -> float:
        if criterion.gate is None:
            return 1.0
        # A penalty is least with as little activity as there is so far.
        reward = criterion.weight >= 0
        activity = outlook.completed if reward else len(outlook.state.outputs)
        return min(1.0, activity / criterion.gate)
