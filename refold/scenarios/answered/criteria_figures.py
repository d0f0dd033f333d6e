"""Measures of an answered episode's figures: rewards, scores, its end, steps, tokens, cost."""

from collections.abc import Callable
from typing import Literal

from attrs import frozen

from refold.engine import EpisodeEnded, StepRewarded
from refold.engine.exchanges import ModelCalled, Usage
from refold.engine.sums import add_up
from refold.scenarios.answered.events import EnvironmentAnswered, ScoreGiven
from refold.scenarios.facts import Facts, Finding, IndexedEvent
from refold.scenarios.rubric import Measure
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

    def problems(self) -> list[Problem]:
        """Return what is wrong with them together."""
        if self.low < self.high:
            return []
        return [("", f"expected low < high, got {self.low} and {self.high}")]


@frozen
class GivenScore:
    """The score *name* that the environment or the source gave; 0 where it gave none."""

    name: str


@frozen
class End:
    """An end: *how*, ``terminated`` or ``truncated``, and for which *reason*; at least one."""

    how: Literal["terminated", "truncated"] | None = None
    reason: str | None = None

    def problems(self) -> list[Problem]:
        """Return what is wrong with them together."""
        if self.how is not None or self.reason is not None:
            return []
        return [("", "expected how or reason, got neither")]


@frozen
class Scale:
    """A number of which *few* or less is worth 1, *many* or more is worth 0."""

    few: float
    many: float

    def problems(self) -> list[Problem]:
        """Return what is wrong with them together."""
        if 0 <= self.few < self.many:
            return []
        return [("", f"expected 0 <= few < many, got {self.few:g} and {self.many:g}")]

    def worth(self, number: float) -> float:
        """Return what *number* is worth, 0 to 1."""
        return min(1.0, max(0.0, (self.many - number) / (self.many - self.few)))


def reward(facts: Facts, params: RewardRange) -> Finding:
    """Where the rewards lie on a scale."""
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


def score(facts: Facts, params: GivenScore) -> Finding:
    """Where a score that was given lies on its own scale."""
    found = facts.where(ScoreGiven, lambda event: event.name == params.name)
    if not found or found[-1].event.value is None:
        return Finding.of(0.0, found[-1:])
    given: ScoreGiven = found[-1].event
    span = given.high - given.low
    share = (found[-1].event.value - given.low) / span if span > 0 else 0.0
    return Finding.of(min(1.0, max(0.0, share)), found[-1:])


def ended(facts: Facts, params: End) -> Finding:
    """1 if the episode ended so."""
    found = facts.where(
        EpisodeEnded,
        lambda event: params.how in (None, event.how) and params.reason in (None, event.reason),
    )
    return Finding.of(float(bool(found)), found)


def steps(facts: Facts, params: Scale) -> Finding:
    """How few steps were taken."""
    return Finding.of(params.worth(facts.steps), steps=facts.steps)


def tokens(facts: Facts, params: Scale) -> Finding:
    """How few tokens the model read and wrote; 0 where nobody counted them."""
    return _used(facts, params, "tokens", lambda usage: usage.input + usage.output)


def cost(facts: Facts, params: Scale) -> Finding:
    """How few US dollars the model cost; 0 where nobody said."""
    return _used(facts, params, "cost", lambda usage: usage.cost)


def _used(facts: Facts, params: Scale, name: str, take: Callable[[Usage], float | None]) -> Finding:
    amounts = [(at, take(at.event.reply.usage)) for at in _counted(facts)]
    known = [(at, amount) for at, amount in amounts if amount is not None]
    if not known:
        return Finding.of(0.0)
    total = add_up(amount for _, amount in known)
    return Finding.of(params.worth(total), [at for at, _ in known], **{name: total})


def _counted(facts: Facts) -> list[IndexedEvent]:
    """Return the model's calls whose tokens were counted."""
    return facts.where(ModelCalled, lambda event: bool(event.reply and event.reply.usage))


FIGURES = {
    "cost": Measure(Scale, cost, "low cost: all for ${few:g}, nothing from ${many:g}"),
    "ended": Measure(End, ended, "the end that was asked for"),
    "reward": Measure(RewardRange, reward, "rewards, on a scale from {low:g} to {high:g}"),
    "score": Measure(GivenScore, score, "the score {name} that was given"),
    "steps": Measure(Scale, steps, "few steps: all for {few:g}, nothing from {many:g}"),
    "tokens": Measure(Scale, tokens, "few tokens: all for {few:g}, nothing from {many:g}"),
}
"""Them by name."""
