"""
Reference scores: what simple agents score now, what was published, and the best of a log.

Simple agents are played in memory by the rules and rubrics that ship, so a change in either
shows beside the published figures, which never change.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from statistics import fmean
from typing import Literal

from attrs import Factory, frozen

from refold.agents import make_policy, play, plays
from refold.agents.rollout import epoch_seed
from refold.engine import Episode, Family
from refold.engine.registry import find_family
from refold.graders import grade
from refold.reports.outcomes import Outcome, setting_of
from refold.scenarios import Scenario, load, scenario_names

SEEDS = 20


@frozen
class Baseline:
    """
    One row: an agent's scores on the scenarios of a family.

    Attributes:
        family: The family.
        agent: Who played, or whose figures they are.
        source: ``played`` just now, ``published``, or the best of the ``log``.
        scores: By scenario name.
        remark: What to know when reading it.
        episodes: The episodes behind the scores, by scenario name; of a log only.
    """

    family: str
    agent: str
    source: Literal["played", "published", "log"]
    scores: Mapping[str, float]
    remark: str = ""
    episodes: Mapping[str, Outcome] = Factory(dict)

    @property
    def mean(self) -> float:
        """Mean of the scores, at least one."""
        return fmean(self.scores.values())


def baselines(outcomes: Iterable[Outcome] = (), *, seeds: int = SEEDS) -> Iterator[Baseline]:
    """
    Yield the rows, family by family: played, published, then the best of *outcomes*.

    Args:
        outcomes: Of a log's episodes; those of shipped scenarios count, as they are now.
        seeds: How many seeds ``random`` plays of each scenario, its own first; its scores
            are the means.
    """
    shipped: dict[str, list[Scenario]] = {}
    for scenario in map(load, scenario_names()):
        rules = find_family(scenario.family, scenario.rules)
        shipped.setdefault(rules.title, []).append(scenario)
    best = _best(outcomes, {each.name: each for group in shipped.values() for each in group})
    for family, group in shipped.items():
        rules = find_family(group[0].family, group[0].rules)
        yield from _played(rules, group, seeds)
        yield from _published(rules)
        found = {each.name: best[each.name] for each in group if each.name in best}
        if found:
            scores = {name: outcome.score for name, outcome in found.items()}
            yield Baseline(family, "best of the log", "log", scores, episodes=found)


def _published(family: Family) -> Iterator[Baseline]:
    for each in family.published:
        names = dict(zip(family.scenarios, family.scenario_names, strict=True))
        scores = {names[name]: score for name, score in each.scores.items()}
        yield Baseline(family.title, each.agent, "published", scores, each.remark)


def _played(family: Family, group: list[Scenario], seeds: int) -> Iterator[Baseline]:
    oracle = () if family.oracle is None else (family.oracle,)
    for agent in ("noop", "random", *family.policies, *family.players, *oracle):
        if not plays(agent, family):
            continue
        times = seeds if agent == "random" else 1
        scores = {each.name: _mean_score(each.name, agent, times) for each in group}
        remark = f"mean of {seeds} seeds" if agent == "random" else ""
        yield Baseline(family.title, agent, "played", scores, remark)


def _mean_score(name: str, agent: str, times: int) -> float:
    return fmean(_score(name, agent, epoch) for epoch in range(times))


_shipped = cache(load)  # what ships does not change


@cache  # playing takes seconds, and more seeds begin with the same
def _score(name: str, agent: str, epoch: int) -> float:
    scenario = _shipped(name)
    seed = epoch_seed(scenario.seed, epoch)
    episode = Episode.start(scenario, seed=seed)
    play(episode, make_policy(agent, episode.family, seed=seed, epoch=epoch))
    return grade(episode.events).score


def _best(outcomes: Iterable[Outcome], shipped: Mapping[str, Scenario]) -> dict[str, Outcome]:
    """Return by scenario the first best outcome, of the settings that ship."""
    settings = {setting_of(scenario.body): name for name, scenario in shipped.items()}
    best: dict[str, Outcome] = {}
    for outcome in outcomes:
        name = settings.get(outcome.setting)
        if name is None or outcome.excluded:
            continue
        if name not in best or outcome.score > best[name].score:
            best[name] = outcome
    return best
