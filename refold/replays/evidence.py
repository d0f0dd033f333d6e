"""Find the events that explain why a part of two grades differs."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Sequence

from refold.engine import StepRewarded, Stream

Seqs = tuple[int, ...]


def unmatched_events(a: Stream, seqs_a: Seqs, b: Stream, seqs_b: Seqs) -> tuple[Seqs, Seqs]:
    """
    Return those of *seqs_a* without an equal event among *seqs_b*, and the other way round.

    If every event has an equal one, then those that happened in another step; if there are none
    of these either, all of them.
    """
    for keys in (_event_keys, _event_and_step_keys):
        left, right = keys(a, seqs_a), keys(b, seqs_b)
        found = _unmatched(seqs_a, left, right), _unmatched(seqs_b, right, left)
        if any(found):
            return found
    return seqs_a, seqs_b


def _event_keys(stream: Stream, seqs: Seqs) -> Sequence[Hashable]:
    return [stream.current[seq] for seq in seqs]


def _event_and_step_keys(stream: Stream, seqs: Seqs) -> Sequence[Hashable]:
    # The step of an event is the number of steps that ended before it.
    ends = [seq for seq, event in enumerate(stream) if isinstance(event, StepRewarded)]
    return [(stream.current[seq], bisect_left(ends, seq)) for seq in seqs]


def _unmatched(seqs: Seqs, own: Sequence[Hashable], others: Sequence[Hashable]) -> Seqs:
    """Return those of *seqs* whose keys *own* have no match in *others*; each matches once."""
    shared = Counter(others)
    left = []
    for seq, key in zip(seqs, own, strict=True):
        if shared[key]:
            shared[key] -= 1
        else:
            left.append(seq)
    return tuple(left)
