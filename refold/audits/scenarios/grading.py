"""Checks of the grader: that it sees what it grades, and nothing else."""

from collections.abc import Iterator
from itertools import pairwise

from refold.audits.again import several_grades
from refold.audits.findings import Check, Measurement
from refold.audits.played import Played, actions_of
from refold.audits.scenarios.case import ScenarioCase
from refold.audits.scenarios.graded_edits import mutation


def equivalence(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure how many swaps of two actions that change nothing later change the score."""
    run = case.best.runs[0]
    same = [
        swapped
        for place, swapped in _swapped(case, run)
        if all(case.view(swapped, at) == case.view(run, at) for at in (place + 2, None))
    ]
    if not same:
        about = "no two actions of the best run can be swapped unseen"
        yield Measurement("", None, None, about)
        return
    other = [each for each in same if each.score != run.score]
    about = (
        f"{len(same)} swaps of two actions are invisible to an observer; "
        f"{len(other)} of them change the score"
    )
    shown = other[0].shown if other else run.shown
    yield Measurement("", float(len(other)), 0.0, about, shown)


def determinism(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure how many runs have more than one grade when they are graded again."""
    return several_grades(case.samples)


def _swapped(case: ScenarioCase, run: Played) -> Iterator[tuple[int, Played]]:
    """Yield the place of each two actions in a row that differ, and *run* with them swapped."""
    actions = actions_of(run.stream)
    for place, (one, other) in enumerate(pairwise(actions)):
        if one != other:
            changed = [*actions[:place], other, one, *actions[place + 2 :]]
            yield place, case.follow("swapped", changed, run.shown.seed)


CHECKS = (
    Check("grader.mutation", "grades rest on what happened", "at most", mutation),
    Check("grader.equivalence", "one end has one score", "at most", equivalence),
    Check("semantic.verifier_determinism", "one run has one grade", "at most", determinism),
)
"""The checks of the grader."""
