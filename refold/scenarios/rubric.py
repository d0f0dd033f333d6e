"""
Rubrics as data: weighted criteria, each a named measure with parameters or a sum of parts.

What the measures are, and how they look at events, is the graders' business; here stands what a
rubric may say. The measures of a family are found by entry points of the group
``refold.criteria``, named like the family (``workflow.1``).
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from hashlib import sha256
from math import isfinite
from typing import Any

from attrs import field, frozen, resolve_types

from refold.engine.codec import encode
from refold.engine.family import plugin
from refold.scenarios.strict import Problem, beside, plain, structure

TOLERANCE = 1e-9


@frozen
class Criterion:
    """
    One line of a rubric.

    Attributes:
        name: Key in the breakdown, unique in its rubric.
        weight: What a value of 1 adds to the score; below 0 for a penalty.
        measure: Name of the measure that gives the value, 0 to 1; empty if there are parts.
        params: Parameters of the measure.
        gate: The value counts in full only from this much activity on, in proportion before.
        parts: Criteria whose weighted sum is the value; their weights add up to 1.
    """

    name: str
    weight: float
    measure: str = ""
    params: Mapping[str, Any] = field(factory=dict)
    gate: float | None = None
    parts: tuple["Criterion", ...] = ()


resolve_types(Criterion)


@frozen
class Rubric:
    """
    How an episode is scored.

    Attributes:
        name: What grades call it.
        version: Raised whenever a grade can move.
        criteria: Weights above 0 add up to 1.
        floor: Lowest score.
        ceiling: Highest score.
    """

    name: str
    version: int
    criteria: tuple[Criterion, ...]
    floor: float = 0.0
    ceiling: float = 1.0

    @property
    def digest(self) -> str:
        """Hex SHA-256 of the rubric's canonical JSON: equal digests score equally."""
        return sha256(encode(plain(self))).hexdigest()


@frozen
class Measure:
    """
    A measure that rubrics can name.

    Attributes:
        params: attrs class of its parameters.
        take: From the facts of an episode and the parameters to a finding, purely.
    """

    params: type[Any]
    take: Callable[[Any, Any], Any]


@frozen
class Criteria:
    """
    All that the rubrics of one family can draw on.

    Attributes:
        measures: By name.
        activity: How active an episode was, for gates, from its facts.
        problems: Mistakes in a measure's parameters, given the scenario's parameters (None
            where there is no scenario at hand), as (path below the parameters, text).
    """

    measures: Mapping[str, Measure]
    activity: Callable[[Any], float]
    problems: Callable[[Any, Any], list[Problem]]


@cache
def find_criteria(family: str, rules: int) -> Criteria:
    """
    Return what rubrics of *family* with the rules version *rules* can draw on.

    Raises:
        UnknownName: No installed package provides it.
    """
    criteria: Criteria = plugin("refold.criteria", f"{family}.{rules}", "criteria of family")
    return criteria


def read_rubric(
    value: Any, path: str, criteria: Criteria, parameters: Any
) -> tuple[Rubric | None, list[Problem]]:
    """
    Return *value*, plain data, as a rubric (None if it is none) and every mistake in it.

    Args:
        value: The ``rubric`` table of a file.
        path: Path of *value*, for the mistakes.
        criteria: What the rubric can draw on.
        parameters: Parameters of the scenario that it is for, or None.
    """
    rubric, problems = structure(value, Rubric, path)
    if rubric is None:
        return None, problems
    further = [*_group_problems(rubric.criteria, f"{path}.criteria", criteria, parameters)]
    if not 0 <= rubric.floor < rubric.ceiling <= 1:
        further.append((path, "expected 0 <= floor < ceiling <= 1, got something else"))
    return rubric, problems + beside(problems, further)


def _group_problems(
    group: tuple[Criterion, ...], path: str, criteria: Criteria, parameters: Any
) -> Iterator[Problem]:
    for name, times in Counter(criterion.name for criterion in group).items():
        if times > 1:
            yield path, f"expected each name once, got {name!r} {times} times"
    total = sum(criterion.weight for criterion in group if criterion.weight > 0)
    if not abs(total - 1) <= TOLERANCE:
        yield path, f"expected weights above 0 that add up to 1, got {total:.10g}"
    for index, criterion in enumerate(group):
        yield from _criterion_problems(criterion, f"{path}[{index}]", criteria, parameters)


def _criterion_problems(
    criterion: Criterion, path: str, criteria: Criteria, parameters: Any
) -> Iterator[Problem]:
    if not isfinite(criterion.weight):
        yield f"{path}.weight", f"expected a finite number, got {criterion.weight}"
    if criterion.gate is not None and not (isfinite(criterion.gate) and criterion.gate > 0):
        yield f"{path}.gate", f"expected a number above 0, got {criterion.gate}"
    if bool(criterion.measure) == bool(criterion.parts):
        yield path, "expected either a measure or parts, got both or neither"
    for index, part in enumerate(criterion.parts):
        if part.weight < 0 or part.gate is not None:
            yield f"{path}.parts[{index}]", "expected a part with a weight above 0 and no gate"
    if criterion.parts:
        yield from _group_problems(criterion.parts, f"{path}.parts", criteria, parameters)
    if criterion.measure:
        yield from _measure_problems(criterion, path, criteria, parameters)


def _measure_problems(
    criterion: Criterion, path: str, criteria: Criteria, parameters: Any
) -> Iterator[Problem]:
    measure = criteria.measures.get(criterion.measure)
    if measure is None:
        near = get_close_matches(criterion.measure, criteria.measures, n=3, cutoff=0.4)
        known = ", ".join(near or sorted(criteria.measures))
        yield f"{path}.measure", f"expected a known measure ({known}), got {criterion.measure!r}"
        return
    params, problems = structure(criterion.params, measure.params, f"{path}.params")
    yield from problems
    if params is not None:
        further = criteria.problems(params, parameters)
        yield from beside(problems, ((f"{path}.params{at}", text) for at, text in further))
