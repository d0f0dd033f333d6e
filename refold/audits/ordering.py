"""Whether the return, the sum of a run's rewards, puts runs into the order of their scores."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from refold.audits.findings import Measurement
from refold.audits.played import Played

MOST_SWAPPED = 0.01
"""Share of pairs of runs that the return may order otherwise than the score."""
_TIE = 1e-9


def swapped_pairs(runs: Sequence[Played]) -> Iterator[Measurement]:
    """Measure how many pairs of *runs* with one seed the return orders otherwise than the score."""
    swapped, compared = 0, 0
    shown: Played | None = None
    for one, other in combinations(runs, 2):
        scores, totals = one.score - other.score, one.total - other.total
        if one.shown.seed != other.shown.seed or not scores or abs(totals) <= _TIE:
            continue
        compared += 1
        if (scores > 0) != (totals > 0):
            swapped += 1
            shown = shown or (one if totals > 0 else other)
    if not compared:
        yield Measurement("", None, None, "no two runs differ in score and return")
        return
    about = f"{swapped} of {compared} pairs of runs have the larger return with the lower score"
    episode = None if shown is None else shown.shown
    yield Measurement("", swapped / compared, MOST_SWAPPED, about, episode)
