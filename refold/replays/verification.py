"""
Verify a stream: re-run the rules on the recorded actions and compare the events byte for byte.

This proves that a stream is what its rules make of its scenario, seed and actions. It cannot
prove that an agent really chose these actions; for that, keep the digest elsewhere.

A stream may come from a stranger and hold anything that has the form of events: whatever the
rules do with it becomes a verdict, never a crash.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

import msgspec
from attrs import frozen

from refold.engine import (
    ActionTaken,
    EpisodeEnded,
    EpisodeRecord,
    Event,
    Family,
    Input,
    Stream,
)
from refold.engine.codec import encode
from refold.engine.definition import header_of
from refold.engine.errors import ImpossibleEvent
from refold.engine.events import Answer, Remark
from refold.engine.folding import fold, fold_decided, initial_state, step_ranges
from refold.engine.values import value_differences

_RULE_ERRORS = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError),
    *(TypeError, ValueError),
)
"""What rules may raise when given a state that they never made."""

_EXCERPT_LEAD, _EXCERPT_LENGTH = 60, 300  # letters before the difference, and in all


@frozen
class Divergence:
    """
    The first event that the rules would not have made.

    Attributes:
        seq: Its seq.
        step: Its 0-based step; -1 before the first action.
        recorded: The stored bytes; empty if the stream ends too early.
        expected: The bytes that the rules make; empty if there should be no such event.
    """

    seq: int
    step: int
    recorded: bytes
    expected: bytes

    def __str__(self) -> str:
        """Return it in words; the step is counted from 1, as ``replay --step`` does."""
        where = f"step {self.step + 1}" if self.step >= 0 else "start"
        path, *values = self.difference
        recorded, expected = (_value_text(value, whole=path == "$") for value in values)
        pairs = enumerate(zip(recorded, expected, strict=False))
        apart = next((place for place, (was, should) in pairs if was != should), 0)
        got, wanted = (
            _excerpt(text, max(apart - _EXCERPT_LEAD, 0)) for text in (recorded, expected)
        )
        return f"{where} event {self.seq} ({self.type}) {path}: expected {wanted}, got {got}"

    @property
    def type(self) -> str:
        """Type of the recorded event, of the expected one if there is none."""
        return str(msgspec.json.decode(self.recorded or self.expected)["type"])

    @property
    def difference(self) -> tuple[str, Any, Any]:
        """
        Path of the first value that differs, the recorded value, and the expected one.

        The path is ``$`` if an event is missing or their types differ.
        """
        was, should = (_decode(payload) for payload in (self.recorded, self.expected))
        if was and should and was["type"] == should["type"]:
            for each in value_differences(was, should, "$"):
                return each.path, each.a, each.b
        return "$", was, should


def _decode(payload: bytes) -> Any:
    return msgspec.json.decode(payload) if payload else None


def _value_text(value: Any, *, whole: bool) -> str:
    return "no event" if whole and value is None else encode(value).decode()


def _excerpt(text: str, start: int) -> str:
    before, after = "…" if start else "", "…" if start + _EXCERPT_LENGTH < len(text) else ""
    return f"{before}{text[start : start + _EXCERPT_LENGTH]}{after}"


def verify(stream: Stream) -> Divergence | None:
    """
    Return the first event of *stream* that its rules would not have made, or None.

    Raises:
        RefoldError: The rules raise an error on what the stream says.
    """
    try:
        return _first_divergence(stream)
    except _RULE_ERRORS as error:
        raise ImpossibleEvent(
            f"{stream.started!r:.200} with its actions: {error!r:.200}"
        ) from error


def _first_divergence(stream: Stream) -> Divergence | None:
    for step, seqs, expected in _rerun_rules(stream):
        recorded = stream.current[seqs.start : seqs.stop]
        for place in range(max(len(recorded), len(expected))):
            was = recorded[place] if place < len(recorded) else b""
            should = expected[place] if place < len(expected) else b""
            # Bytes, not values: 1 and 1.0 or another order of keys are equal, but hash differently.
            if was != should:
                return Divergence(seqs.start + place, step, was, should)
    return None


def _rerun_rules(stream: Stream) -> Iterator[tuple[int, range, list[bytes]]]:
    """Yield step, seqs and expected bytes of the events there, beginning with the start."""
    family = stream.family
    state = initial_state(family, stream.started)
    ranges = step_ranges(stream)
    answered = [event for event in stream[: ranges[0].stop] if isinstance(event, Input)]
    opening = (*family.start(state), *answered)
    # Of an episode without a step, the start may be followed by what ended it from outside.
    ranges[0] = range(min(ranges[0].stop, 1 + len(opening)) if len(ranges) == 1 else ranges[0].stop)
    yield -1, ranges[0], [encode(event) for event in (stream.started, *opening)]
    state = fold(opening, family=family, start=state)
    over = False
    for step, seqs in enumerate(ranges[1:]):
        inputs = _leading_inputs(stream[seqs.start : seqs.stop])
        # After the end, the rules have no say: any further event is a divergence.
        events = [] if over else _decide(family, state, inputs)
        yield step, seqs, [encode(event) for event in (*inputs, *events)]
        state = fold_decided(events, inputs, family=family, start=state)
        over = over or any(isinstance(event, EpisodeEnded) for event in events)
    rest = range(ranges[-1].stop, len(stream))
    yield (
        len(ranges) - 1,
        rest,
        [encode(event) for event in _expected_tail(family, state, stream[rest.start :], over=over)],
    )


def _leading_inputs(events: Sequence[Event]) -> list[Event]:
    """Return the inputs that *events* begin with, up to an action with the answers to it."""
    inputs: list[Event] = []
    acted = False
    for event in events:
        if not isinstance(event, Answer | Remark if acted else Input):
            break
        inputs.append(event)
        acted = acted or isinstance(event, ActionTaken)
    return inputs


def _decide(family: Family, state: Any, inputs: Sequence[Event]) -> Sequence[Event]:
    """Return what the rules make of *inputs*, which follow *state* and may hold an action."""
    place = next((i for i, event in enumerate(inputs) if isinstance(event, ActionTaken)), None)
    if place is None:
        return []
    # As in `Episode.step`: the inputs change the state before the rules decide, the action after,
    # unless an environment has answered it.
    seen = inputs if place + 1 < len(inputs) else inputs[:place]
    taken: Any = inputs[place]
    return family.decide(fold(seen, family=family, start=state), taken.action)


def _expected_tail(
    family: Family, state: Any, tail: Sequence[Event], *, over: bool
) -> Iterator[Event]:
    """Yield the events expected after the last whole step: inputs, a truncation, and remarks."""
    inputs = [] if over else _leading_inputs(tail)
    decided = _decide(family, state, inputs)
    yield from (*inputs, *decided)
    rest = list(tail[len(inputs) + len(decided) :])
    if rest and not over and not decided and _is_truncation(rest[0]):
        yield rest.pop(0)
        over = True
    if over:
        yield from takewhile(lambda event: isinstance(event, Remark), rest)


def _is_truncation(event: Event) -> bool:
    return isinstance(event, EpisodeEnded) and event.how == "truncated"


def find_row_mismatch(info: EpisodeRecord, stream: Stream) -> str | None:
    """Return the first column of the row *info* that contradicts *stream*, in words, or None."""
    scenario = header_of(bytes(stream.started.scenario)).name
    ended = any(isinstance(event, EpisodeEnded) for event in stream)
    for what, told, true in (
        ("scenario", info.scenario, scenario),
        ("seed", info.seed, stream.started.seed),
        ("an end", info.ended_at is not None, ended),
    ):
        if told != true:
            return f"{what}: expected {true!r}, as the events say, got {told!r}"
    return _find_malformed_column(info)


def _find_malformed_column(info: EpisodeRecord) -> str | None:
    """Return the first column of *info* whose form refold never writes, in words, or None."""
    # These columns lie outside the hash chain: only their form can be checked.
    for what, told in (("started_at", info.started_at), ("ended_at", info.ended_at)):
        if told is not None and not _is_time(told):
            return f"{what}: expected a time in UTC, ISO 8601, got {told!r}"
    if not re.fullmatch(r"\d+(\.\d+)+[0-9a-z.+-]*", info.release):
        return f"release: expected one of refold, such as '1.0.0', got {info.release!r}"
    if (info.parent is None) != (info.fork_at is None):
        return f"lineage: expected parent and fork_at or neither, got one: {info.parent!r}"
    return None


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).utcoffset() == timedelta(0)
    except ValueError:
        return False
