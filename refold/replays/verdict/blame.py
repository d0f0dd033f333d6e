"""
Which steps the lost points of an episode are put down to.

Each lost point goes to the step at which its part fell; or, where a part is worth nothing although
events count for it, to the actions that those events name; and the rest, which was never earned, to
the steps that threw away their share of the chance.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from refold.engine import ActionRefused, EpisodeEnded, Event, Stream
from refold.engine.folding import step_ranges
from refold.graders import Grade
from refold.graders.grading import Part
from refold.replays.verdict.curve import SMALLEST, Curve, Loss
from refold.replays.verdict.rows import Row, names_in

_PRICED = 1 / 3  # share of the steps; a part that falls in more of them is a price


class Blame(Struct, frozen=True):
    """
    Lost points, by the step that they are put down to.

    Attributes:
        points: By step and part; of steps that lost nothing, nothing.
        idle: Steps that brought the episode no further.
    """

    points: Mapping[int, Mapping[str, float]]
    idle: frozenset[int]

    def of(self, steps: Sequence[int]) -> float:
        """Return the points that these *steps* lost."""
        return sum(sum(self.points.get(step, {}).values()) for step in steps)

    def most_lost(self, step: int) -> tuple[str, float]:
        """Return the part that *step* lost most of, and how much; ``("", 0.0)`` for none."""
        return max(self.points.get(step, {}).items(), key=lambda each: each[1], default=("", 0.0))


def blame_of(
    stream: Stream,
    grade: Grade,
    lost: Sequence[Loss],
    rows: Sequence[Row],
    curve: Curve,
    wrong: frozenset[int],
) -> Blame:
    """Return whom the points *lost* are put down to; *wrong* are steps marked as mistakes."""
    parts = {part.name: part for part in grade.parts}
    idle = _idle(rows, curve, wrong)
    points: dict[int, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for loss in lost:
        falls, price = _falls(curve, loss.name, len(rows))
        total = sum(falls.values())
        scale = min(1.0, loss.points / total) if total else 0.0
        shares = {step: fall * scale for step, fall in falls.items()}
        rest = loss.points - sum(shares.values())
        named = [] if price else _named(stream, rows, parts[loss.name])
        for step in named or sorted(idle):
            part_of_rest = rest / len(named) if named else rest / len(rows)
            shares[step] = shares.get(step, 0.0) + part_of_rest
        for step, share in shares.items():
            points[step][loss.name] += share
    return Blame(points, idle)


def _idle(rows: Sequence[Row], curve: Curve, wrong: frozenset[int]) -> frozenset[int]:
    """Return the steps at which nothing rose; none if nothing ever did."""
    rose = {
        step
        for before, after in pairwise(curve)
        if any(curve[after][name] > curve[before][name] for name in curve[after])
        for step in range(before + 1, after + 1)
    }
    if not rose:
        return frozenset()
    return frozenset(
        row.step
        for row in rows
        if row.error or row.step in wrong or (row.step not in rose and row.reward <= 0)
    )


def _falls(curve: Curve, name: str, steps: int) -> tuple[dict[int, float], bool]:
    """
    Return by how much a part fell at which steps, and whether it is a price.

    A price falls again and again while the episode as a whole gains: that is no mistake.
    """
    falls = {
        after: curve[before][name] - curve[after][name]
        for before, after in pairwise(curve)
        if curve[before][name] - curve[after][name] >= SMALLEST
    }
    if len(falls) <= steps * _PRICED:
        return falls, False
    gains = {
        after
        for before, after in pairwise(curve)
        if sum(curve[after].values()) > sum(curve[before].values())
    }
    return {step: fall for step, fall in falls.items() if step not in gains}, True


def _named(stream: Stream, rows: Sequence[Row], part: Part) -> list[int]:
    """Return the steps that are behind the events of a *part* that is worth nothing."""
    if part.value != 0:
        return []
    places = places_of(stream)
    found = (_behind(rows, stream[seq], places[seq]) for seq in part.seqs)
    return [step for step in found if step is not None]


def places_of(stream: Stream) -> Sequence[int]:
    """Return for each event the position that its step leads to; 0 before the first action."""
    return list(_places(stream))


def _places(stream: Stream) -> Iterator[int]:
    ranges = step_ranges(stream)
    for position, seqs in enumerate(ranges):
        yield from (position for _ in seqs)
    yield from (len(ranges) - 1 for _ in range(ranges[-1].stop, len(stream)))


def _behind(rows: Sequence[Row], event: Event, place: int) -> int | None:
    """Return the last step up to *place* whose action names what *event* names."""
    if isinstance(event, EpisodeEnded):
        return None
    if isinstance(event, ActionRefused):
        return place or None
    names = names_in(event)
    return next((row.step for row in reversed(rows[:place]) if row.names & names), None)
