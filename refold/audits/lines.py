"""What the criteria of a rubric pay in runs that were played, whoever played them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from statistics import fmean
from typing import Protocol

from refold.audits.findings import Measurement, Shown, Stored
from refold.engine import Stream
from refold.graders import Grade
from refold.graders.grading import Part

LEAST_RANGE = 0.01
"""How far the lowest and the highest value of a criterion have to be apart."""
LEAST_TOLD = 0.5
"""Share of the panel that has to earn less of a criterion than the best does."""
MOST_ALIKE = 0.99
"""Share of the runs in which two criteria may have the same value."""

_FEWEST_RUNS = 5


class GradedRun(Protocol):
    """An episode with its grade."""

    @property
    def grade(self) -> Grade:
        """Its grade."""

    @property
    def stream(self) -> Stream:
        """Its events."""

    @property
    def agent(self) -> str:
        """Who played it."""

    @property
    def episode(self) -> Shown | Stored:
        """The episode, as a measurement shows it."""


def vacuous(runs: Sequence[GradedRun]) -> Iterator[Measurement]:
    """Measure the most that each criterion pays without an event to rest on."""
    for place, name in paying(runs):
        resting = [run for run in runs if not run.grade.parts[place].seqs]
        if not resting:
            yield Measurement(name, 0.0, 0.0, "rests on events in every run")
            continue
        best = max(resting, key=lambda run: share_of(run.grade.parts[place]))
        share = share_of(best.grade.parts[place])
        about = f"pays {share:.4f} of its weight to {best.agent!r:.100} without an event to rest on"
        yield Measurement(name, share, 0.0, about, best.episode)


def constant(runs: Sequence[GradedRun]) -> Iterator[Measurement]:
    """Measure how far the lowest and the highest value of each criterion are apart, but of dead."""
    for place, part in enumerate(runs[0].grade.parts):
        lowest = min(runs, key=lambda run: run.grade.parts[place].value)
        values = [run.grade.parts[place].value for run in runs]
        low, high = min(values), max(values)
        if part.most and not high:
            continue  # dead, which another check tells
        about = f"its value goes from {low:.4f} to {high:.4f} in {len(runs)} runs"
        yield Measurement(part.name, high - low, LEAST_RANGE, about, lowest.episode)


def duplicate(runs: Sequence[GradedRun]) -> Iterator[Measurement]:
    """Measure in how many runs the two criteria that are most alike have the same value."""
    names = dict(paying(runs))
    alike = {
        pair: share for pair in combinations(names, 2) if (share := _alike(runs, *pair)) is not None
    }
    if not alike:
        yield Measurement("", None, None, "no two criteria have values that can be compared")
        return
    (one, other), share = max(alike.items(), key=lambda pair: pair[1])
    about = f"both have the same value in {share:.4f} of the runs in which either pays"
    yield Measurement(f"{names[one]}, {names[other]}", share, MOST_ALIKE, about)


def discrimination(
    panel: Mapping[str, Sequence[GradedRun]], best: Sequence[GradedRun]
) -> Iterator[Measurement]:
    """Measure how many players of the *panel* earn less of each criterion than the *best* runs."""
    for place, name in paying(best):
        most = mean_share(best, place)
        if not most:
            continue  # dead, or not worth its price
        less = [agent for agent, runs in panel.items() if mean_share(runs, place) < most]
        about = f"{len(less)} of {len(panel)} players of the panel earn less than the best"
        yield Measurement(name, len(less) / len(panel), LEAST_TOLD, about, best[0].episode)


def paying(runs: Sequence[GradedRun]) -> Iterator[tuple[int, str]]:
    """Yield the place and the name of each criterion that gives points."""
    for place, part in enumerate(runs[0].grade.parts):
        if part.most:
            yield place, part.name


def share_of(part: Part) -> float:
    """Return the share of its weight that *part* pays, 0 to 1."""
    return part.value * part.gate


def mean_share(runs: Sequence[GradedRun], place: int) -> float:
    """Return the mean share of its weight that the criterion at *place* pays in *runs*."""
    return fmean(share_of(run.grade.parts[place]) for run in runs)


def _alike(runs: Sequence[GradedRun], one: int, other: int) -> float | None:
    """
    Return in what share of *runs*, of those in which either pays, two criteria have one value.

    None if one of them always has the same, or pays too rarely to tell.
    """
    pairs = [(run.grade.parts[one].value, run.grade.parts[other].value) for run in runs]
    if any(len({pair[side] for pair in pairs}) < 2 for side in (0, 1)):
        return None
    same = [first == second for first, second in pairs if first or second]
    return sum(same) / len(same) if len(same) >= _FEWEST_RUNS else None
