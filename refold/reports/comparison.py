"""
Compare two runs over the same scenarios and seeds by paired differences.

Only episodes that count are paired. A difference is always second minus first. Episodes of one
scenario resemble each other, so with several scenarios these are the independent units behind
interval and p-value; within one scenario its seeds are, and within one seed its repetitions. The
result then says nothing about other scenarios.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from statistics import fmean
from typing import Literal

from attrs import frozen

from refold.engine import EventLog
from refold.engine.log.left_out import LeftOut
from refold.graders.grading import DECIMAL_PLACES
from refold.reports.outcomes import Outcome, Setting, read_outcomes
from refold.reports.pairs import Pair, Runs, pair_outcomes, scenario_and_seed
from refold.reports.statistics import (
    Noise,
    PairedDifference,
    noise_floor,
    noise_of_difference,
    paired_difference,
)

Unit = Literal["scenario", "seed", "episode"]


@frozen
class Flip:
    """A pair of which only one episode passed; *better* is 0 for the first, 1 for the second."""

    scenario: str
    seed: int
    epochs: tuple[int, int]
    episodes: tuple[str, str]
    scores: tuple[float, float]
    better: int


@frozen
class Contrast:
    """
    The comparison over some pairs.

    Attributes:
        unit: The independent units: scenarios, seeds or single episodes.
        means: Mean score of each side, over the pairs.
        passed: Number that passed of each side.
        flips: Number of pairs in which only the first passed, and only the second.
        paired: Mean difference, with interval and p-value.
    """

    unit: Unit
    means: tuple[float, float]
    passed: tuple[int, int]
    flips: tuple[int, int]
    paired: PairedDifference


@frozen
class Comparison:
    """
    How two runs compare.

    Attributes:
        scenarios: The contrast on each scenario, in the order of the first run.
        overall: The contrast over all pairs.
        flips: The pairs of which only one episode passed.
        noise: Scatter of repeated episodes; None if no scenario and seed was repeated.
        chance: How far from 0 this noise alone takes the mean difference of so many pairs.
        unpaired: Number of episodes of each run that count but have no partner.
        exclusions: Episodes of each run that do not count, by reason.
    """

    scenarios: Mapping[Setting, Contrast]
    overall: Contrast
    flips: tuple[Flip, ...]
    noise: Noise | None
    chance: float | None
    unpaired: tuple[int, int]
    exclusions: tuple[Mapping[str, int], Mapping[str, int]]


def compare(
    log: EventLog, runs: Runs, *, pass_at: float, left_out: LeftOut | None = None
) -> Comparison:
    """
    Compare two *runs* of *log*; an episode passes with a score of at least *pass_at*.

    *left_out*, if given, notes the episodes that cannot be read or graded.

    Raises:
        RefoldError: They have no scenario and seed in common, or a scenario's episodes are not
            comparable because rubric, rules or parameters differ.
    """
    read = [
        [outcome for outcome, _ in read_outcomes(log, run=run, left_out=left_out)] for run in runs
    ]
    left, right = ([each for each in side if not each.excluded] for side in read)
    pairs = pair_outcomes(runs, left, right)
    by_setting: dict[Setting, list[Pair]] = defaultdict(list)
    for pair in pairs:
        by_setting[pair[0].setting].append(pair)
    noise = noise_floor(chain(_scores_by_seed(left).values(), _scores_by_seed(right).values()))
    return Comparison(
        scenarios={key: _contrast_of(group, pass_at) for key, group in by_setting.items()},
        overall=_contrast_of(pairs, pass_at),
        flips=tuple(_flips(pairs, pass_at)),
        noise=noise,
        chance=noise_of_difference(noise, len(pairs)) if noise else None,
        unpaired=(len(left) - len(pairs), len(right) - len(pairs)),
        exclusions=(_exclusions(read[0]), _exclusions(read[1])),
    )


def _scores_by_seed(outcomes: Iterable[Outcome]) -> dict[object, list[float]]:
    scores: dict[object, list[float]] = defaultdict(list)
    for outcome in outcomes:
        scores[outcome.setting, outcome.seed].append(outcome.score)
    return scores


def _contrast_of(pairs: Sequence[Pair], pass_at: float) -> Contrast:
    unit = _unit(pairs)
    clusters: dict[object, list[float]] = defaultdict(list)
    for place, (a, b) in enumerate(pairs):
        keys: dict[Unit, object] = {"scenario": a.setting, "seed": a.seed, "episode": place}
        # Scores have 4 decimal places: anything beyond is a rounding error and would break ties.
        clusters[keys[unit]].append(round(b.score - a.score, DECIMAL_PLACES))
    # Scores lie within their rubrics' bounds, so differences within plus or minus the widest.
    low, high = pairs[0][0].setting.bounds
    for a, _ in pairs:
        low, high = min(low, a.setting.bounds[0]), max(high, a.setting.bounds[1])
    passes = [(a.score >= pass_at, b.score >= pass_at) for a, b in pairs]
    return Contrast(
        unit=unit,
        means=(fmean(a.score for a, _ in pairs), fmean(b.score for _, b in pairs)),
        passed=(sum(a for a, _ in passes), sum(b for _, b in passes)),
        flips=(sum(a and not b for a, b in passes), sum(b and not a for a, b in passes)),
        paired=paired_difference(list(clusters.values()), bounds=(low - high, high - low)),
    )


def _unit(pairs: Iterable[Pair]) -> Unit:
    worlds = {scenario_and_seed(a) for a, _ in pairs}
    if len({scenario for scenario, _ in worlds}) > 1:
        return "scenario"
    return "seed" if len(worlds) > 1 else "episode"


def _flips(pairs: Iterable[Pair], pass_at: float) -> Iterator[Flip]:
    for a, b in pairs:
        if (a.score >= pass_at) != (b.score >= pass_at):
            yield Flip(
                scenario=a.setting.scenario,
                seed=a.seed,
                epochs=(a.epoch, b.epoch),
                episodes=(a.id, b.id),
                scores=(a.score, b.score),
                better=int(b.score > a.score),
            )


def _exclusions(outcomes: Iterable[Outcome]) -> Mapping[str, int]:
    return Counter(outcome.excluded for outcome in outcomes if outcome.excluded)
