"""What rubrics can measure in any answered episode."""

from collections.abc import Callable
from typing import Any, Literal

from attrs import frozen

from refold.engine import ActionTaken, EpisodeEnded, StepRewarded
from refold.scenarios.answered.events import EnvironmentAnswered, ScoreGiven
from refold.scenarios.facts import Facts, Finding
from refold.scenarios.rubric import Criteria, Measure
from refold.scenarios.strict import Problem


@frozen
class RewardRange:
    """
    The rewards on a scale: *low* is worth 0, *high* is worth 1.

    *of* says which: their ``sum``, the ``last`` one, or the largest (``max``).
    """

    low: float
    high: float
    of: Literal["sum", "last", "max"] = "sum"


@frozen
class GivenScore:
    """The score *name* that the world or the source gave; 0 where it gave none."""

    name: str


@frozen
class End:
    """An end: *how*, ``terminated`` or ``truncated``."""

    how: Literal["terminated", "truncated"]


@frozen
class StepCount:
    """The number of steps: at most *few* is worth 1, *many* or more is worth 0."""

    few: int
    many: int


def _reward(facts: Facts, params: RewardRange) -> Finding:
    found = facts.of_type(StepRewarded)
    if not found:
        return Finding.of(0.0)
    take: dict[str, Callable[[], float]] = {
        "sum": lambda: found[-1].event.total,
        "last": lambda: found[-1].event.reward,
        "max": lambda: max(at.event.reward for at in found),
    }
    share = (take[params.of]() - params.low) / (params.high - params.low)
    answers = facts.where(EnvironmentAnswered, lambda event: bool(event.reward))
    return Finding.of(min(1.0, max(0.0, share)), answers if params.of == "sum" else found[-1:])


def _score(facts: Facts, params: GivenScore) -> Finding:
    found = facts.where(ScoreGiven, lambda event: event.name == params.name)
    if not found or found[-1].event.value is None:
        return Finding.of(0.0, found[-1:])
    given: ScoreGiven = found[-1].event
    span = given.high - given.low
    share = (found[-1].event.value - given.low) / span if span > 0 else 0.0
    return Finding.of(min(1.0, max(0.0, share)), found[-1:])


def _ended(facts: Facts, params: End) -> Finding:
    found = facts.where(EpisodeEnded, lambda event: event.how == params.how)
    return Finding.of(float(bool(found)), found)


def _steps(facts: Facts, params: StepCount) -> Finding:
    share = (params.many - facts.steps) / (params.many - params.few)
    return Finding.of(min(1.0, max(0.0, share)))


def _activity(facts: Facts) -> float:
    """Return how many actions were taken."""
    return len(facts.of_type(ActionTaken))


def _problems(params: Any, _parameters: Any) -> list[Problem]:
    if isinstance(params, RewardRange) and not params.low < params.high:
        return [("", f"expected low < high, got {params.low} and {params.high}")]
    if isinstance(params, StepCount) and not 0 <= params.few < params.many:
        return [("", f"expected 0 <= few < many, got {params.few} and {params.many}")]
    return []


CRITERIA = Criteria(
    measures={
        "reward": Measure(RewardRange, _reward),
        "score": Measure(GivenScore, _score),
        "ended": Measure(End, _ended),
        "steps": Measure(StepCount, _steps),
    },
    activity=_activity,
    problems=_problems,
)
"""The measures of answered episodes."""
