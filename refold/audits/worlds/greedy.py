"""The player that takes the highest reward at each step, which it finds out by trying."""

from typing import Any

from refold.audits.played import Played
from refold.audits.worlds.moves import OfferMoves
from refold.audits.worlds.playing import WorldPlays

GREEDY = "greedy by reward"
MOST_TRIED = 20
"""Steps that it looks for what pays; each of them is tried from the beginning."""


def play_greedily(plays: WorldPlays, moves: OfferMoves, seed: int) -> Played | None:
    """
    Return the play that takes, of one action of each kind, the one that is paid most.

    The first of them where several are paid the same. It ends with the episode, or after MOST_TRIED
    steps; None where nothing can be done.
    """
    best, taken = None, list[Any]()
    for _ in range(MOST_TRIED):
        found = [
            (played, action)
            for kind in moves.kinds
            for action in moves.of_kind(kind)[:1]
            if (played := plays.follow(GREEDY, [*taken, action], seed)) is not None
        ]
        if not found:
            return best
        best, action = max(found, key=lambda pair: pair[0].total)
        taken.append(action)
        if best.ended:
            return best
    return best
