"""
The scores of a regrade, old and new, by agent, scenario and seed.

All that the figures need is kept, two numbers for each episode, so that memory grows slowly. Means
are means of scenarios' means, and an agent's mean on a scenario is that of its seeds' means.
"""

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

from attrs import Factory, define

from refold.scenarios.keys import ScenarioKey

OLD, NEW = 0, 1

Scored = tuple[float, float]
Worlds = Mapping[int, Sequence[Scored]]


@define
class Scores:
    """
    Old and new score of each episode.

    Attributes:
        agents: By agent, scenario and seed, in the order of the episodes.
    """

    agents: dict[str, dict[ScenarioKey, dict[int, list[Scored]]]] = Factory(dict)

    def add(self, agent: str, scenario: ScenarioKey, seed: int, scored: Scored) -> None:
        """Add the episode of *agent*."""
        worlds = self.agents.setdefault(agent, {}).setdefault(scenario, {})
        worlds.setdefault(seed, []).append(scored)

    def moves(self) -> Mapping[ScenarioKey, Mapping[int, Sequence[float]]]:
        """Return new minus old score of each episode, by scenario and seed."""
        found: dict[ScenarioKey, dict[int, list[float]]] = {}
        for scenarios in self.agents.values():
            for key, worlds in scenarios.items():
                by_seed = found.setdefault(key, {})
                for seed, scored in worlds.items():
                    by_seed.setdefault(seed, []).extend(new - old for old, new in scored)
        return found


def mean_of(scenarios: Mapping[ScenarioKey, Worlds], side: int) -> float:
    """Return the mean of the scenarios' means, of the side OLD or NEW."""
    return fmean(fmean(world_means(worlds, side)) for worlds in scenarios.values())


def world_means(worlds: Worlds, side: int) -> Iterator[float]:
    """Yield the mean score of each seed, of the side OLD or NEW."""
    for scored in worlds.values():
        yield fmean(each[side] for each in scored)
