"""
Scores that are counted event by event, by rules and graders alike.

A *tally* holds all that a score counts. Rules keep it in the state, and pay the difference that a
step makes to a potential of it; graders count it again from the stream, with the same functions.
So the rewards of an ended episode add up to its score.
"""

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen
from msgspec.structs import replace

from refold.engine import Event, RefoldError, StepRewarded
from refold.engine.family import Reducer
from refold.engine.sums import add_up
from refold.scenarios.facts import Facts, Finding
from refold.scenarios.rubric import Measure

Counters = Mapping[type[Event], Callable[[Any, Any, Any], Any]]
"""By type of event, the next tally, from a tally, such an event and the compiled world."""


@frozen
class Nothing:
    """No parameters."""


def counting(changes: Reducer[Any], counters: Counters) -> Reducer[Any]:
    """Return the reducer of *changes* that keeps ``tally`` too; states have that and ``plan``."""
    return {
        kind: _with_tally(change, counters[kind]) if kind in counters else change
        for kind, change in changes.items()
    }


def _with_tally(
    change: Callable[[Any, Any], Any], count: Callable[[Any, Any, Any], Any]
) -> Callable[[Any, Any], Any]:
    def change_and_count(state: Any, event: Any) -> Any:
        return replace(change(state, event), tally=count(state.tally, event, state.plan))

    return change_and_count


def rewarded(
    step: int, total: float, was: Mapping[str, float], now: Mapping[str, float]
) -> StepRewarded:
    """
    Return the reward of *step* that moved the parts of the potential from *was* to *now*.

    *total* is that of the steps before.
    """
    parts = {name: now[name] - was[name] for name in sorted(now)}
    reward = add_up(parts.values())
    return StepRewarded(step, reward, total + reward, parts)


@frozen(eq=False)
class Scoring:
    """
    How graders come to the criteria of a family.

    Attributes:
        drawn: The event that holds the world.
        compile_plan: Makes a world ready.
        counters: What counts.
        tally: The tally of nothing.
        criteria: From a tally and a compiled world, the value of each criterion.
    """

    drawn: type[Event]
    compile_plan: Callable[[Any], Any]
    counters: Counters
    tally: Any
    criteria: Callable[[Any, Any], Mapping[str, float]]

    def measure(
        self,
        name: str,
        *kinds: type[Event],
        pays: str,
        counts: Callable[[Any, Any], Mapping[str, float]],
    ) -> Measure:
        """
        Return the measure that gives the criterion *name*, and rests on events of *kinds*.

        It pays for *pays*, in words. *counts* are diagnostic numbers, from a tally and a compiled
        world.
        """

        def take(facts: Facts, _: Nothing) -> Finding:
            if not facts.of_type(self.drawn):  # cut off before its world was there
                return Finding.of(0.0)
            plan, tally, criteria = facts.compute_once(self._count)
            found = [at for kind in kinds for at in facts.of_type(kind)]
            return Finding.of(criteria[name], found, **counts(tally, plan))

        return Measure(Nothing, take, pays)

    def _count(self, facts: Facts) -> tuple[Any, Any, Mapping[str, float]]:
        try:
            return self._add_up(facts)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise RefoldError(
                "grade: expected events as the rules make them, got others; "
                "`refold verify` tells which"
            ) from error

    def _add_up(self, facts: Facts) -> tuple[Any, Any, Mapping[str, float]]:
        plan, tally = self.compile_plan(facts.of_type(self.drawn)[0].event.world), self.tally
        for event in facts.stream:
            count = self.counters.get(type(event))
            if count is not None:
                tally = count(tally, event, plan)
        return plan, tally, self.criteria(tally, plan)
