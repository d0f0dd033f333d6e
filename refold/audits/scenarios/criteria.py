"""Checks of what criteria pay in the runs that were played: for nothing, for all, or alike."""

from collections.abc import Iterator
from statistics import fmean

from refold.audits import lines
from refold.audits.findings import Check, Measurement
from refold.audits.lines import paying, share_of
from refold.audits.played import Runs
from refold.audits.scenarios.case import ScenarioCase

MOST_FREE = 0.5
"""Share of a criterion that a player may earn that does not read."""
LEAST_TOLD = 0.5
"""Share of the panel that has to earn less of a criterion than the best does."""


def vacuous(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure the most that each criterion pays without an event to rest on."""
    return lines.vacuous(case.all_runs)


def free(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure the most of each criterion that a player of the panel earns."""
    for place, name in paying(case.all_runs):
        agent, runs = max(case.panel.items(), key=lambda pair: _mean_share(pair[1], place))
        share = _mean_share(runs, place)
        about = f"pays {share:.4f} of its weight to {agent!r}, which does not read"
        yield Measurement(name, share, MOST_FREE, about, runs[0].shown)


def constant(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure how far the lowest and the highest value of each criterion are apart."""
    return lines.constant([run for run in case.all_runs if run.ended])


def duplicate(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure in how many runs the two criteria that are most alike have the same value."""
    return lines.duplicate(case.all_runs)


def discrimination(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure how many players of the panel earn less of each criterion than the best does."""
    for place, name in paying(case.all_runs):
        best = _mean_share(case.best.runs, place)
        if not best:
            continue  # dead, or not worth its price
        less = [agent for agent, runs in case.panel.items() if _mean_share(runs, place) < best]
        share = len(less) / len(case.panel)
        about = f"{len(less)} of {len(case.panel)} players of the panel earn less than the best"
        yield Measurement(name, share, LEAST_TOLD, about, case.best.runs[0].shown)


def _mean_share(runs: Runs, place: int) -> float:
    return fmean(share_of(run.grade.parts[place]) for run in runs)


CHECKS = (
    Check("criteria.vacuous", "no criterion pays without evidence", "at most", vacuous),
    Check("criteria.free", "no criterion comes for free", "at most", free),
    Check("criteria.constant", "each criterion varies", "at least", constant),
    Check("criteria.duplicate", "no two criteria are the same", "at most", duplicate),
    Check(
        "criteria.discrimination", "each criterion tells the best apart", "at least", discrimination
    ),
)
"""The checks of what criteria pay."""
