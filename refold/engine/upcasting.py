"""
Events of older formats, read as those of this release.

The ``format`` in a stream's first event says which version of the event schema wrote it. When
that changes, a function ``upcast_v1_v2`` that turns one event's plain JSON of format 1 into that
of format 2 is added to ``UPCASTS``, and a golden of the old format to ``tests/formats``.
Functions are only added, never edited.

They run on reading. Stored bytes stay as they are, and so do hashes and digests. A stream that
was resumed or forked goes on in the newest form, so a function leaves alone what has that form
already. Three things never change: the first event's ``format`` and ``scenario`` header, and
that ``step_rewarded`` and ``episode_ended`` only gain fields with defaults (listings read them).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from refold.engine.errors import LogDamaged

Upcast = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTS: Mapping[int, Upcast] = {}
"""By the format that they read, which they turn into the next one. Format 1 is the first."""

_FAULTS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def upcast(
    payloads: Sequence[bytes], *, of: int, to: int, upcasts: Mapping[int, Upcast], episode: str
) -> list[bytes]:
    """
    Return the events *payloads* of format *of* as JSON of the later format *to*.

    Raises:
        LogDamaged: No function reads format *of*, or an event is none of that format.
    """
    missing = next((step for step in range(of, to) if step not in upcasts), None)
    if missing is not None:
        problem = f"expected an event format from {min(upcasts, default=to)} to {to}, got {of}"
        raise LogDamaged(episode, 0, problem)
    chain = [upcasts[step] for step in range(of, to)]
    return list(_apply(payloads, chain, episode))


def _apply(payloads: Sequence[bytes], chain: Sequence[Upcast], episode: str) -> Iterator[bytes]:
    for seq, payload in enumerate(payloads):
        try:
            raw = msgspec.json.decode(payload)
            for function in chain:
                raw = function(raw)
            yield msgspec.json.encode(raw)
        except (msgspec.MsgspecError, *_FAULTS) as error:
            raise LogDamaged(episode, seq, f"expected an event, got {error!r:.200}") from None
