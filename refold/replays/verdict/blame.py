"""
Which steps the lost points of an episode are put down to.

Each lost point goes to the step at which its part fell; or to the mistakes that the part rests on;
or, where a part is worth nothing although events count for it, to the actions that those events
name; and the rest, which was never earned, to the steps that threw away their share of the chance.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from refold.engine import ActionRefused, EpisodeEnded, Event, StepRewarded, Stream
from refold.engine.presentation import Mark
from refold.graders import Grade
from refold.graders.grading import Part
from refold.replays.marks import MISTAKE
from refold.replays.verdict.curve import SMALLEST, Curve, Loss
from refold.replays.verdict.places import places_of
from refold.replays.verdict.rows import Row, names_in

_WRONG = frozenset({MISTAKE, "risky"})
_PRICED = 1 / 3  # share of the steps; a part that falls in more of them is a price


Points = dict[int, dict[str, float]]
"""Points by step and part, to add to."""


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
    marks: Sequence[Mark],
) -> Blame:
    """Return what the points *lost* are put down to; *marks* are those of the episode."""
    parts = {part.name: part for part in grade.parts}
    idle = _idle(rows, curve, frozenset(at for at, kind, _ in marks if kind in _WRONG))
    mistakes = {at: say for at, kind, say in marks if kind == MISTAKE}
    points: Points = defaultdict(lambda: defaultdict(float))
    for loss in lost:
        falls, is_price = _falls(curve, loss.name, len(rows))
        total = sum(falls.values())
        scale = min(1.0, loss.points / total) if total else 0.0
        rest = loss.points - total * scale
        for step, fall in falls.items():
            points[step][loss.name] += fall * scale
        if not is_price:
            rest = _blame_named(points, stream, rows, parts[loss.name], rest, curve, mistakes)
        for step in idle:
            points[step][loss.name] += rest / len(rows)
    return Blame(points, idle)


def _blame_named(
    points: Points,
    stream: Stream,
    rows: Sequence[Row],
    part: Part,
    rest: float,
    curve: Curve,
    mistakes: Mapping[int, str],
) -> float:
    """
    Put the *rest* of what *part* lost down to what it rests on; return what is left of that.

    A mistake forfeits at most what the best step for the part earned.
    """
    places = places_of(stream)
    events = [(places[seq], stream[seq]) for seq in part.seqs]
    named = [place for place, event in events if _is_wrong(stream, event, mistakes.get(place))]
    taken = min(rest, len(named) * (_best_rise(curve, part.name) or rest))
    if not named and part.value == 0:
        found = (_behind(rows, event, place) for place, event in events)
        named, taken = [step for step in found if step is not None], rest
    if not named:
        return rest
    for step in named:
        points[step][part.name] += taken / len(named)
    return rest - taken


def _best_rise(curve: Curve, name: str) -> float:
    """Return the most that a part rose by at one of the positions of *curve*; 0 if never."""
    return max((after[name] - before[name] for before, after in pairwise(curve)), default=0.0)


def _idle(rows: Sequence[Row], curve: Curve, wrong: frozenset[int]) -> frozenset[int]:
    """Return the steps at which nothing rose; none if nothing ever did."""
    rose = {
        step
        for step, (before, after) in enumerate(pairwise(curve), 1)
        if any(after[name] > before[name] for name in after)
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
        step: before[name] - after[name]
        for step, (before, after) in enumerate(pairwise(curve), 1)
        if before[name] - after[name] >= SMALLEST
    }
    if len(falls) <= steps * _PRICED:
        return falls, False
    gains = {
        step
        for step, (before, after) in enumerate(pairwise(curve), 1)
        if sum(after.values()) > sum(before.values())
    }
    return {step: fall for step, fall in falls.items() if step not in gains}, True


def _is_wrong(stream: Stream, event: Event, mistake: str | None) -> bool:
    """Return whether *event* is the *mistake* of its step, or what that earned."""
    if mistake is None:
        return False
    return isinstance(event, StepRewarded) or stream.family.say(event) == mistake


def _behind(rows: Sequence[Row], event: Event, place: int) -> int | None:
    """Return the last step up to *place* whose action names what *event* names."""
    if isinstance(event, EpisodeEnded):
        return None
    if isinstance(event, ActionRefused):
        return place or None
    names = names_in(event)
    return next((row.step for row in reversed(rows[:place]) if row.names & names), None)
