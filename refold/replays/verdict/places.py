"""Where the events and the marks of an episode stand: at which of its positions."""

from collections.abc import Iterator, Sequence

import msgspec

from refold.engine import Stream
from refold.engine.folding import step_ranges
from refold.engine.presentation import Mark
from refold.replays.marks import find_marks


def places_of(stream: Stream) -> Sequence[int]:
    """Return for each event the position that its step leads to; 0 before the first action."""
    return list(_places(stream))


def _places(stream: Stream) -> Iterator[int]:
    ranges = step_ranges(stream)
    for position, seqs in enumerate(ranges):
        yield from (position for _ in seqs)
    yield from (len(ranges) - 1 for _ in range(ranges[-1].stop, len(stream)))


def marks_of(stream: Stream) -> list[Mark]:
    """Return the marks of an ended episode by position, in words that hide nothing."""
    places = places_of(stream)
    placed = list(zip(places, stream, strict=True))
    parameters = msgspec.json.decode(stream.scenario)["parameters"]
    return find_marks(stream.family, placed, stream.family.say, max(places), parameters)
