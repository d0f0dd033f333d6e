"""
Align the steps of two streams, by position or by action.

By position, everything after a step that only one stream took is shifted by one; by action, the
steps that the streams have in common are paired again.
"""

from collections.abc import Iterator
from difflib import SequenceMatcher

from refold.engine.codec import encode
from refold.replays.differences import Diff
from refold.replays.rows import MINOR_ASPECTS
from refold.replays.stepping import Step

MOST_MATCHED = 2000
"""Steps after the shared ones up to which actions are matched; matching takes quadratic time."""

Pair = tuple[int | None, int | None, str]
"""
Positions in the two streams (None where one has no partner) and how the steps compare: ``same``,
``outcome`` (equal action, different outcome), ``action`` (different actions), or ``a`` or ``b``
for a step that only this stream has.
"""


def pair_by_position(found: Diff) -> list[Pair]:
    """Return pairs of equal positions, from the first action on."""
    pairs: list[Pair] = []
    for row in found.rows:
        a, b = _with_action(row.a), _with_action(row.b)
        if a is None or b is None:
            pairs.extend(_unpaired_steps(a, b))
        else:
            how = "action" if "action" in row.differs else "outcome"
            same = not {*row.differs} - MINOR_ASPECTS
            pairs.append((a.position, b.position, "same" if same else how))
    return pairs


def pair_by_action(found: Diff) -> list[Pair]:
    """
    Return pairs of steps with equal actions, as many as ``difflib`` finds.

    Each stream's steps keep their order. Pairs with equal actions and rewards are ``same``.
    """
    # The shared beginning needs no matching; of a fork, it is often the larger part.
    pairs = [
        pair for pair in pair_by_position(found) if max(pair[0] or 0, pair[1] or 0) < found.shared
    ]
    rest = found.rows[max(found.shared, 1) :]
    lefts = [step for row in rest if (step := _with_action(row.a))]
    rights = [step for row in rest if (step := _with_action(row.b))]
    for i, i_end, j, j_end in _matching_runs(lefts, rights):
        for left, right in zip(lefts[i:i_end], rights[j:j_end], strict=False):
            pairs.append((left.position, right.position, _compare_steps(left, right)))
        paired = min(i_end - i, j_end - j)
        pairs.extend((left.position, None, "a") for left in lefts[i + paired : i_end])
        pairs.extend((None, right.position, "b") for right in rights[j + paired : j_end])
    return pairs


def _with_action(step: Step | None) -> Step | None:
    """Return *step* if it has an action, else None."""
    return step if step is not None and step.action is not None else None


def _unpaired_steps(a: Step | None, b: Step | None) -> Iterator[Pair]:
    if a:
        yield a.position, None, "a"
    if b:
        yield None, b.position, "b"


def _compare_steps(a: Step, b: Step) -> str:
    if a.action != b.action:
        return "action"
    same = (a.error, a.reward, a.parts) == (b.error, b.reward, b.parts)
    return "same" if same else "outcome"


def _matching_runs(lefts: list[Step], rights: list[Step]) -> Iterator[tuple[int, int, int, int]]:
    """Yield (start, end) in *lefts* and in *rights* of the runs to be paired."""
    if max(len(lefts), len(rights)) > MOST_MATCHED:
        yield 0, len(lefts), 0, len(rights)
        return
    # SequenceMatcher hashes its items; actions are not all hashable, their JSON is.
    keys = [encode(step.action) for step in lefts], [encode(step.action) for step in rights]
    for _, i, i_end, j, j_end in SequenceMatcher(None, *keys).get_opcodes():
        yield i, i_end, j, j_end
