"""
What an episode lost, and when: the points of every part of its grade after each of its steps.

A grade is a pure function of a stream, so the grade of its beginning says what had been earned by
then. That costs a grade for each position: of long episodes only some are looked at, and of very
long ones none.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from refold.engine import Stream
from refold.engine.folding import step_ranges
from refold.graders import Grade, Grader
from refold.graders.grading import recorded_grader
from refold.replays.verdict.rows import Group
from refold.scenarios.facts import Facts
from refold.scenarios.spec import recorded_rubric

SMALLEST = 0.01
"""Points below which a loss is not named."""

_LONGEST = 400  # steps; beyond, there is no curve
_MOST_GRADED = 100  # steps; beyond, only where runs of equal steps begin and end
_DECIMAL_PLACES = 4


class Loss(Struct, frozen=True):
    """
    What a part of a grade lost.

    Attributes:
        name: The part.
        points: What it lost, above 0: of what it could add, or as a penalty.
    """

    name: str
    points: float


Curve = Mapping[int, Mapping[str, float]]
"""Points by part after each position that was looked at, ascending; 0 is the start."""


def losses(grade: Grade) -> list[Loss]:
    """Return what the parts of *grade* lost, most first, without losses that are not named."""
    # Rounded before they are sorted: floats that differ in the last bit would swap places.
    lost = [
        Loss(part.name, round(max(0.0, part.most) - part.points, _DECIMAL_PLACES))
        for part in grade.parts
    ]
    return sorted((each for each in lost if each.points >= SMALLEST), key=lambda each: -each.points)


def curve_of(stream: Stream, grade: Grade, groups: Iterable[Group]) -> Curve | None:
    """
    Return the curve of *stream*, which has *groups* of equal steps.

    None if it has none: *grade* is not by the recorded rubric or asks a judge, a world outside
    answered, or it is too long.
    """
    ranges = step_ranges(stream)
    if stream.family.answered or not 2 <= len(ranges) <= _LONGEST + 1:
        return None
    grader = recorded_grader(stream.scenario)
    if grader.asks or recorded_rubric(stream.scenario).digest != grade.rubric.digest:
        return None
    return {
        position: _points(grader, stream, ranges[position].stop)
        for position in _positions(len(ranges) - 1, groups)
    }


def _positions(steps: int, groups: Iterable[Group]) -> Sequence[int]:
    if steps <= _MOST_GRADED:
        return range(steps + 1)
    inner = {each for group in groups for each in group.steps[:-1]}
    return [position for position in range(steps + 1) if position not in inner]


def _points(grader: Grader, stream: Stream, end: int) -> Mapping[str, float]:
    """Return the points of the first events, up to *end*."""
    # Without the digest of ``Stream.prefix``, which nobody looks at here.
    beginning = Stream(
        stream.family, stream[:end], stream.payloads[:end], "", current=stream.current[:end]
    )
    return grader.grade(Facts(beginning)).breakdown
