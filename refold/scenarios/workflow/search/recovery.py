"""How soon failures were retried, followed through a search."""

from msgspec import Struct

from refold.scenarios.search import Move
from refold.scenarios.workflow.events import SubtaskFailed, SubtaskRetried
from refold.scenarios.workflow.search.outlook import Outlook
from refold.scenarios.workflow.search.terms import Key, Term
from refold.scenarios.workflow.state import State

_SPAN = 3


class Gaps(Struct, frozen=True):
    """
    What a mean of gaps is made of.

    Attributes:
        failed: Whether anything failed at all.
        excess: Steps over one that closed gaps lasted, in sum.
        closed: How many were closed.
        opened: Open gaps in order of their subtasks: subtask, and step of the failure.
    """

    failed: bool = False
    excess: int = 0
    closed: int = 0
    opened: tuple[tuple[str, int], ...] = ()


class RecoverySpeed(Term):
    """``recovery_speed``: remembers the gaps."""

    def begin(self) -> Gaps:
        return Gaps()

    def advance(self, seen: Gaps, move: Move) -> Gaps:
        t = move.before.t
        for event in move.events:
            if type(event) is SubtaskFailed:
                opened = {event.subtask: t, **dict(seen.opened)}
                seen = Gaps(True, seen.excess, seen.closed, tuple(sorted(opened.items())))
            elif type(event) is SubtaskRetried:
                seen = _close(seen, event.subtask, t)
        return seen

    def merge(self, seen: Gaps, state: State) -> Key:
        ids = tuple(id for id, _ in seen.opened)
        steps = (step for _, step in seen.opened)
        return (seen.failed, ids), (-seen.excess, seen.closed, *steps)

    def best(self, seen: Gaps, outlook: Outlook) -> float:
        if not outlook.ended or not seen.failed:
            return 1.0
        if not seen.closed:
            return 0.0
        mean = (seen.excess + seen.closed) / seen.closed
        return max(0.0, 1 - max(0.0, mean - 1) / _SPAN)


def _close(seen: Gaps, id: str, t: int) -> Gaps:
    opened = dict(seen.opened)
    begun = opened.pop(id, None)
    if begun is None:
        return seen
    excess = seen.excess + t - begun - 1
    return Gaps(True, excess, seen.closed + 1, tuple(sorted(opened.items())))
