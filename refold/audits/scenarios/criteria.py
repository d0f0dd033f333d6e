"""Checks of what criteria pay in the runs that were played: for nothing, for all, or alike."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from statistics import fmean

from refold.audits.findings import Check, Measurement
from refold.audits.scenarios.case import Played, Runs, ScenarioCase
from refold.audits.scenarios.reach import share_of
from refold.graders.grading import Part

MOST_FREE = 0.5
"""Share of a criterion that a player may earn that does not read."""
LEAST_RANGE = 0.01
"""How far the lowest and the highest value of a criterion have to be apart."""
LEAST_TOLD = 0.5
"""Share of the panel that has to earn less of a criterion than the best does."""
MOST_ALIKE = 0.99
"""Share of the runs in which two criteria may have the same value."""


def vacuous(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure the most that each criterion pays without an event to rest on."""
    for place, name in _criteria(case):
        runs = [run for run in case.all_runs if not run.grade.parts[place].seqs]
        if not runs:
            yield Measurement(name, 0.0, 0.0, "rests on events in every run")
            continue
        best = max(runs, key=lambda run: _share(run, place))
        share = _share(best, place)
        about = (
            f"pays {share:.4f} of its weight to {best.shown.agent!r} without an event to rest on"
        )
        yield Measurement(name, share, 0.0, about, best.shown)


def free(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure the most of each criterion that a player of the panel earns."""
    for place, name in _criteria(case):
        agent, runs = max(case.panel.items(), key=lambda pair: _mean_share(pair[1], place))
        share = _mean_share(runs, place)
        about = f"pays {share:.4f} of its weight to {agent!r}, which does not read"
        yield Measurement(name, share, MOST_FREE, about, runs[0].shown)


def constant(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure how far the lowest and the highest value of each criterion are apart."""
    runs = [run for run in case.all_runs if run.ended]
    for place, criterion in enumerate(case.scenario.rubric.criteria):
        lowest = min(runs, key=lambda run: run.grade.parts[place].value)
        values = [run.grade.parts[place].value for run in runs]
        low, high = min(values), max(values)
        if criterion.weight > 0 and not high:
            continue  # dead, which another check tells
        about = f"its value goes from {low:.4f} to {high:.4f} in {len(runs)} runs"
        yield Measurement(criterion.name, high - low, LEAST_RANGE, about, lowest.shown)


def duplicate(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure in how many runs the two criteria that are most alike have the same value."""
    names = dict(_criteria(case))
    alike = {
        (one, other): share
        for one, other in combinations(names, 2)
        if (share := _alike(case.all_runs, one, other)) is not None
    }
    if not alike:
        yield Measurement("", None, None, "no two criteria have values that can be compared")
        return
    (one, other), share = max(alike.items(), key=lambda pair: pair[1])
    about = f"{names[one]} and {names[other]} have the same value in {share:.4f} of the runs"
    yield Measurement(f"{names[one]}, {names[other]}", share, MOST_ALIKE, about)


def discrimination(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure how many players of the panel earn less of each criterion than the best does."""
    for place, name in _criteria(case):
        best = _mean_share(case.best.runs, place)
        if not best:
            continue  # dead, or not worth its price
        less = [agent for agent, runs in case.panel.items() if _mean_share(runs, place) < best]
        share = len(less) / len(case.panel)
        about = f"{len(less)} of {len(case.panel)} players of the panel earn less than the best"
        yield Measurement(name, share, LEAST_TOLD, about, case.best.runs[0].shown)


def _criteria(case: ScenarioCase) -> Iterator[tuple[int, str]]:
    """Yield the place and name of each criterion that gives points."""
    for place, criterion in enumerate(case.scenario.rubric.criteria):
        if criterion.weight > 0:
            yield place, criterion.name


def _share(run: Played, place: int) -> float:
    return share_of(run.grade.parts[place])


def _mean_share(runs: Runs, place: int) -> float:
    return fmean(_share(run, place) for run in runs)


def _alike(runs: Sequence[Played], one: int, other: int) -> float | None:
    """Return the share of *runs* in which two criteria have one value, of those that pay either."""
    pairs = [_values(run.grade.parts, one, other) for run in runs]
    paid = [(first, second) for first, second in pairs if first or second]
    if len({first for first, _ in paid}) < 3 or len({second for _, second in paid}) < 3:
        return None
    return sum(first == second for first, second in paid) / len(paid)


def _values(parts: Sequence[Part], one: int, other: int) -> tuple[float, float]:
    return parts[one].value, parts[other].value


CHECKS = (
    Check("criteria.vacuous", "no criterion pays where there was nothing", "at most", vacuous),
    Check("criteria.free", "no criterion comes for free", "at most", free),
    Check("criteria.constant", "each criterion varies", "at least", constant),
    Check("criteria.duplicate", "no two criteria are one", "at most", duplicate),
    Check(
        "criteria.discrimination", "each criterion tells the best apart", "at least", discrimination
    ),
)
"""The checks of what criteria pay."""
