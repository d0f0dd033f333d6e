"""
The decisive piece of an episode whose grade has no curve, as it was imported or answered outside.

When points were earned is unknown there. What can be seen is a loop, the evidence of a part that is
worth nothing, and an error that no later success repaired.
"""

from collections.abc import Iterable, Sequence

from refold.engine import EpisodeEnded, StepRewarded, Stream
from refold.engine.events import Remark
from refold.graders import Grade
from refold.replays.verdict.curve import Loss
from refold.replays.verdict.pieces import Piece, loop
from refold.replays.verdict.places import places_of
from refold.replays.verdict.rows import Group, Row

_OF_ALL = (StepRewarded, EpisodeEnded, Remark)
_FEWEST_REPEATS = 3
_FEWEST_STEPS = 3
_LEAST_SHARE = 0.1  # of all steps
_LARGE_LOSS = 0.2  # of all points


def decisive_without_curve(
    stream: Stream,
    grade: Grade,
    lost: Iterable[Loss],
    rows: Sequence[Row],
    groups: Iterable[Group],
) -> Piece | None:
    """Return a loop, else what a lost part rests on, else an open error; None if there is none."""
    return _longest_loop(rows, groups) or _evidence(stream, grade, lost) or _open_error(rows)


def _longest_loop(rows: Sequence[Row], groups: Iterable[Group]) -> Piece | None:
    long = [
        group
        for group in groups
        if group.times >= _FEWEST_REPEATS
        and len(group.steps) >= max(_FEWEST_STEPS, _LEAST_SHARE * len(rows))
    ]

    def weight(group: Group) -> tuple[bool, int]:
        return any(rows[step - 1].error for step in group.steps), len(group.steps)

    return loop(max(long, key=weight)) if long else None


def _evidence(stream: Stream, grade: Grade, lost: Iterable[Loss]) -> Piece | None:
    large = {loss.name for loss in lost if loss.points >= _LARGE_LOSS}
    places = places_of(stream)
    for part in sorted(grade.parts, key=lambda part: part.points - part.most):
        if part.value != 0 or part.name not in large:
            continue
        # Rewards, ends and scores are of the episode as a whole: they point at no step.
        telling = [seq for seq in part.seqs if not isinstance(stream[seq], _OF_ALL)]
        if steps := sorted({places[seq] for seq in telling} - {0}):
            return Piece("evidence", tuple(steps), part=part.name)
    return None


def _open_error(rows: Sequence[Row]) -> Piece | None:
    """Return the first error that no later success of the same tool mended."""
    mended: set[str] = set()
    found = None
    for row in reversed(rows):
        if row.error is None:
            mended.add(row.verb)
        elif row.verb not in mended:
            found = row
    return Piece("error", (found.step,)) if found is not None else None
