"""
Agents of a log ranked by mean score, each table over one setting.

Episodes of unequal rules, parameters or rubrics never share a table, so a scenario that changed
has several. Agents that played all scenarios of a family, or of the log, are ranked overall by
the mean of their scenario means; there is no such table while a scenario has several settings.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

from attrs import Factory, define, frozen

from reports.outcomes import Outcome, Setting
from reports.statistics import Estimate, mean_interval


@frozen
class Place:
    """
    An agent in a table.

    Attributes:
        rank: 1 for the best; equal means share a rank.
        agent: Its name.
        mean: What it is ranked by.
        score: Number of episodes, mean and interval; None in an overall table.
        best: Its best score, and the episode that has it; None in an overall table.
        exclusions: Its episodes that do not count, by reason.
    """

    rank: int
    agent: str
    mean: float
    score: Estimate | None = None
    best: tuple[float, str] | None = None
    exclusions: Mapping[str, int] = Factory(dict)


@frozen
class Ranking:
    """
    One table.

    Attributes:
        over: A scenario, a family, or ``all``.
        setting: What all its episodes share; None in an overall table.
        scenarios: Names of the scenarios that count in it.
        places: Best first.
    """

    over: str
    setting: Setting | None
    scenarios: tuple[str, ...]
    places: tuple[Place, ...]


@define
class _Tally:
    """What is kept of one agent in one setting."""

    scores: list[float] = Factory(list)
    best: tuple[float, str] | None = None
    exclusions: Counter[str] = Factory(Counter)

    def add(self, outcome: Outcome) -> None:
        if outcome.excluded:
            self.exclusions[outcome.excluded] += 1
            return
        self.scores.append(outcome.score)
        if self.best is None or outcome.score > self.best[0]:
            self.best = outcome.score, outcome.id


_Tallies = Mapping[Setting, Mapping[str, _Tally]]


def rankings(outcomes: Iterable[Outcome]) -> tuple[list[Ranking], list[str]]:
    """
    Return the tables, and the names of the scenarios that have more than one.

    A table for each setting, sorted by scenario; then one for each family and one for the whole
    log, where there is more than one scenario to take the mean of.
    """
    tallies: dict[Setting, dict[str, _Tally]] = defaultdict(lambda: defaultdict(_Tally))
    for outcome in outcomes:
        tallies[outcome.setting][outcome.agent].add(outcome)
    settings = sorted(tallies, key=lambda each: (each.scenario, each.rules, each.rubric.version))
    tables = [_table(setting, tallies[setting]) for setting in settings]
    times = Counter(setting.scenario for setting in settings)
    several = [scenario for scenario, number in times.items() if number > 1]
    families = list(dict.fromkeys(setting.family for setting in settings))
    for family in families:
        of_family = [setting for setting in settings if setting.family == family]
        tables += _overall(family, of_family, tallies)
    if len(families) > 1:
        tables += _overall("all", settings, tallies)
    return tables, several


def _table(setting: Setting, tallies: Mapping[str, _Tally]) -> Ranking:
    means = {agent: fmean(each.scores) for agent, each in tallies.items() if each.scores}
    places = tuple(
        Place(
            rank=rank,
            agent=agent,
            mean=means[agent],
            score=mean_interval(tallies[agent].scores, bounds=setting.bounds),
            best=tallies[agent].best,
            exclusions=dict(tallies[agent].exclusions),
        )
        for rank, agent in _ranked(means)
    )
    return Ranking(setting.scenario, setting, (setting.scenario,), places)


def _overall(over: str, settings: Sequence[Setting], tallies: _Tallies) -> list[Ranking]:
    """Return the table over all *settings*, or none if that would mix, or be of just one."""
    names = tuple(setting.scenario for setting in settings)
    if len(set(names)) < max(2, len(names)):
        return []
    agents = set.intersection(*(_scored(tallies[setting]) for setting in settings))
    means = {
        agent: fmean(fmean(tallies[setting][agent].scores) for setting in settings)
        for agent in agents
    }
    places = tuple(Place(rank, agent, means[agent]) for rank, agent in _ranked(means))
    return [Ranking(over, None, names, places)]


def _scored(tallies: Mapping[str, _Tally]) -> set[str]:
    return {agent for agent, tally in tallies.items() if tally.scores}


def _ranked(means: Mapping[str, float]) -> list[tuple[int, str]]:
    """Return ranks and agents, best mean first and then by name."""
    order = sorted(means, key=lambda agent: (-means[agent], agent))
    values = sorted(means.values(), reverse=True)
    return [(values.index(means[agent]) + 1, agent) for agent in order]
