"""
Compare two runs over the same scenarios and seeds by paired differences.

Only episodes that count are paired. A difference is always second minus first. A seed of a scenario
is one unit, and its repetitions are averaged first; of a scenario with a single seed, its
repetitions are the units. Means are means of scenario means.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean
from typing import Literal

from attrs import frozen

from refold.engine import EventLog
from refold.engine.log.left_out import LeftOut
from refold.graders.elsewhere import Workers
from refold.graders.grading import DECIMAL_PLACES
from refold.graders.sources import GradeSource
from refold.reports.noise import Noise, noise_of_difference, replay_noise
from refold.reports.outcomes import Outcome, Setting, measure_outcomes, nothing_of
from refold.reports.paired import Difference, difference_elsewhere, difference_here
from refold.reports.pairs import Pair, Runs, pair_outcomes, scenario_and_seed
from refold.reports.statistics import Bounds

Unit = Literal["world", "episode"]
_MOVES_SHOWN = 5
Strata = tuple[tuple[float, ...], ...]


@frozen
class Move:
    """A pair of episodes, the first one's first, with their scores."""

    scenario: str
    seed: int
    epochs: tuple[int, int]
    episodes: tuple[str, str]
    scores: tuple[float, float]

    @property
    def difference(self) -> float:
        """How much higher the second score is."""
        return round(self.scores[1] - self.scores[0], DECIMAL_PLACES)

    @property
    def lower(self) -> str:
        """The id of the episode with the lower score; of equal ones, the first."""
        return self.episodes[int(self.difference < 0)]


@frozen
class Flip(Move):
    """A pair of which only one episode passed; *better* is 0 for the first, 1 for the second."""

    better: int


@frozen
class LargeMove(Move):
    """A pair that moved far; *alike* is how many more have its scenario and scores."""

    alike: int


@frozen
class Contrast:
    """
    The comparison over some pairs.

    Attributes:
        pairs: Their number.
        unit: The independent units: seeds, or episodes where each scenario has one seed.
        means: Mean of the scenario means of each side.
        passed: Number that passed of each side.
        flips: Number of pairs in which only the first passed, and only the second.
        here: The difference, for these scenarios.
        elsewhere: The difference, for other scenarios of the kind; None for a single scenario.
    """

    pairs: int
    unit: Unit
    means: tuple[float, float]
    passed: tuple[int, int]
    flips: tuple[int, int]
    here: Difference
    elsewhere: Difference | None


@frozen
class Comparison:
    """
    How two runs compare.

    Attributes:
        scenarios: The contrast on each scenario, in the order of the first run.
        overall: The contrast over all pairs.
        strata: For each scenario the differences of its units.
        bounds: The lowest and highest difference possible.
        flips: The pairs of which only one episode passed.
        moves: The pairs that moved farthest, five at most, those of equal scores as one.
        always_same: Whether both runs repeated every seed, always with the same events, so that
            the difference is a fact.
        noise: How far replaying alone moves the difference; None unless both runs have a seed
            repeated in every scenario.
        unpaired: Number of episodes of each run that count but have no partner.
        exclusions: Episodes of each run that do not count, by reason.
    """

    scenarios: Mapping[Setting, Contrast]
    overall: Contrast
    strata: Strata
    bounds: Bounds
    flips: tuple[Flip, ...]
    moves: tuple[LargeMove, ...]
    always_same: bool
    noise: float | None
    unpaired: tuple[int, int]
    exclusions: tuple[Mapping[str, int], Mapping[str, int]]


def compare(
    log: EventLog,
    runs: Runs,
    *,
    pass_at: float,
    left_out: LeftOut | None = None,
    source: GradeSource | None = None,
    workers: Workers | None = None,
) -> Comparison:
    """
    Compare two *runs* of *log*; an episode passes with a score of at least *pass_at*.

    *left_out*, if given, notes the episodes that cannot be read or graded; *source* gives the
    grades, in place of the recorded rubrics, and *workers* do so in other processes.

    Raises:
        RefoldError: They have no scenario and seed in common, or a scenario's episodes are not
            comparable because rubric, rules or parameters differ.
    """
    first, second = (
        [
            outcome
            for outcome, _ in measure_outcomes(
                log, nothing_of, run=run, left_out=left_out, source=source, workers=workers
            )
        ]
        for run in runs
    )
    return compare_outcomes(runs, (first, second), pass_at=pass_at)


def compare_outcomes(
    runs: Runs, read: tuple[Sequence[Outcome], Sequence[Outcome]], *, pass_at: float
) -> Comparison:
    """Compare two *runs* by all outcomes that were *read* of each; errors are as ``compare``'s."""
    left, right = ([each for each in side if not each.excluded] for side in read)
    pairs = pair_outcomes(runs, left, right)
    by_setting: dict[Setting, list[Pair]] = defaultdict(list)
    for pair in pairs:
        by_setting[pair[0].setting].append(pair)
    sides = [a for a, _ in pairs], [b for _, b in pairs]
    return Comparison(
        scenarios={key: _contrast_of([group], pass_at) for key, group in by_setting.items()},
        overall=_contrast_of(list(by_setting.values()), pass_at),
        strata=_strata(by_setting.values()),
        bounds=_bounds(by_setting),
        flips=tuple(_flips(pairs, pass_at)),
        moves=tuple(_largest_moves(pairs)),
        always_same=all(map(_always_same, sides)),
        noise=_noise(*sides),
        unpaired=(len(left) - len(pairs), len(right) - len(pairs)),
        exclusions=(_exclusions(read[0]), _exclusions(read[1])),
    )


def _contrast_of(groups: Sequence[Sequence[Pair]], pass_at: float) -> Contrast:
    """Return the contrast over the pairs of some scenarios, a group for each."""
    pairs = [pair for group in groups for pair in group]
    strata, bounds = _strata(groups), _bounds(a.setting for a, _ in pairs)
    passes = [(a.score >= pass_at, b.score >= pass_at) for a, b in pairs]
    several = any(len(_by_world(group)) > 1 for group in groups)
    single = len(groups) == 1
    return Contrast(
        pairs=len(pairs),
        unit="world" if several or max(map(len, groups)) == 1 else "episode",
        means=(_mean_of_means(groups, 0), _mean_of_means(groups, 1)),
        passed=(sum(a for a, _ in passes), sum(b for _, b in passes)),
        flips=(sum(a and not b for a, b in passes), sum(b and not a for a, b in passes)),
        here=difference_here(strata, bounds=bounds),
        elsewhere=None if single else difference_elsewhere(strata, bounds=bounds),
    )


def _by_world(pairs: Iterable[Pair]) -> dict[object, list[Pair]]:
    worlds: dict[object, list[Pair]] = defaultdict(list)
    for pair in pairs:
        worlds[scenario_and_seed(pair[0])].append(pair)
    return worlds


def _strata(groups: Iterable[Sequence[Pair]]) -> Strata:
    return tuple(tuple(_differences(group)) for group in groups)


def _differences(pairs: Sequence[Pair]) -> Iterator[float]:
    """Yield the difference of each seed; of a single seed, that of each pair."""
    worlds = _by_world(pairs)
    for group in worlds.values() if len(worlds) > 1 else [[pair] for pair in pairs]:
        # Scores have 4 decimal places: anything beyond is a rounding error and would break ties.
        yield fmean(round(b.score - a.score, DECIMAL_PLACES) for a, b in group)


def _mean_of_means(groups: Iterable[Sequence[Pair]], side: int) -> float:
    """Return the mean over scenarios of the mean over seeds of a side's mean score."""
    return fmean(
        fmean(fmean(pair[side].score for pair in world) for world in _by_world(group).values())
        for group in groups
    )


def _bounds(settings: Iterable[Setting]) -> Bounds:
    """Return the range of differences: plus or minus the widest range of scores."""
    ends = [setting.bounds for setting in settings]
    width = max(high for _, high in ends) - min(low for low, _ in ends)
    return -width, width


def _repetitions(outcomes: Iterable[Outcome]) -> dict[object, dict[object, list[Outcome]]]:
    """Return what each agent played, by agent and seed."""
    found: dict[object, dict[object, list[Outcome]]] = defaultdict(lambda: defaultdict(list))
    for outcome in outcomes:
        found[outcome.agent][scenario_and_seed(outcome)].append(outcome)
    return found


def _always_same(outcomes: Iterable[Outcome]) -> bool:
    return all(
        len(played) > 1 and len({each.digest for each in played}) == 1
        for worlds in _repetitions(outcomes).values()
        for played in worlds.values()
    )


def replay_noise_of(outcomes: Iterable[Outcome]) -> Noise | None:
    """
    Return the noise of the mean of *outcomes*, all of one agent.

    None if a scenario has no seed that was repeated, or if there are several agents: what one
    of them scatters is not noise of another.
    """
    by_agent = _repetitions(outcomes)
    if len(by_agent) != 1:
        return None
    (worlds,) = by_agent.values()
    scenarios: dict[Setting, list[list[float]]] = defaultdict(list)
    for played in worlds.values():
        scenarios[played[0].setting].append([each.score for each in played])
    return replay_noise(list(scenarios.values()))


def _noise(left: Iterable[Outcome], right: Iterable[Outcome]) -> float | None:
    a, b = replay_noise_of(left), replay_noise_of(right)
    return noise_of_difference(a, b) if a and b else None


def _flips(pairs: Iterable[Pair], pass_at: float) -> Iterator[Flip]:
    for a, b in pairs:
        if (a.score >= pass_at) != (b.score >= pass_at):
            yield Flip(*_move(a, b), better=int(b.score > a.score))


def _largest_moves(pairs: Iterable[Pair]) -> Iterator[LargeMove]:
    """Yield the largest moves, equal ones in the order of the pairs."""
    alike: dict[object, list[Pair]] = defaultdict(list)
    for a, b in pairs:
        if a.score != b.score:
            alike[a.setting.scenario, a.score, b.score].append((a, b))
    groups = sorted(alike.values(), key=lambda group: -abs(group[0][1].score - group[0][0].score))
    for first, *more in groups[:_MOVES_SHOWN]:
        yield LargeMove(*_move(*first), alike=len(more))


def _move(
    a: Outcome, b: Outcome
) -> tuple[str, int, tuple[int, int], tuple[str, str], tuple[float, float]]:
    """Return the values of a ``Move``."""
    return a.setting.scenario, a.seed, (a.epoch, b.epoch), (a.id, b.id), (a.score, b.score)


def _exclusions(outcomes: Iterable[Outcome]) -> Mapping[str, int]:
    return Counter(outcome.excluded for outcome in outcomes if outcome.excluded)
