"""
Upcasting: events of older formats, read as events of this release.

The ``format`` in a stream's first event says which version of the event schema wrote it. When
that changes, a function ``upcast_v1_v2`` that turns one event's plain JSON of format 1 into that
of format 2 is added to ``UPCASTS``, and a golden of the old format to ``tests/formats``.
Functions are only added, never edited.

They run on reading. Stored bytes stay as they are, and so do hashes and digests. A stream that
was resumed or forked continues in the newest format, so each function must leave events alone
that are in it already. Three things never change: the first event's ``format`` and ``scenario``
header, and that ``step_rewarded`` and ``episode_ended`` only gain fields with defaults, because
listings decode these two without upcasting.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from refold.engine.errors import LogDamaged

Upcast = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTS: Mapping[int, Upcast] = {}
"""Keyed by the format that a function reads; it returns the next one. Format 1 is the first."""

# What plain code raises on JSON that it does not expect: here the file is wrong, not the code.
_FAULTS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def upcast(
    payloads: Sequence[bytes], *, of: int, to: int, upcasts: Mapping[int, Upcast], episode: str
) -> list[bytes]:
    """
    Return the JSON of each of *payloads*, events of format *of*, in the later format *to*.

    Raises:
        LogDamaged: No function reads format *of*, or an event is not of that format.
    """
    missing = next((step for step in range(of, to) if step not in upcasts), None)
    if missing is not None:
        problem = f"expected an event format from {min(upcasts, default=to)} to {to}, got {of}"
        raise LogDamaged(episode, 0, problem)
    functions = [upcasts[step] for step in range(of, to)]
    return list(_upcast_each(payloads, functions, episode))


def _upcast_each(
    payloads: Sequence[bytes], functions: Sequence[Upcast], episode: str
) -> Iterator[bytes]:
    for seq, payload in enumerate(payloads):
        try:
            # Plain JSON, not events: the classes of an old format are gone.
            raw = msgspec.json.decode(payload)
            for function in functions:
                raw = function(raw)
            yield msgspec.json.encode(raw)
        except (msgspec.MsgspecError, *_FAULTS) as error:
            raise LogDamaged(episode, seq, f"expected an event, got {error!r:.200}") from None
