"""What rubrics of tiny scenarios can draw on."""

from attrs import frozen

from refold.engine import EpisodeEnded
from refold.graders import Facts, Finding
from refold.scenarios import Criteria, Measure
from tiny.world import Rolled


@frozen
class Nothing:
    """No parameters."""


@frozen
class Reason:
    """*reason*: why the episode ended."""

    reason: str


def nearness(facts: Facts, _: Nothing) -> Finding:
    """The sum as a share of the target; 0 above it."""
    rolls = facts.of(Rolled)
    target = facts.start.parameters.target
    reached = rolls[-1].event.sum if rolls else 0
    return Finding.of(reached / target if reached <= target else 0.0, rolls, rolls=len(rolls))


def ended(facts: Facts, params: Reason) -> Finding:
    """1 if the episode ended for this reason."""
    found = facts.where(EpisodeEnded, lambda event: event.reason == params.reason)
    return Finding.of(float(bool(found)), found)


CRITERIA = Criteria(
    measures={"nearness": Measure(Nothing, nearness), "ended": Measure(Reason, ended)},
    activity=lambda facts: len(facts.of(Rolled)),
    problems=lambda params, parameters: [],
)
