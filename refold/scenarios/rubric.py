"""
Rubrics as data: weighted criteria, each a named measure with parameters or a sum of parts.

What the measures are, and how they look at events, is a family's business; here stands what a
rubric may say.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from hashlib import sha256
from math import isfinite
from typing import Any

from attrs import field, frozen, resolve_types

from refold.engine.codec import encode
from refold.scenarios.strict import OMITTED, Problem, beside, plain, structure

TOLERANCE = 1e-9
"""How far weights may be from a sum of 1: decimal fractions are rarely exact as floats."""


@frozen
class Criterion:
    """
    One line of a rubric.

    Attributes:
        name: Key in the breakdown, unique in its rubric.
        weight: What a value of 1 adds to the score; below 0 for a penalty.
        measure: Name of the measure that gives the value, 0 to 1; empty if there are parts.
        params: Parameters of the measure.
        gate: Activity needed for the value to count in full; below, it counts in proportion.
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
class RubricJudge:
    """
    The model that answers a rubric's questions.

    Attributes:
        model: The model as agents name it, such as ``openai:MODEL``.
        temperature: Its temperature, at least 0.
        parameters: Further parameters of each request.
    """

    model: str
    temperature: float = 0.0
    parameters: Mapping[str, Any] = field(factory=dict)


@frozen
class Rubric:
    """
    How episodes are scored.

    Attributes:
        name: Its name in grades.
        version: Raised with every change that can move a grade.
        criteria: Weights above 0 add up to 1.
        floor: Lowest score.
        ceiling: Highest score.
        judge: Who answers its questions, unless ``--judge`` names another; None for nobody.
    """

    name: str
    version: int
    criteria: tuple[Criterion, ...]
    floor: float = 0.0
    ceiling: float = 1.0
    judge: RubricJudge | None = field(default=None, metadata=OMITTED)

    @property
    def digest(self) -> str:
        """Hex SHA-256 of the rubric's canonical JSON: equal digests score equally."""
        return sha256(encode(plain(self))).hexdigest()


@frozen
class Measure:
    """
    A measure that rubrics can refer to by name.

    Attributes:
        params: attrs class of its parameters.
        take: Pure function from an episode's facts and the parameters to a ``Finding``.
        pays: What it pays for, or takes points for, in words; ``{name}`` stands for a parameter.
            Empty for the measure's name.
        items: Name of the parameter whose items each count for a share of the value, if one does.
    """

    params: type[Any]
    take: Callable[[Any, Any], Any]
    pays: str = ""
    items: str = ""


@frozen
class Criteria:
    """
    Everything that the rubrics of one family can use.

    Attributes:
        measures: The measures by name.
        activity: Returns an episode's activity from its facts, for gates.
        problems: Returns the mistakes in a measure's parameters, given the scenario's parameters
            (None without a scenario), as (path below the parameters, text).
        unit: What activity counts, in words: ``completions``.
        progress: What verdicts say was done, in words, with the names of the diagnostic numbers
            of how much and of how much in all; the first that a grade has is taken. Where there
            is none, a pair such as ``subtasks_completed`` and ``subtasks_total`` is.
    """

    measures: Mapping[str, Measure]
    activity: Callable[[Any], float]
    problems: Callable[[Any, Any], list[Problem]]
    unit: str = ""
    progress: Mapping[str, tuple[str, str]] = field(factory=dict)


def read_rubric(
    value: Any, path: str, criteria: Criteria, parameters: Any
) -> tuple[Rubric | None, list[Problem]]:
    """
    Return the rubric in *value* (None if it cannot be made out) and every mistake in it.

    Args:
        value: The ``rubric`` table of a file, as plain data.
        path: Path of *value*, for the mistakes.
        criteria: The family's criteria.
        parameters: Parameters of the scenario it belongs to, or None.
    """
    rubric, problems = structure(value, Rubric, path)
    if rubric is None:
        return None, problems
    further = [*_group_problems(rubric.criteria, f"{path}.criteria", criteria, parameters)]
    if not 0 <= rubric.floor < rubric.ceiling <= 1:
        further.append((path, "expected 0 <= floor < ceiling <= 1, got something else"))
    further += _judge_problems(rubric.judge, f"{path}.judge")
    return rubric, problems + beside(problems, further)


def _judge_problems(judge: RubricJudge | None, path: str) -> Iterator[Problem]:
    if judge is None:
        return
    kind, _, name = judge.model.partition(":")
    if not name or kind not in ("openai", "any-llm"):
        expected = "expected openai:MODEL or any-llm:PROVIDER:MODEL"
        yield f"{path}.model", f"{expected}, got {judge.model!r:.100}"
    if not (isfinite(judge.temperature) and judge.temperature >= 0):
        yield f"{path}.temperature", f"expected a number of at least 0, got {judge.temperature}"


def _group_problems(
    group: tuple[Criterion, ...], path: str, criteria: Criteria, parameters: Any
) -> Iterator[Problem]:
    for name, times in Counter(criterion.name for criterion in group).items():
        if times > 1:
            yield path, f"expected each name once, got {name!r} {times} times"
    # Penalties, below 0, come on top: without any, the best score is 1.
    total = sum(criterion.weight for criterion in group if criterion.weight > 0)
    if not abs(total - 1) <= TOLERANCE:  # "not <=" rather than ">": a sum of NaN is a mistake too
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
        # Families may have dozens of measures: name the likely ones, all only if none is close.
        near = get_close_matches(criterion.measure, criteria.measures, n=3, cutoff=0.4)
        known = ", ".join(near or sorted(criteria.measures))
        yield f"{path}.measure", f"expected a known measure ({known}), got {criterion.measure!r}"
        return
    params, problems = structure(criterion.params, measure.params, f"{path}.params")
    yield from problems
    if params is not None:
        further = criteria.problems(params, parameters)
        yield from beside(problems, ((f"{path}.params{at}", text) for at, text in further))
