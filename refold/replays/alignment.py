"""
Which step of one stream stands beside which of another: the same position, or the same action.

By position, everything after a step that only one of them took is out of place; by action, the
steps that they have in common stand side by side again.
"""

from collections.abc import Iterator
from difflib import SequenceMatcher

from refold.engine.codec import encode
from refold.replays.differences import DIALOGUE_ASPECTS, Diff
from refold.replays.stepping import Step

MOST_MATCHED = 2000
"""Steps up to which actions are matched after the shared ones; more stay at their positions."""

Pair = tuple[int | None, int | None, str]
"""
Positions in the two streams, None where one has nothing to it, and how they compare: ``same``,
``outcome`` (the same action came to something else), ``action``, or ``a`` or ``b``, which of the
two is there alone.
"""


def pair_by_position(found: Diff) -> list[Pair]:
    """Return each position of *found* from the first action on, beside itself."""
    pairs: list[Pair] = []
    for row in found.rows:
        a, b = _with_action(row.a), _with_action(row.b)
        if a is None or b is None:
            pairs.extend(_unpaired(a, b))
        else:
            how = "action" if "action" in row.differs else "outcome"
            same = not {*row.differs} - DIALOGUE_ASPECTS
            pairs.append((a.position, b.position, "same" if same else how))
    return pairs


def pair_by_action(found: Diff) -> list[Pair]:
    """
    Return the steps of *found* with as many equal actions side by side as are found quickly.

    Each stream's steps stay in their order. ``same`` are those with equal action and reward.
    """
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
    """Return *step* if it has an action."""
    return step if step is not None and step.action is not None else None


def _unpaired(a: Step | None, b: Step | None) -> Iterator[Pair]:
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
    """Yield where runs of *lefts* and of *rights* stand side by side, as begin and end of each."""
    if max(len(lefts), len(rights)) > MOST_MATCHED:
        yield 0, len(lefts), 0, len(rights)
        return
    keys = [encode(step.action) for step in lefts], [encode(step.action) for step in rights]
    for _, i, i_end, j, j_end in SequenceMatcher(None, *keys).get_opcodes():
        yield i, i_end, j, j_end
