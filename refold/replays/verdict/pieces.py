"""The pieces that an episode falls into, and the one that decided it, if one stands out."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from refold.replays.verdict.blame import Blame
from refold.replays.verdict.curve import Loss
from refold.replays.verdict.rows import Group, Row

_LEAST_SHARE = 0.2  # of all that was lost
_LEAST_POINTS = 0.03

Kind = Literal["repeated", "loop", "mistakes", "idle", "step", "evidence", "error"]
"""
What a piece is: one action again and again, a loop of several, mistakes, steps that earned
nothing, one step, steps that a part of the grade rests on, or an error that was never mended.
"""


class Piece(Struct, frozen=True):
    """
    Steps that belong together.

    Attributes:
        kind: What they are.
        steps: Their positions, ascending, at least one.
        period: Of a loop, how many steps are repeated; else 1.
        part: Of evidence, the part of the grade that rests on it; else empty.
    """

    kind: Kind
    steps: tuple[int, ...]
    period: int = 1
    part: str = ""


def pieces_of(
    rows: Sequence[Row], groups: Iterable[Group], idle: frozenset[int], wrong: frozenset[int]
) -> list[Piece]:
    """Return the pieces of an episode; each step is in exactly one."""
    found: list[Piece] = []
    taken: set[int] = set()
    for piece in (*_refusals(rows), *map(loop, groups)):
        if taken.isdisjoint(piece.steps):
            found.append(piece)
            taken.update(piece.steps)
    if mistakes := tuple(sorted(wrong - taken)):
        found.append(Piece("mistakes", mistakes))
        taken.update(mistakes)
    rest = [row.step for row in rows if row.step not in taken]
    return [*found, *_runs(rest, idle)]


def _refusals(rows: Sequence[Row]) -> Iterator[Piece]:
    """Yield the same refused action, wherever it stands."""
    found: dict[object, list[int]] = defaultdict(list)
    for row in rows:
        if row.refusal:
            found[row.signature].append(row.step)
    for steps in found.values():
        if len(steps) > 1:
            yield Piece("repeated", tuple(steps))


def loop(group: Group) -> Piece:
    """Return *group* as a piece."""
    kind: Kind = "repeated" if group.period == 1 else "loop"
    return Piece(kind, tuple(group.steps), group.period)


def _runs(steps: Iterable[int], idle: frozenset[int]) -> Iterator[Piece]:
    """Yield *steps* as pieces, neighbouring idle ones together."""
    run: list[int] = []
    for step in steps:
        if run and not (step == run[-1] + 1 and step in idle and run[-1] in idle):
            yield _run(run)
            run = []
        run.append(step)
    if run:
        yield _run(run)


def _run(steps: Sequence[int]) -> Piece:
    return Piece("idle" if len(steps) > 1 else "step", tuple(steps))


def decisive(pieces: Iterable[Piece], blame: Blame, lost: Iterable[Loss]) -> Piece | None:
    """Return the piece that lost most, the first of equal ones; None if none stands out."""
    least = max(_LEAST_POINTS, _LEAST_SHARE * sum(loss.points for loss in lost))
    most = max(pieces, key=lambda piece: blame.of(piece.steps), default=None)
    return most if most is not None and blame.of(most.steps) >= least else None
