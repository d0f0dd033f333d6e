"""The search for families that tell a solver nothing: every way is another, and may end well."""

from collections.abc import Hashable, Sequence
from math import inf
from typing import Any

from refold.engine import Episode, Family, StepRewarded
from refold.graders import grade
from refold.scenarios import Scenario
from refold.scenarios.search import Gains, Move, Objective

Path = tuple[Any, ...]


class GeneralSearch:
    """
    Searches *scenario* with *seed* for *objective* by its legal actions alone.

    The bound of a score is the rubric's ceiling, that of a return what the family's rules say.
    """

    def __init__(self, scenario: Scenario, family: Family, seed: int, objective: Objective) -> None:
        self._scenario = scenario
        self._family = family
        self._seed = seed
        self._objective = objective

    def begin(self, state: Any) -> Path:
        """Return the actions so far: none."""
        return ()

    def actions(self, state: Any, record: Path) -> Sequence[Any]:
        """Return the legal actions."""
        return self._family.legal_actions(state)

    def advance(self, record: Path, move: Move) -> Path:
        """Return the actions with one more."""
        return (*record, move.action)

    def merge(self, state: Any, record: Path) -> tuple[Hashable, Gains]:
        """Return a key that equals no other: a grade may depend on anything that happened."""
        return object(), ()

    def bound(self, state: Any, record: Path) -> float:
        """Return what no episode can exceed."""
        if self._objective == "score":
            return self._scenario.rubric.ceiling
        most = self._family.highest_return
        return inf if most is None else most

    def value(self, state: Any, record: Path) -> float:
        """Return what the actions of *record* reach, played and graded."""
        episode = Episode.start(self._scenario, seed=self._seed)
        results = [episode.step(action) for action in record]
        if self._objective == "score":
            return grade(episode.events).score
        rewarded = results[-1].events[-1]
        assert isinstance(rewarded, StepRewarded)
        return rewarded.total

    def promise(self, state: Any, record: Path) -> float:
        """Return nothing to go by: the rewards so far decide."""
        return 0.0
