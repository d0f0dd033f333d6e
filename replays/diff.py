"""Two streams laid side by side: where they part, and what differs from there on."""

from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from typing import Any

from attrs import frozen

from engine import ActionTaken, Event, Input, Stream
from graders import grade
from replays.steps import Step, steps


@frozen
class Row:
    """
    The same position in two streams.

    Attributes:
        position: Number of actions taken after it; 0 for the start.
        a: The step of the first stream, None after its last.
        b: The same of the second.
        differs: Which of ``exchange`` (with a model, before the action), ``action``, ``events``,
            ``reward`` and ``state`` differ, in this order.
    """

    position: int
    a: Step | None
    b: Step | None
    differs: tuple[str, ...]


@frozen
class StateDifference:
    """One value of the watcher's view that differs; *path* as in ``$.workers.alpha[0]``."""

    path: str
    a: Any
    b: Any


@frozen
class PartDifference:
    """One part of the two grades, equal or not; None where a grade has no such part."""

    name: str
    a: float | None
    b: float | None


@frozen
class Diff:
    """
    How two streams compare.

    Attributes:
        shared: Number of leading positions (the start is the first) that are equal, but for
            exchanges with a model, which hardly ever are.
        cause: Why they part: ``scenario``, ``seed``, ``action``, ``chance`` (equal actions, yet
            other events), ``length`` (one simply goes on) or ``exchange`` (they differ in
            nothing else); None if they are the same.
        comparable: Whether both were graded by equal rubrics, so that parts can be compared.
        rows: Every position of the longer stream.
        states: What differs between the two views right after the first divergence.
        scores: The two scores.
        parts: The parts of the two grades, in the first rubric's order.
    """

    shared: int
    cause: str | None
    comparable: bool
    rows: tuple[Row, ...]
    states: tuple[StateDifference, ...]
    scores: tuple[float, float]
    parts: tuple[PartDifference, ...]

    @property
    def same(self) -> bool:
        """Whether the streams are equal to the byte."""
        return self.cause is None


def diff(a: Stream, b: Stream) -> Diff:
    """
    Return how *a* and *b* compare, step by step and grade part by grade part.

    Raises:
        ScenarioError: A recorded rubric cannot be used.
    """
    rows = tuple(_rows(a, b))
    parted = next((row for row in rows if {*row.differs} - {"exchange"}), None)
    grades = grade(a), grade(b)
    names = dict.fromkeys((*grades[0].breakdown, *grades[1].breakdown))
    return Diff(
        shared=parted.position if parted else len(rows),
        cause=_cause(a, b, parted),
        comparable=grades[0].rubric.digest == grades[1].rubric.digest,
        rows=rows,
        states=tuple(_state_differences(a, b, parted)) if parted else (),
        scores=(grades[0].score, grades[1].score),
        parts=tuple(
            PartDifference(name, grades[0].breakdown.get(name), grades[1].breakdown.get(name))
            for name in names
        ),
    )


def _rows(a: Stream, b: Stream) -> Iterator[Row]:
    for position, (left, right) in enumerate(zip_longest(steps(a), steps(b))):
        yield Row(position, left, right, tuple(_differing(a, b, left, right)))


def _differing(a: Stream, b: Stream, left: Step | None, right: Step | None) -> Iterator[str]:
    if left is None or right is None:
        yield from ("action", "events", "reward", "state")
        return
    if _payloads(a, left, _is_exchange) != _payloads(b, right, _is_exchange):
        yield "exchange"
    if left.action != right.action:
        yield "action"
    if _payloads(a, left, _is_outcome) != _payloads(b, right, _is_outcome):
        yield "events"
    if left.reward != right.reward or left.parts != right.parts:
        yield "reward"
    if a.family.view(left.state) != b.family.view(right.state):
        yield "state"


def _payloads(stream: Stream, step: Step, kind: Callable[[Event], bool]) -> list[bytes]:
    pairs = zip(step.seqs, step.events, strict=True)
    return [stream.payloads[seq] for seq, event in pairs if kind(event)]


def _is_exchange(event: Event) -> bool:
    return isinstance(event, Input) and not isinstance(event, ActionTaken)


def _is_outcome(event: Event) -> bool:
    return not isinstance(event, Input)


def _cause(a: Stream, b: Stream, parted: Row | None) -> str | None:
    if a.digest == b.digest:
        return None
    if bytes(a.started.scenario) != bytes(b.started.scenario):
        return "scenario"
    if a.started.seed != b.started.seed:
        return "seed"
    if parted is None:
        return "exchange"
    if not _is_whole(parted.a) or not _is_whole(parted.b):
        return "length"
    return "action" if "action" in parted.differs else "chance"


def _is_whole(step: Step | None) -> bool:
    """Return whether *step* is the start or has an action, so that something was decided."""
    return step is not None and (step.action is not None or not step.seqs.start)


def _state_differences(a: Stream, b: Stream, row: Row) -> Iterator[StateDifference]:
    if row.a and row.b:
        yield from value_differences(a.family.view(row.a.state), b.family.view(row.b.state), "$")


def value_differences(a: Any, b: Any, path: str) -> Iterator[StateDifference]:
    """Yield where two JSON values differ, entering equal-looking objects and lists."""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        for key in dict.fromkeys((*a, *b)):
            yield from value_differences(a.get(key), b.get(key), f"{path}.{key}")
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for index, (left, right) in enumerate(zip(a, b, strict=True)):
            yield from value_differences(left, right, f"{path}[{index}]")
    elif a != b:
        yield StateDifference(path, a, b)
