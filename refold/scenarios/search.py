"""
What a family may tell a solver: how the episodes of one scenario are searched for the best.

A search walks states of the family's own rules. What a grade needs to know of the past and a state
does not hold stands in a *record* beside it. Everything is pure.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Literal, Protocol

from msgspec import Struct

from refold.engine import Event
from refold.scenarios.rubric import Rubric

Objective = Literal["score", "return"]
"""What is maximised: the grade, or the sum of the rewards."""

Gains = tuple[float, ...]
"""Figures of which more is never worse for what follows."""


class Move(Struct, frozen=True):
    """One step: the state before, the *action*, what it caused, and the state after."""

    before: Any
    action: Any
    events: Sequence[Event]
    after: Any


class Search(Protocol):
    """How one scenario, with one seed, is searched for one objective."""

    def begin(self, state: Any) -> Any:
        """Return the record before any action, in the first state."""

    def actions(self, state: Any, record: Any) -> Sequence[Any]:
        """Return actions of which an optimal episode can be made, in a fixed order."""

    def advance(self, record: Any, move: Move) -> Any:
        """Return the record after *move*; None if another way is at least as good for certain."""

    def merge(self, state: Any, record: Any) -> tuple[Hashable, Gains]:
        """
        Return a key and gains.

        Of two that are as many steps old and have equal keys, one whose gains are all as large or
        larger can reach all that the other can.
        """

    def bound(self, state: Any, record: Any) -> float:
        """Return what cannot be exceeded any more, whatever is done before the end."""

    def value(self, state: Any, record: Any) -> float:
        """Return what an episode that ended here has reached."""

    def promise(self, state: Any, record: Any) -> float:
        """Return a figure by which a search that cannot keep all states keeps the largest."""


MakeSearch = Callable[[Any, Rubric, Objective], Search | None]
"""From an episode's first state, the rubric and the objective to a search; None for the general."""


def graded(points: float, rubric: Rubric) -> float:
    """Return the score that criteria of *points* in sum give by *rubric*, as grades have it."""
    whole = round(min(max(points, 0.0), 1.0), 4) + 0.0
    return min(max(whole, rubric.floor), rubric.ceiling)
