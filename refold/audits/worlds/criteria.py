"""Checks of the criteria of a world's rubric: free and dead ones."""

from collections.abc import Iterator, Sequence

from refold.audits.findings import Check, Measurement
from refold.audits.scenarios.case import Played
from refold.audits.worlds.case import WorldCase
from refold.audits.worlds.scoring import NO_ORACLE
from refold.graders import Part

_LONE = "the rubric has one criterion; semantic.floor_gap and semantic.oracle_max measure it"


def free_criteria(case: WorldCase) -> Iterator[Measurement]:
    """Measure the least that each criterion gave, as a share of its weight."""
    if len(case.scenario.rubric.criteria) < 2:
        yield Measurement("", None, None, _LONE)
        return
    for name, runs in _by_criterion(case).items():
        lowest, run = min(runs, key=lambda pair: pair[0].value)
        if lowest.most > 0:
            about = f"its lowest value in {len(runs)} plays is {lowest.value:g}"
            yield Measurement(name, lowest.value, _MOST_FREE, about, run.shown)


def dead_criteria(case: WorldCase) -> Iterator[Measurement]:
    """Measure the most that each criterion gave or took, as a share of its weight."""
    if len(case.scenario.rubric.criteria) < 2:
        yield Measurement("", None, None, _LONE)
    elif case.oracle is None:
        yield Measurement("", None, None, NO_ORACLE)
    else:
        for name, runs in _by_criterion(case).items():
            highest, run = max(runs, key=lambda pair: pair[0].value)
            about = (
                f"its highest value in {len(runs)} plays is {highest.value:g}, "
                "of the known solution and of players that do not read"
            )
            yield Measurement(name, highest.value, _LEAST_ALIVE, about, run.shown)


_MOST_FREE = 0.5
"""The share of its weight that a criterion may give whatever is done."""
_LEAST_ALIVE = 1e-6
"""The value that a criterion has to exceed at least once."""


def _by_criterion(case: WorldCase) -> dict[str, Sequence[tuple[Part, Played]]]:
    """Return the parts of all grades, with the play of each, by the name of the criterion."""
    found: dict[str, list[tuple[Part, Played]]] = {}
    for run in case.all_runs:
        for part in run.grade.parts:
            found.setdefault(part.name, []).append((part, run))
    return dict(found)


CHECKS = (
    Check("criteria.free", "no criterion is met whatever is done", "at most", free_criteria),
    Check("criteria.dead", "each criterion is met by someone", "at least", dead_criteria),
)
"""The checks of criteria."""
