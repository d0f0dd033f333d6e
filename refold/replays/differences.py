"""Compare two streams: where they diverge and why, and what differs from there on."""

from collections.abc import Callable, Iterator
from itertools import zip_longest

import msgspec
from attrs import frozen

from refold.engine import Event, Input, Reseeded, Stream
from refold.engine.exchanges import EXCHANGE_EVENTS
from refold.engine.values import ValueDifference, value_differences
from refold.graders import Grade, grade
from refold.replays.dialogue import Utterance, cause_of_other_action, dialogue_by_step
from refold.replays.evidence import unmatched_events
from refold.replays.stepping import Step, steps

DIALOGUE_ASPECTS = frozenset({"prompt", "reply", "exchange"})
"""Aspects in which rows may differ although the same actions had the same outcomes."""


@frozen
class Row:
    """
    The same position in two streams.

    Attributes:
        position: Number of actions taken after it; 0 for the start.
        a: The step of the first stream, None after its last.
        b: The same of the second.
        differs: Which of these differ, in this order: ``seed`` (another random seed from here
            on), ``prompt`` (the new messages, or the model's configuration), ``reply``,
            ``exchange`` (neither of these, but latency, tokens or attempts), ``action``,
            ``events``, ``reward`` and ``state``.
    """

    position: int
    a: Step | None
    b: Step | None
    differs: tuple[str, ...]


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
        cause: Why they diverge: ``scenario``, ``rules``, ``seed``; ``action`` (different
            actions), or between models ``model`` (different model or settings), ``prompt``
            (different messages) or ``reply`` (different replies to the same request); ``chance``
            (equal actions, different events), ``length`` (one ends earlier), ``exchange`` (only
            exchanges differ) or ``format`` (an older release wrote one of them); None if they
            are equal.
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
    same_rules = _rules(a) == _rules(b)
    rows = tuple(
        Row(position, left, right, tuple(_row_differences(a, b, left, right, one, other)))
        for position, ((left, one), (right, other)) in enumerate(
            zip_longest(*map(zip, walked, said), fillvalue=(None, ()))
        )
    )
    parted = next((row for row in rows if {*row.differs} - DIALOGUE_ASPECTS), None)
    grades = grade(a), grade(b)
    rubrics = [given.rubric.digest for given in grades]
    # Points of another rubric, or of other rules, are measured on another scale.
    checks = {"rules": same_rules, "rubric": rubrics[0] == rubrics[1]}
    return Diff(
        shared=parted.position if parted else len(rows),
        cause=_cause(a, b, rows, parted, said),
        incomparable=tuple(what for what, same in checks.items() if not same),
        rows=rows,
        scenario=tuple(_scenario_differences(a, b)),
        states=tuple(state_differences(a, b, parted)) if parted else (),
        scores=(grades[0].score, grades[1].score),
        parts=tuple(_part_differences(a, b, *grades)),
    )


def _rules(stream: Stream) -> tuple[str, int]:
    return stream.family.name, stream.family.rules


def _row_differences(
    a: Stream,
    b: Stream,
    left: Step | None,
    right: Step | None,
    one: tuple[Utterance, ...],
    other: tuple[Utterance, ...],
) -> Iterator[str]:
    if left is None or right is None:
        yield from ("action", "events", "reward", "state")
        return
    if _reseedings(left) != _reseedings(right):
        yield "seed"
    for name, kinds in (("prompt", ("model", "prompt")), ("reply", ("reply",))):
        if _utterances_of(one, kinds) != _utterances_of(other, kinds):
            yield name
    # The dialogue is equal, so what differs is latency, tokens or attempts.
    if one == other and _payloads(a, left, _is_exchange) != _payloads(b, right, _is_exchange):
        yield "exchange"
    yield from _outcome_differences(a, b, left, right)


def _outcome_differences(a: Stream, b: Stream, left: Step, right: Step) -> Iterator[str]:
    if left.action != right.action:
        yield "action"
    if _payloads(a, left, is_outcome) != _payloads(b, right, is_outcome):
        yield "events"
    if left.reward != right.reward or left.parts != right.parts:
        yield "reward"
    if _rules(a) != _rules(b) or a.family.view(left.state) != b.family.view(right.state):
        yield "state"


def _utterances_of(said: tuple[Utterance, ...], kinds: tuple[str, ...]) -> list[Utterance]:
    return [each for each in said if each[0] in kinds]


def _reseedings(step: Step) -> list[Event]:
    return [event for event in step.events if isinstance(event, Reseeded)]


def _payloads(stream: Stream, step: Step, kind: Callable[[Event], bool]) -> list[bytes]:
    pairs = zip(step.seqs, step.events, strict=True)
    # Bytes, not values: that is what digests and `verify` compare, and it is faster.
    return [stream.current[seq] for seq, event in pairs if kind(event)]


def _is_exchange(event: Event) -> bool:
    return isinstance(event, EXCHANGE_EVENTS)


def is_outcome(event: Event) -> bool:
    """Return whether the rules made *event*, rather than an input from outside."""
    return not isinstance(event, Input)


def _cause(
    a: Stream,
    b: Stream,
    rows: tuple[Row, ...],
    parted: Row | None,
    said: tuple[list[tuple[Utterance, ...]], ...],
) -> str | None:
    if a.digest == b.digest:
        return None
    # From the most general cause to the most specific: the first that applies explains the rest.
    if _rules(a) != _rules(b) and a.family.name == b.family.name:
        return "rules"
    if a.scenario != b.scenario:
        return "scenario"
    if a.started.seed != b.started.seed:
        return "seed"
    if parted is None:
        return "exchange" if any(row.differs for row in rows) else "format"
    if "seed" in parted.differs:
        return "seed"
    if not _is_whole(parted.a) or not _is_whole(parted.b):
        return "length"
    if "action" in parted.differs:
        until = parted.position + 1
        return cause_of_other_action(said[0][:until], said[1][:until])
    return "chance"


def _is_whole(step: Step | None) -> bool:
    """Return whether *step* is the start or has an action, rather than being a trailing rest."""
    return step is not None and (step.action is not None or not step.seqs.start)


def _scenario_differences(a: Stream, b: Stream) -> Iterator[ValueDifference]:
    if a.scenario != b.scenario:
        yield from value_differences(*(msgspec.json.decode(each.scenario) for each in (a, b)))


def state_differences(a: Stream, b: Stream, row: Row) -> Iterator[ValueDifference]:
    """Yield the differences of the views of *a* and *b* after *row*; none across rules versions."""
    if row.a and row.b and _rules(a) == _rules(b):
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
