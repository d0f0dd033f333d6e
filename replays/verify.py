"""
Deciding a stream again: the recorded actions, put to the rules once more, byte for byte.

This shows that a stream is what its rules make of its scenario, seed and actions. It cannot show
that the actions are those that an agent once chose; for that, keep the digest elsewhere.
"""

from collections.abc import Iterator, Sequence

from attrs import frozen

from engine import ActionTaken, EpisodeEnded, EpisodeInfo, Event, Input, Stream
from engine.codec import encode, header_of
from engine.fold import fold, initial_state, step_ranges


@frozen
class Divergence:
    """
    The first event that the rules would not have made.

    Attributes:
        seq: Its place.
        step: 0-based step it belongs to; -1 before the first action.
        recorded: The stored bytes; empty if the stream ends too early.
        expected: What the rules make; empty if there should be no such event.
    """

    seq: int
    step: int
    recorded: bytes
    expected: bytes


def verify(stream: Stream) -> Divergence | None:
    """Return the first event of *stream* that its rules would not have made, or None."""
    for step, seqs, expected in _decided_again(stream):
        recorded = stream.payloads[seqs.start : seqs.stop]
        for place in range(max(len(recorded), len(expected))):
            was = recorded[place] if place < len(recorded) else b""
            should = expected[place] if place < len(expected) else b""
            if was != should:
                return Divergence(seqs.start + place, step, was, should)
    return None


def misfiled(info: EpisodeInfo, stream: Stream) -> str | None:
    """Return what *info*, kept beside *stream*, says of it and should not; None if all is so."""
    scenario = header_of(bytes(stream.started.scenario)).name
    ended = any(isinstance(event, EpisodeEnded) for event in stream)
    for what, told, true in (
        ("scenario", info.scenario, scenario),
        ("seed", info.seed, stream.started.seed),
        ("an end", info.ended_at is not None, ended),
    ):
        if told != true:
            return f"{what}: expected {true!r}, as the events say, got {told!r}"
    return None


def _decided_again(stream: Stream) -> Iterator[tuple[int, range, list[bytes]]]:
    """Yield step, seqs and the bytes that the events there should have, start first."""
    family = stream.family
    state = initial_state(family, stream.started)
    opening = family.start(state)
    ranges = step_ranges(stream)
    yield -1, ranges[0], [encode(event) for event in (stream.started, *opening)]
    state = fold(opening, family=family, start=state)
    over = False
    for step, seqs in enumerate(ranges[1:]):
        inputs = [event for event in stream[seqs.start : seqs.stop] if isinstance(event, Input)]
        state = fold(inputs, family=family, start=state)
        action = inputs[-1].action if inputs and isinstance(inputs[-1], ActionTaken) else None
        events = [] if over or action is None else family.decide(state, action)
        yield step, seqs, [encode(event) for event in (*inputs, *events)]
        state = fold(events, family=family, start=state)
        over = over or any(isinstance(event, EpisodeEnded) for event in events)
    rest = range(ranges[-1].stop, len(stream))
    yield len(ranges) - 1, rest, [] if over else _unfinished(stream[rest.start :])


def _unfinished(tail: Sequence[Event]) -> list[bytes]:
    """Return what may stand after the last whole step: inputs, and an end from outside."""
    return [
        encode(event)
        for event in tail
        if isinstance(event, Input)
        or (isinstance(event, EpisodeEnded) and event.how == "truncated")
    ]
