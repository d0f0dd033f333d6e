"""The verdict of a regrade in words: the passes that flipped, and what became of the order."""

from collections import Counter
from collections.abc import Sequence

from attrs import frozen

from refold.reports.regrading.order import STRENGTH, AgentPair, Word


@frozen
class RegradeVerdict:
    """
    What a regrade found, in short.

    Attributes:
        words: In one line.
        moved: Number of episodes whose score or points moved.
        lost: Passes lost.
        gained: Passes gained.
        order: The strongest that became of any pair of agents, ``kept`` if none changed places;
            None without a pair to compare.
    """

    words: str
    moved: int
    lost: int
    gained: int
    order: Word | None


def verdict_of(
    *,
    moved: int,
    scores_moved: int,
    events_only: int,
    lost: int,
    gained: int,
    pairs: Sequence[AgentPair],
) -> RegradeVerdict:
    """
    Return the verdict.

    Args:
        moved: Episodes whose score or points moved.
        scores_moved: Those whose score did.
        events_only: Episodes whose points rest on other events, and are the same.
        lost: Passes lost.
        gained: Passes gained.
        pairs: All pairs of agents.
    """
    words = Counter(pair.word for pair in pairs)
    order: Word | None = next((word for word in STRENGTH if words[word]), "kept" if pairs else None)
    if lost or gained:
        said = f"{lost} {'pass' if lost == 1 else 'passes'} lost, {gained} gained"
    elif scores_moved:
        said = "no pass changes"
    elif moved:
        said = f"no score moved, the parts of {moved} did"
    elif events_only:
        said = f"no score moved, the events behind {events_only} did"
    else:
        said = "nothing moved"
    if scores_moved and order is not None:
        said += f"; {_order_words(order, words[order])}"
    return RegradeVerdict(said, moved, lost, gained, order)


def _order_words(order: Word, pairs: int) -> str:
    many = f"{pairs} pair{'' if pairs == 1 else 's'} of agents"
    change = "changes" if pairs == 1 else "change"
    return {
        "kept": "the order of agents holds",
        "reversed": f"{many} reversed",
        "new order": f"{many} in a new order",
        "order lost": f"the order of {many} is lost",
        "swapped, within noise": f"{many} {change} places, within noise",
    }[order]
