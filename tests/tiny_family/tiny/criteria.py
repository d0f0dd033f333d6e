"""What rubrics of tiny scenarios can draw on."""

from attrs import frozen

from refold.engine import EpisodeEnded
from refold.graders import Facts, Measurement
from refold.scenarios import Criteria, Measure
from tiny.world import Rolled


@frozen
class Nothing:
    """No parameters."""


@frozen
class Reason:
    """*reason*: why the episode ended."""

    reason: str


def nearness(facts: Facts, _: Nothing) -> Measurement:
    """The sum as a share of the target; 0 above it."""
    rolls = facts.of_type(Rolled)
    target = facts.initial_state.parameters.target
    reached = rolls[-1].event.sum if rolls else 0
    return Measurement.from_events(
        reached / target if reached <= target else 0.0, rolls, rolls=len(rolls)
    )


def ended(facts: Facts, params: Reason) -> Measurement:
    """1 if the episode ended for this reason."""
    found = facts.where(EpisodeEnded, lambda event: event.reason == params.reason)
    return Measurement.from_events(float(bool(found)), found)


CRITERIA = Criteria(
    measures={"nearness": Measure(Nothing, nearness), "ended": Measure(Reason, ended)},
    activity=lambda facts: len(facts.of_type(Rolled)),
    problems=lambda params, parameters: [],
)
