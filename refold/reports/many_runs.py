"""
Compare three runs and more over the seeds that all of them played.

A column is a run, or one agent of a run that several played. Every pair of columns is tested on
these scenarios, and the p-values are adjusted for the number of pairs, whether or not they are
shown: among equal agents any pair at all is called clear in 5 % of cases at most.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from statistics import fmean

from attrs import frozen

from refold.engine import RefoldError
from refold.reports.outcomes import Outcome, Setting
from refold.reports.p_values import holm
from refold.reports.paired import Difference, difference_here
from refold.reports.pairs import check_settings

_PLACES = 4  # of scores

_MOST_APART = 5

Player = tuple[str, str]
"""A run, and an agent of it."""
World = tuple[Setting, int]
Played = Mapping[World, Sequence[Outcome]]


@frozen
class Column:
    """
    One run, or one agent of it.

    Attributes:
        name: The run, with the agent if the run has several.
        run: The run.
        agent: The agent.
        means: Mean score by scenario.
        passed: Number of passes and of episodes by scenario.
        mean: Mean of the scenario means.
    """

    name: str
    run: str
    agent: str
    means: Mapping[Setting, float]
    passed: Mapping[Setting, tuple[int, int]]
    mean: float


@frozen
class Lead:
    """
    A pair of columns, the better one first.

    Attributes:
        ahead: Name of the better.
        behind: Name of the other.
        difference: How much better, on these scenarios.
        p: P-value adjusted for all pairs.
        least_p: The smallest adjusted p-value that so many units could give, beside the others.
        clear: Whether it is no chance.
    """

    ahead: str
    behind: str
    difference: Difference
    p: float
    least_p: float
    clear: bool


@frozen
class Apart:
    """
    A scenario and seed at which the columns differ much.

    Attributes:
        scenario: The scenario.
        seed: Its seed.
        scores: Mean score of each column, in their order.
        columns: Places of the lowest and of the highest column.
        episodes: The first episode of the lowest, and of the highest.
        alike: How many more seeds of the scenario have these scores.
    """

    scenario: str
    seed: int
    scores: tuple[float, ...]
    columns: tuple[int, int]
    episodes: tuple[str, str]
    alike: int

    @property
    def spread(self) -> float:
        """How far the highest score is above the lowest."""
        return round(max(self.scores) - min(self.scores), _PLACES)


@frozen
class ManyRuns:
    """
    How several runs compare.

    Attributes:
        scenarios: Those with a seed that every column has.
        columns: Best first.
        leads: All pairs of columns, in the order of the columns.
        worlds: Number of seeds that count.
        left_aside: Number of seeds that not every column has.
        apart: The seeds at which the columns differ most, five at most, equal ones as one.
    """

    scenarios: tuple[Setting, ...]
    columns: tuple[Column, ...]
    leads: tuple[Lead, ...]
    worlds: int
    left_aside: int
    apart: tuple[Apart, ...]


def compare_many(runs: Mapping[str, Sequence[Outcome]], *, pass_at: float) -> ManyRuns:
    """
    Compare *runs*, each with all of its outcomes; with a score of *pass_at* an episode passes.

    Raises:
        RefoldError: There are fewer than two runs and agents, they have no seed in common, or a
            scenario's episodes are not comparable.
    """
    counted = {
        run: [each for each in outcomes if not each.excluded] for run, outcomes in runs.items()
    }
    for a, b in combinations(counted, 2):
        check_settings((a, b), counted[a], counted[b])
    played: dict[Player, dict[World, list[Outcome]]] = {}
    for run, outcomes in counted.items():
        for outcome in outcomes:
            worlds = played.setdefault((run, outcome.agent), defaultdict(list))
            worlds[outcome.setting, outcome.seed].append(outcome)
    if len(played) < 2:
        raise RefoldError(
            f"runs {', '.join(map(repr, counted))}: expected two runs or agents with episodes "
            f"that count, got {len(played)}; `refold report` tells of one"
        )
    return _compare(played, pass_at)


def _compare(played: Mapping[Player, Played], pass_at: float) -> ManyRuns:
    every = list(dict.fromkeys(world for worlds in played.values() for world in worlds))
    shared = [world for world in every if all(world in worlds for worlds in played.values())]
    if not shared:
        raise RefoldError(
            f"runs {', '.join(repr(run) for run, _ in played)}: expected a scenario and seed that "
            "all have, got none; record them with the same --seed and --epochs"
        )
    runs = [run for run, _ in played]
    columns = {
        key: _column(key, worlds, shared, pass_at, several=runs.count(key[0]) > 1)
        for key, worlds in played.items()
    }
    best_first = sorted(columns, key=lambda key: -columns[key].mean)  # equal ones as given
    pairs = list(combinations(best_first, 2))
    differences = [_difference(played[behind], played[ahead], shared) for ahead, behind in pairs]
    ps = [each.p for each in differences]
    least = [
        holm([*ps[:place], each.least_p, *ps[place + 1 :]])[place]
        for place, each in enumerate(differences)
    ]
    return ManyRuns(
        scenarios=tuple(dict.fromkeys(setting for setting, _ in shared)),
        columns=tuple(columns[key] for key in best_first),
        leads=tuple(
            Lead(columns[ahead].name, columns[behind].name, found, p, least_p, found.is_clear(p))
            for (ahead, behind), found, p, least_p in zip(
                pairs, differences, holm(ps), least, strict=True
            )
        ),
        worlds=len(shared),
        left_aside=len(every) - len(shared),
        apart=tuple(_farthest_apart([played[key] for key in best_first], shared)),
    )


def _farthest_apart(columns: Sequence[Played], shared: Iterable[World]) -> Iterator[Apart]:
    alike: dict[tuple[Setting, tuple[float, ...]], list[World]] = defaultdict(list)
    for world in shared:
        scores = tuple(_mean(column[world]) for column in columns)
        if len(set(scores)) > 1:
            alike[world[0], scores].append(world)
    groups = sorted(alike.items(), key=lambda group: min(group[0][1]) - max(group[0][1]))
    for (setting, scores), (first, *more) in groups[:_MOST_APART]:
        low, high = scores.index(min(scores)), scores.index(max(scores))
        yield Apart(
            scenario=setting.scenario,
            seed=first[1],
            scores=scores,
            columns=(low, high),
            episodes=(columns[low][first][0].id, columns[high][first][0].id),
            alike=len(more),
        )


def _mean(outcomes: Iterable[Outcome]) -> float:
    # Beyond the places of scores there is rounding error only, which would part equal ones.
    return round(fmean(each.score for each in outcomes), _PLACES)


def _column(
    key: Player, worlds: Played, shared: Iterable[World], pass_at: float, *, several: bool
) -> Column:
    scores: dict[Setting, list[Sequence[float]]] = defaultdict(list)
    for world in shared:
        scores[world[0]].append([each.score for each in worlds[world]])
    means = {setting: fmean(map(fmean, each)) for setting, each in scores.items()}
    passed = {
        setting: (sum(score >= pass_at for some in each for score in some), sum(map(len, each)))
        for setting, each in scores.items()
    }
    name = " ".join(key) if several else key[0]
    return Column(name, *key, means=means, passed=passed, mean=fmean(means.values()))


def _difference(left: Played, right: Played, shared: Iterable[World]) -> Difference:
    strata: dict[Setting, list[float]] = defaultdict(list)
    for world in shared:
        a, b = (fmean(each.score for each in side[world]) for side in (left, right))
        strata[world[0]].append(round(b - a, _PLACES + 2))
    ends = [setting.bounds for setting in strata]
    width = max(high for _, high in ends) - min(low for low, _ in ends)
    return difference_here(list(strata.values()), bounds=(-width, width))
