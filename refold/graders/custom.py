"""
Turn the result of a plain Python function into a grade.

A function gets the events of one episode and returns its score, 0 to 1: a number (of Python, a
Decimal, or a scalar of NumPy; a bool is 0 or 1), a ``Finding``, or a mapping of names to these.
Each entry of a mapping is a part of the grade with points from -1 to 1; their sum, kept within 0
and 1, is the score. A function with a second parameter ``ask`` gets an ``Ask`` as well.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from inspect import signature
from math import isfinite
from numbers import Real
from typing import Any

from msgspec.structs import replace

from refold.engine import EpisodeEnded, RefoldError, Stream
from refold.engine.definition import header_of
from refold.engine.sums import add_up
from refold.graders.grading import Grade, Part, RubricName, round_points
from refold.judges.asking import Answers, Ask
from refold.scenarios.facts import Finding

MOST_PARTS = 1000
"""Limit on the parts of a grade, and on its counts."""

_LONGEST_NAME = 100
# A sum of floats that is 1 on paper may be a hair above: that is no mistake of the grader.
_ROUNDING = 1e-9


class WrongResult(RefoldError):
    """A grader function returned something that cannot be made into a grade."""


def grade_by(
    function: Callable[..., Any],
    events: Stream,
    *,
    rubric: RubricName | None = None,
    ask: Answers | None = None,
    again: int = 0,
) -> Grade:
    """
    Return the grade that *function* gives to the episode with these *events*.

    Args:
        function: From a stream, and an ``ask`` if it has such a parameter, to a number, a
            ``Finding``, or a mapping of names to these.
        events: The stream, as ``EventLog.events`` or ``Episode.events`` give it.
        rubric: The rubric that the grade names; if None, one made of the function's module and
            name, with version 0 and no digest.
        ask: What a judge has answered, such as ``answers({...})`` of the pytest plugin.
        again: Which set of those answers to take.

    Raises:
        WrongResult: The function returned something else, or a number out of range.
        NotAsked: It needs an answer that is not among them.
        NotJudged: It needs one that a judge failed to give.
    """
    if not takes_ask(function):
        return _make_grade(function, events, rubric, function(events), ())

    def give(asking: Ask) -> Grade:
        found = function(events, asking)
        return _make_grade(function, events, rubric, found, asking.read)

    return Ask(events, ask, again=again).finish(give)


def takes_ask(function: Callable[..., Any]) -> bool:
    """Return whether *function* has a second parameter ``ask``."""
    try:
        names = [*signature(function).parameters]
    except (TypeError, ValueError):  # of a builtin, which asks nothing
        return False
    return names[1:2] == ["ask"]


def _make_grade(
    function: Callable[..., Any],
    events: Stream,
    rubric: RubricName | None,
    found: Any,
    judged: tuple[str, ...],
) -> Grade:
    """Return the grade that the result *found* of *function* means; *judged* is what it read."""
    name = getattr(function, "__name__", "grader")
    parts, counts = _read_result(found, name, len(events))
    # A function does not say which of its parts rests on which answer: each on all.
    parts = (
        tuple(replace(part, judged=part.judged or judged) for part in parts) if judged else parts
    )
    return Grade(
        score=round_points(min(max(add_up(part.value for part in parts), 0.0), 1.0)),
        breakdown={part.name: part.points for part in parts},
        counts=counts,
        parts=parts,
        rubric=rubric or RubricName(f"{getattr(function, '__module__', '')}:{name}", 0, ""),
        scenario=header_of(events.scenario).name,
        episode_digest=events.digest,
        complete=any(isinstance(event, EpisodeEnded) for event in reversed(events)),
    )


def _read_result(found: Any, name: str, events: int) -> tuple[tuple[Part, ...], dict[str, float]]:
    """Return the parts and counts in the result *found* of the function *name*."""
    many = isinstance(found, Mapping)
    if many and not 0 < len(found) <= MOST_PARTS:
        raise WrongResult(f"expected 1 to {MOST_PARTS} parts, got {len(found)}")
    counts: dict[str, float] = {}
    parts = []
    for key, value in found.items() if many else [(name, found)]:
        finding = _read_measurement(value, f"part {key!r:.120}" if many else "the score")
        parts.append(_make_part(_read_name(key), finding, events, least=-1.0 if many else 0.0))
        counts.update(
            (_read_name(each), _read_number(n, f"count {each!r:.120}"))
            for each, n in finding.counts.items()
        )
    if len(counts) > MOST_PARTS:
        raise WrongResult(f"expected at most {MOST_PARTS} counts, got {len(counts)}")
    return tuple(parts), counts


def _read_measurement(value: Any, what: str) -> Finding:
    if not isinstance(value, Finding):
        return Finding(_read_number(value, what))
    if not isinstance(value.counts, Mapping):
        raise WrongResult(f"expected a mapping of counts, got {type(value.counts).__name__}")
    judged = _read_judged(value.judged)
    return Finding(_read_number(value.value, what), value.seqs, value.counts, judged)


def _make_part(name: str, finding: Finding, events: int, *, least: float) -> Part:
    if not least - _ROUNDING <= finding.value <= 1 + _ROUNDING:
        raise WrongResult(f"expected {least:g} to 1 for {name!r}, got {finding.value!r}")
    value = min(max(finding.value, least), 1.0) + 0.0  # never -0.0
    seqs = _read_seqs(finding.seqs, events)
    return Part(name, round_points(value), 1.0, value, 1.0, seqs, finding.judged)


def _read_seqs(found: Any, events: int) -> tuple[int, ...]:
    try:
        seqs = sorted({_to_plain(seq) for seq in found})
    except TypeError:
        raise WrongResult(f"expected seqs, got {type(found).__name__}") from None
    for seq in seqs:
        # Not isinstance(): True and False are ints, but surely a mistake here.
        if type(seq) is not int or not 0 <= seq < events:
            raise WrongResult(f"expected seqs of events, 0 to {events - 1}, got {seq!r:.50}")
    return tuple(seqs)


def _read_judged(found: Any) -> tuple[str, ...]:
    judged = tuple(found) if isinstance(found, list | tuple) else (found,)
    if not all(isinstance(each, str) for each in judged):
        raise WrongResult(f"expected digests of questions in judged, got {found!r:.120}")
    return judged


def _read_number(value: Any, what: str) -> float:
    value = _to_plain(value)
    if not isinstance(value, Real | Decimal):
        kinds = "a number, a Finding, or a mapping of names to these"
        raise WrongResult(f"expected {kinds} as {what}, got {type(value).__name__}")
    try:
        number = float(value)
    except OverflowError:  # a whole number too large for a float
        number = float("inf")
    except ValueError:  # a signaling NaN of Decimal
        number = float("nan")
    if not isfinite(number):
        raise WrongResult(f"expected a finite number as {what}, got {number}")
    return number


def _to_plain(value: Any) -> Any:
    """Return *value* as Python's own number if it is a scalar of NumPy or the like."""
    # Told by what they can do: a grader may use NumPy or PyTorch, this module needs neither.
    is_scalar = getattr(value, "shape", None) == () and callable(getattr(value, "item", None))
    return value.item() if is_scalar else value


def _read_name(key: Any) -> str:
    if not isinstance(key, str) or not key.isprintable() or not 0 < len(key) <= _LONGEST_NAME:
        raise WrongResult(
            f"expected printable names of 1 to {_LONGEST_NAME} letters, got {key!r:.120}"
        )
    return key
