"""Compare two streams: where they diverge and why, and what differs from there on."""

from collections.abc import Iterator

import msgspec
from attrs import frozen

from refold.engine import Stream
from refold.engine.values import ValueDifference, value_differences
from refold.graders import Grade, grade
from refold.replays.causes import find_cause
from refold.replays.dialogue import dialogue_by_step
from refold.replays.evidence import unmatched_events
from refold.replays.rows import MINOR_ASPECTS, Row, pair_rows, rules_of
from refold.replays.stepping import steps


@frozen
class PartDifference:
    """
    One part of the two grades, equal or not.

    Attributes:
        name: The criterion.
        a: Its points in the first grade, None where that has no such part.
        b: The same in the second.
        seqs_a: If the points differ, the events behind them that the second stream does not
            have, as ``unmatched_events`` finds them.
        seqs_b: The same the other way round.
    """

    name: str
    a: float | None
    b: float | None
    seqs_a: tuple[int, ...] = ()
    seqs_b: tuple[int, ...] = ()


@frozen
class Diff:
    """
    How two streams compare.

    Attributes:
        shared: Number of leading positions (the start is the first) that are equal, exchanges
            with a model aside, which hardly ever are.
        cause: Why they diverge: ``scenario``, ``rules``, ``seed``; ``action`` (different actions),
            or between models ``model`` (different model or settings), ``prompt`` (different
            messages) or ``reply`` (different replies to the same request); ``observation`` (an
            external environment answered the same action otherwise), ``chance`` (equal actions,
            different events), ``score`` (only scores that were given differ), ``length`` (one ends
            earlier), ``exchange`` (only exchanges differ, or what an environment said beside its
            observations) or ``format`` (an older release wrote one of them); None if they are
            equal.
        incomparable: Why points cannot be subtracted: ``rules``, ``rubric``, both or nothing.
            Across ``rules`` states and rewards cannot be compared either.
        rows: Every position of the longer stream.
        scenario: Differences of the two scenarios.
        states: Differences of the two views right after the first divergence.
        scores: The two scores.
        parts: The parts of the two grades, in the first rubric's order.
    """

    shared: int
    cause: str | None
    incomparable: tuple[str, ...]
    rows: tuple[Row, ...]
    scenario: tuple[ValueDifference, ...]
    states: tuple[ValueDifference, ...]
    scores: tuple[float, float]
    parts: tuple[PartDifference, ...]

    @property
    def same(self) -> bool:
        """Whether the streams are equal byte for byte."""
        return self.cause is None

    @property
    def comparable(self) -> bool:
        """Whether the points of the two grades can be subtracted."""
        return not self.incomparable


def diff(a: Stream, b: Stream) -> Diff:
    """
    Return how *a* and *b* compare, step by step and grade part by grade part.

    Raises:
        ScenarioError: A recorded rubric cannot be used.
    """
    walked = list(steps(a)), list(steps(b))
    said = dialogue_by_step(walked[0]), dialogue_by_step(walked[1])
    same_rules = rules_of(a) == rules_of(b)
    rows = pair_rows((a, b), walked, said)
    parted = next((row for row in rows if {*row.differs} - MINOR_ASPECTS), None)
    grades = grade(a), grade(b)
    rubrics = [given.rubric.digest for given in grades]
    # Points of another rubric, or of other rules, are measured on another scale.
    checks = {"rules": same_rules, "rubric": rubrics[0] == rubrics[1]}
    return Diff(
        shared=parted.position if parted else len(rows),
        cause=find_cause(a, b, rows, parted, said),
        incomparable=tuple(what for what, same in checks.items() if not same),
        rows=rows,
        scenario=tuple(_scenario_differences(a, b)),
        states=tuple(state_differences(a, b, parted)) if parted else (),
        scores=(grades[0].score, grades[1].score),
        parts=tuple(_part_differences(a, b, *grades)),
    )


def _scenario_differences(a: Stream, b: Stream) -> Iterator[ValueDifference]:
    if a.scenario != b.scenario:
        yield from value_differences(*(msgspec.json.decode(each.scenario) for each in (a, b)))


def state_differences(a: Stream, b: Stream, row: Row) -> Iterator[ValueDifference]:
    """Yield the differences of the views of *a* and *b* after *row*; none across rules versions."""
    if row.a and row.b and rules_of(a) == rules_of(b):
        yield from value_differences(a.family.view(row.a.state), b.family.view(row.b.state))


def _part_differences(
    a: Stream, b: Stream, first: Grade, second: Grade
) -> Iterator[PartDifference]:
    sides = [{part.name: part for part in given.parts} for given in (first, second)]
    for name in dict.fromkeys((*sides[0], *sides[1])):
        one, other = sides[0].get(name), sides[1].get(name)
        points = one.points if one else None, other.points if other else None
        seqs: tuple[tuple[int, ...], ...] = ((), ())
        if points[0] != points[1]:
            seqs = unmatched_events(a, one.seqs if one else (), b, other.seqs if other else ())
        yield PartDifference(name, *points, *seqs)
