"""
Rank the agents of a log by mean score, in one table for each setting.

Episodes with different rules, parameters or rubrics never share a table, so a scenario that
changed has several. Agents that played every scenario of a family, or of the log, are ranked
overall by the mean of their scenario means, unless a scenario has several settings.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

from attrs import Factory, define, frozen
from msgspec import to_builtins

from refold.reports.optima import Shares
from refold.reports.outcomes import AnyScore, Setting
from refold.reports.statistics import Estimate, grouped_mean_interval
from refold.scenarios import scenario_names


@frozen
class Standing:
    """
    An agent's row in a table.

    Attributes:
        rank: 1 for the best; equal means share a rank. None if no episode counts.
        agent: The agent's name.
        mean: The mean it is ranked by; None if no episode counts.
        score: Number of episodes, mean and interval; None in an overall table, or if no
            episode counts.
        best: Its best score; None where *score* is.
        episode: The first episode with that score; None where *score* is.
        exclusions: Number of its episodes that do not count, by reason.
    """

    rank: int | None
    agent: str
    mean: float | None
    score: Estimate | None = None
    best: float | None = None
    episode: str | None = None
    exclusions: Mapping[str, int] = Factory(dict)


@frozen
class Ranking:
    """
    One ranking table.

    Attributes:
        over: A scenario, a family, or ``all``.
        setting: The setting of all its episodes; None in an overall table.
        scenarios: Names of the scenarios in it.
        places: Best first.
    """

    over: str
    setting: Setting | None
    scenarios: tuple[str, ...]
    places: tuple[Standing, ...]


def ranking_row(ranking: Ranking, shares: Shares) -> dict[str, Any]:
    """Return *ranking* as JSON data, with the share of the optimum that each agent reaches."""
    places = [
        {**to_builtins(place), "optimum_share": shares.mean(ranking.setting, [place.agent])}
        for place in ranking.places
    ]
    row: dict[str, Any] = to_builtins(ranking)
    return {**row, "places": places}


@define
class _AgentScores:
    """Scores, by seed, and exclusions of one agent in one setting."""

    scores: dict[int, list[float]] = Factory(lambda: defaultdict(list))
    best: float | None = None
    episode: str | None = None
    exclusions: Counter[str] = Factory(Counter)

    @property
    def mean(self) -> float:
        """Mean of its seeds' mean scores, at least one."""
        return fmean(map(fmean, self.scores.values()))

    def add(self, outcome: AnyScore) -> None:
        if outcome.excluded:
            self.exclusions[outcome.excluded] += 1
            return
        self.scores[outcome.seed].append(outcome.score)
        # ">", so that of equal scores the first episode is the one linked.
        if self.best is None or outcome.score > self.best:
            self.best, self.episode = outcome.score, outcome.id


_ScoresBySetting = Mapping[Setting, Mapping[str, _AgentScores]]


def rankings(outcomes: Iterable[AnyScore]) -> tuple[list[Ranking], list[str]]:
    """
    Return the tables, and the names of the scenarios that have more than one.

    There is a table for each setting, built-in scenarios first; then one for each family and one
    for the whole log, if there is more than one scenario to take the mean of.
    """
    tallies: dict[Setting, dict[str, _AgentScores]] = defaultdict(lambda: defaultdict(_AgentScores))
    for outcome in outcomes:
        tallies[outcome.setting][outcome.agent].add(outcome)
    settings = sorted(tallies, key=_setting_order)
    tables = [_setting_table(setting, tallies[setting]) for setting in settings]
    times = Counter(setting.scenario for setting in settings)
    several = [scenario for scenario, number in times.items() if number > 1]
    families = list(dict.fromkeys(setting.family for setting in settings))
    for family in families:
        of_family = [setting for setting in settings if setting.family == family]
        tables += _overall_tables(family, of_family, tallies)
    if len(families) > 1:
        tables += _overall_tables("all", settings, tallies)
    return tables, several


def _setting_order(setting: Setting) -> tuple[object, ...]:
    shipped = scenario_names()
    known = setting.scenario in shipped
    place = shipped.index(setting.scenario) if known else len(shipped)
    return place, setting.scenario, setting.rules, setting.rubric.version


def _setting_table(setting: Setting, tallies: Mapping[str, _AgentScores]) -> Ranking:
    scores = {
        agent: grouped_mean_interval(list(tally.scores.values()), bounds=setting.bounds)
        if tally.scores
        else None
        for agent, tally in tallies.items()
    }
    places = tuple(
        Standing(
            rank=rank,
            agent=agent,
            mean=mean,
            score=scores[agent],
            best=tallies[agent].best,
            episode=tallies[agent].episode,
            exclusions=dict(tallies[agent].exclusions),
        )
        for rank, agent, mean in _rank_agents({a: s.mean if s else None for a, s in scores.items()})
    )
    return Ranking(setting.scenario, setting, (setting.scenario,), places)


def _overall_tables(
    over: str, settings: Sequence[Setting], tallies: _ScoresBySetting
) -> list[Ranking]:
    """Return the table over *settings* in a list, empty unless each is another scenario's."""
    names = tuple(setting.scenario for setting in settings)
    if len(set(names)) < max(2, len(names)):
        return []
    # Only who played all of them: a mean over easier scenarios would rank higher for no merit.
    agents = set.intersection(*(_agents_with_scores(tallies[setting]) for setting in settings))
    means = {agent: fmean(tallies[setting][agent].mean for setting in settings) for agent in agents}
    places = tuple(Standing(*each) for each in _rank_agents(means))
    return [Ranking(over, None, names, places)] if places else []


def _agents_with_scores(tallies: Mapping[str, _AgentScores]) -> set[str]:
    return {agent for agent, tally in tallies.items() if tally.scores}


def _rank_agents(
    means: Mapping[str, float | None],
) -> Iterator[tuple[int | None, str, float | None]]:
    """Yield rank, agent and mean, best first, ties by name, and those without a mean last."""
    # The index of a mean's first occurrence is its rank: ties share one, and the next is skipped.
    known = sorted((mean for mean in means.values() if mean is not None), reverse=True)
    for agent in sorted(means, key=lambda each: (-(means[each] or 0.0), each)):
        mean = means[agent]
        if mean is not None:
            yield known.index(mean) + 1, agent, mean
    for agent in sorted(means):
        if means[agent] is None:
            yield None, agent, None
