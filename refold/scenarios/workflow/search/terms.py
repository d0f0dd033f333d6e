"""
Measures that need nothing but the last state, and what a term is.

A *term* follows one measure through a search: what it has seen so far, and the best value that it
can still take. After the end that value is the measure's own, computed as ``criteria`` does.
"""

from collections.abc import Hashable
from typing import Any

from attrs import frozen

from refold.scenarios.search import Gains, Move
from refold.scenarios.workflow import criteria_parameters as params
from refold.scenarios.workflow.plan import Plan
from refold.scenarios.workflow.search.outlook import Outlook, Prospects
from refold.scenarios.workflow.state import State

Key = tuple[Hashable, Gains]


@frozen
class Term:
    """
    A measure with its parameters. By itself it has nothing to remember.

    Attributes:
        params: The measure's parameters.
        prospects: What holds for all states.
    """

    params: Any
    prospects: Prospects

    @property
    def plan(self) -> Plan:
        """The compiled scenario."""
        return self.prospects.plan

    def begin(self) -> Any:
        """Return what has been seen before any step."""
        return None

    def advance(self, seen: Any, move: Move) -> Any:
        """Return what has been seen after *move*."""
        return seen

    def merge(self, seen: Any, state: State) -> Key:
        """Return key and gains of what has been seen, as ``Search.merge`` has them."""
        return None, ()

    def best(self, seen: Any, outlook: Outlook) -> float:
        """Return the value, 0 to 1, that serves the score best and can still be had."""
        raise NotImplementedError


class ShareCompleted(Term):
    """``share_completed``."""

    def best(self, seen: Any, outlook: Outlook) -> float:
        return outlook.completed / len(self.plan.order)


class AllCompleted(Term):
    """``all_completed``."""

    def best(self, seen: Any, outlook: Outlook) -> float:
        return float(outlook.fewest_steps is not None)


class StepEfficiency(Term):
    """``step_efficiency``."""

    params: params.Least

    def best(self, seen: Any, outlook: Outlook) -> float:
        steps = outlook.fewest_steps
        return 0.0 if steps is None else min(1.0, self.params.least / steps)


class TimeSaved(Term):
    """``time_saved``."""

    def best(self, seen: Any, outlook: Outlook) -> float:
        steps, budget = outlook.fewest_steps, self.plan.parameters.time_budget
        return 0.0 if steps is None else (budget - steps) / budget


class CostTerm(Term):
    """A measure of the cost used."""

    def merge(self, seen: Any, state: State) -> Key:
        return None, (-state.budget_used,)

    def slope(self) -> float:
        """Return by how much a unit of cost changes the value at most."""
        raise NotImplementedError

    def _share(self, outlook: Outlook) -> float:
        budget = self.plan.parameters.cost_budget
        return outlook.least_cost / budget if budget else 0.0


class CostSaved(CostTerm):
    """``cost_saved``."""

    params: params.Cost

    def slope(self) -> float:
        budget = self.plan.parameters.cost_budget
        return 1 / budget / (1 - self.params.full_at) if budget else 0.0

    def best(self, seen: Any, outlook: Outlook) -> float:
        share = self._share(outlook)
        return min(1.0, max(0.0, (1 - share) / (1 - self.params.full_at)))


class BudgetOverrun(CostTerm):
    """``budget_overrun``, a penalty."""

    params: params.Overrun

    def slope(self) -> float:
        budget = self.plan.parameters.cost_budget
        return self.params.rate / budget if budget else 0.0

    def best(self, seen: Any, outlook: Outlook) -> float:
        return min(1.0, self.params.rate * max(0.0, self._share(outlook) - 1))


class RefusedActions(Term):
    """``refused_actions``, a penalty: nothing is refused in a search."""

    def best(self, seen: Any, outlook: Outlook) -> float:
        return 0.0


class Avoided(Term):
    """``avoided``: nothing is refused in a search."""

    def best(self, seen: Any, outlook: Outlook) -> float:
        return 1.0
