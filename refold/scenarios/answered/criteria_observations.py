"""The measure of what the environment of an answered episode showed."""

from typing import Any, Literal

from attrs import frozen

from refold.scenarios.answered.paths import read_path, same_value, values_at
from refold.scenarios.answered.said import observations
from refold.scenarios.facts import Facts, Finding
from refold.scenarios.rubric import Measure
from refold.scenarios.strict import Problem


@frozen
class Shown:
    """
    A test of the value at *path* of an observation, whose whole is ``$``: exactly one of them.

    Attributes:
        path: Where it lies.
        equals: The value that it has to be.
        at_least: The smallest number that it may be.
        at_most: The largest number that it may be.
        exists: Whether there has to be a value at all.
        of: Whether ``any`` observation may pass, or the ``last`` has to.
    """

    path: str
    equals: Any = None
    at_least: float | None = None
    at_most: float | None = None
    exists: bool | None = None
    of: Literal["any", "last"] = "any"

    def problems(self) -> list[Problem]:
        """Return what is wrong with them."""
        found: list[Problem] = []
        if read_path(self.path) is None:
            example = "'$.orders[0].id'"
            found.append((".path", f"expected a path such as {example}, got {self.path!r:.100}"))
        tests = (self.equals, self.at_least, self.at_most, self.exists)
        if sum(test is not None for test in tests) != 1:
            found.append(
                ("", "expected one of equals, at_least, at_most, exists; got none or several")
            )
        return found

    def passes(self, observation: Any) -> bool:
        """Return whether *observation* passes."""
        values = list(values_at(observation, read_path(self.path) or ()))
        if self.exists is not None:
            return bool(values) == self.exists
        if self.equals is not None:
            return any(same_value(value, self.equals) for value in values)
        return any(self._is_within(value) for value in values)

    def _is_within(self, value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if self.at_least is not None:
            return value >= self.at_least
        return self.at_most is not None and value <= self.at_most


def observation(facts: Facts, params: Shown) -> Finding:
    """1 if an observation passes the test."""
    found = facts.compute_once(observations)
    if params.of == "last":
        last = found[-1:]
        passed = bool(last) and params.passes(last[0][1])
        return Finding.of(float(passed), [at for at, _ in last])
    passing = [at for at, seen in found if params.passes(seen)]
    return Finding.of(float(bool(passing)), passing)


OBSERVATIONS = {"observation": Measure(Shown, observation, "what was seen at {path}")}
"""It by name."""
