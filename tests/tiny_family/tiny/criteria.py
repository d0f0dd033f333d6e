"""A measure that a package adds to a family."""

from attrs import frozen

from refold.scenarios import Criteria, Facts, Finding, Measure
from tiny import Rolled


@frozen
class Nothing:
    """No parameters."""


def rolls(facts: Facts, _: Nothing) -> Finding:
    """One twelfth for each roll, up to 1."""
    found = facts.of_type(Rolled)
    return Finding.of(min(1.0, len(found) / 12), found, rolls=len(found))


CRITERIA = Criteria(
    measures={"rolls": Measure(Nothing, rolls)},
    activity=lambda facts: len(facts.of_type(Rolled)),
    problems=lambda params, parameters: [],
)
