"""Checks of rewards: whether they lead to what the score asks for."""

from collections.abc import Iterator
from itertools import combinations

from refold.audits.findings import Check, Measurement
from refold.audits.lines import share_of
from refold.audits.played import Played
from refold.audits.scenarios.case import ScenarioCase
from refold.engine.sums import add_up

MOST_SWAPPED = 0.01
"""Share of pairs of runs that the return may order otherwise than the score."""
_TIE = 1e-9


def optimum(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure what the largest return costs of the score."""
    if case.family.oracle is not None:
        runs = _ended(case)
        largest = max(runs, key=lambda run: (run.total, run.score))
        words = f"in {len(runs)} runs, which is no proof"
    else:
        found = case.best_return
        largest, words = found.runs[0], found.words
    cost = case.best.score - largest.score
    about = (
        f"the largest return, {largest.total:.4f} ({words}), scores {largest.score:.4f}, "
        f"the best {case.best.score:.4f}"
    )
    yield Measurement("", cost, 0.0, about, largest.shown)


def order(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure how many pairs of runs of one world the return orders otherwise than the score."""
    swapped, compared = 0, 0
    shown: Played | None = None
    for one, other in combinations(_ended(case), 2):
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


def idleness(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure what doing nothing to the end is paid."""
    if case.idle is None:
        yield Measurement("", None, None, "doing nothing is impossible")
        return
    most = max(case.idle, key=lambda run: run.total)
    about = f"doing nothing for the whole episode has a return of {most.total:.4f}"
    yield Measurement("", most.total, 0.0, about, most.shown)


def clipped(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure how far the points of a run lie outside of what the rubric lets be seen."""
    rubric = case.scenario.rubric
    runs = _ended(case)

    def points(run: Played) -> float:
        parts = zip(rubric.criteria, run.grade.parts, strict=True)
        return add_up(criterion.weight * share_of(part) for criterion, part in parts)

    def beyond(run: Played) -> float:
        return max(points(run) - rubric.ceiling, rubric.floor - points(run), 0.0)

    worst = max(runs, key=beyond)
    about = (
        f"the criteria of {worst.shown.agent!r} add up to {points(worst):.4f}, and the score is "
        f"{worst.score:.4f}, since the rubric allows only {rubric.floor:g} to {rubric.ceiling:g}"
        if beyond(worst)
        else f"the criteria of {len(runs)} runs add up to what the score is"
    )
    yield Measurement("", beyond(worst), 0.0, about, worst.shown)


def _ended(case: ScenarioCase) -> list[Played]:
    return [run for run in case.all_runs if run.ended]


CHECKS = (
    Check("rewards.optimum", "the largest return has the best score", "at most", optimum),
    Check("rewards.order", "return and score order runs alike", "at most", order),
    Check("rewards.idleness", "doing nothing is not paid", "at most", idleness),
    Check("rewards.range", "no score is clipped", "at most", clipped),
)
"""The checks of rewards."""
