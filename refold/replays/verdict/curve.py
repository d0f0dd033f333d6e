"""
What an episode lost, and when: the points of every part of its grade after each of its steps.

A grade is a pure function of a stream, so the grade of its beginning says what had been earned by
then. That costs a grade for each position, so very long episodes have no curve.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from refold.engine import Stream
from refold.engine.folding import step_ranges
from refold.graders import Grade, Grader, Part
from refold.graders.grading import recorded_grader
from refold.scenarios import recorded_rubric
from refold.scenarios.facts import Facts

SMALLEST = 0.01
"""Points below which a loss is not named."""

_LONGEST = 400  # steps; beyond, there is no curve
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


Curve = Sequence[Mapping[str, float]]
"""Points by part at each position, the start first."""


def losses(grade: Grade) -> list[Loss]:
    """Return what the parts of *grade* lost, most first, without losses that are not named."""
    lost = [Loss(part.name, lost_by(part)) for part in grade.parts]
    return sorted((each for each in lost if each.points >= SMALLEST), key=lambda each: -each.points)


def lost_by(part: Part) -> float:
    """Return the points that *part* lost of those it could add, or took; 4 decimal places."""
    # Rounded before they are compared: floats that differ in the last bit would swap places.
    return round(max(0.0, part.most - part.points), _DECIMAL_PLACES)


def curve_of(stream: Stream, grade: Grade) -> Curve | None:
    """
    Return the curve of *stream*.

    None if it has none: *grade* is not by the recorded rubric or asks a judge, an external
        environment
    answered, or it is too long.
    """
    ranges = step_ranges(stream)
    if stream.family.answered or not 2 <= len(ranges) <= _LONGEST + 1:
        return None
    grader = recorded_grader(stream.scenario)
    if grader.asks or recorded_rubric(stream.scenario).digest != grade.rubric.digest:
        return None
    return [_points(grader, stream, seqs.stop) for seqs in ranges]


def _points(grader: Grader, stream: Stream, end: int) -> Mapping[str, float]:
    """Return the points of the first events, up to *end*."""
    # Without the digest of ``Stream.prefix``, which nobody looks at here.
    beginning = Stream(
        stream.family, stream[:end], stream.payloads[:end], "", current=stream.current[:end]
    )
    return grader.grade(Facts(beginning)).breakdown
