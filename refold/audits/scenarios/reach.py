"""
The highest that each line of a rubric can ever reach, with a proof where search gives one.

A line is looked for by itself: the scenario is solved with a rubric of this line alone.
"""

from collections.abc import Iterator, Sequence

from attrs import evolve, frozen

from refold.audits.findings import Check, Measurement, Shown
from refold.audits.lines import share_of
from refold.audits.played import Played
from refold.audits.scenarios.case import ScenarioCase
from refold.graders import Grader
from refold.scenarios import Criterion, Rubric
from refold.scenarios.criteria import find_criteria

SOMETHING = 0.01
"""Share of its weight that a line has to pay at least once, to be alive."""


@frozen(eq=False)
class Line:
    """A *criterion*, or a part of one, by its *name* in reports."""

    name: str
    criterion: Criterion

    @property
    def rubric(self) -> Rubric:
        """The rubric that pays 1 for this line in full, and for nothing else."""
        alone = evolve(self.criterion, name=self.name, weight=1.0)
        return Rubric(self.name, 1, (alone,))


@frozen(eq=False)
class Reach:
    """
    The highest share of its weight that a line pays.

    Attributes:
        value: That share, 0 to 1; where it is no more than was found, the bound is above it.
        bound: What no episode exceeds.
        words: How that is known.
        shown: An episode that reaches *value*.
    """

    value: float
    bound: float
    words: str
    shown: Shown


def dead(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure the highest that each line pays, against next to nothing."""
    for line in lines_of(case):
        reach = reach_of(case, line)
        about = f"pays at most {reach.value:.4f} of its weight, {reach.words}"
        value = None if reach.value < SOMETHING <= reach.bound else reach.value
        yield Measurement(line.name, value, SOMETHING, about, reach.shown)


def unfilled(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure the highest that each line pays that is not dead, against its weight."""
    for line in lines_of(case):
        reach = reach_of(case, line)
        if reach.value >= SOMETHING:
            about = f"pays at most {reach.value:.4f} of its weight, {reach.words}"
            value = None if reach.value < 1 <= reach.bound else reach.value
            yield Measurement(line.name, value, 1.0, about, reach.shown)


def lines_of(case: ScenarioCase) -> Iterator[Line]:
    """
    Yield the lines of the rubric that give points: its criteria, or the parts that they have.

    Where a measure counts items of a list, each of them is a line.
    """
    for criterion in case.scenario.rubric.criteria:
        if criterion.weight > 0:
            yield from _lines(case, criterion, criterion.name)


def _lines(case: ScenarioCase, criterion: Criterion, name: str) -> Iterator[Line]:
    for part in criterion.parts:
        yield from _lines(case, part, f"{name}, {part.name}")
    if criterion.parts:
        return
    measure = find_criteria(case.scenario.family, case.scenario.rules).measures[criterion.measure]
    items: Sequence[object] = criterion.params.get(measure.items, ()) if measure.items else ()
    if len(items) < 2:
        yield Line(name, criterion)
        return
    for item in items:
        params = {**criterion.params, measure.items: (item,)}
        yield Line(f"{name}, {item}", evolve(criterion, params=params))


def reach_of(case: ScenarioCase, line: Line) -> Reach:
    """Return the highest that *line* pays: in the runs of *case*, and if need be by search."""
    return case.remember(("reach", line.name), lambda: _find(case, line))


def _find(case: ScenarioCase, line: Line) -> Reach:
    grader = Grader(line.rubric, find_criteria(case.scenario.family, case.scenario.rules))

    def share(run: Played) -> float:
        return share_of(grader(run.stream).parts[0])

    runs = len(case.all_runs)
    best = max(case.all_runs, key=share)
    reached = share(best)
    seen = Reach(reached, reached, f"in {runs} runs, which is no proof", best.shown)
    if reached >= 1:
        return evolve(seen, words=f"as one of {runs} runs shows")
    known = case.best.solution
    if known is None or not known.proved:  # what is possible cannot be searched through
        return seen
    alone = evolve(case.scenario, rubric=line.rubric)
    found = case.solve(alone, "score", agent=f"best for {line.name}")
    value = share(found.runs[0])
    if value < reached:  # in another world
        return seen
    return Reach(value, found.bound, found.words, found.runs[0].shown)


CHECKS = (
    Check("criteria.dead", "each line of the rubric can pay", "at least", dead),
    Check("criteria.full", "each line of the rubric can pay in full", "at least", unfilled),
)
"""The checks of what lines can reach."""
