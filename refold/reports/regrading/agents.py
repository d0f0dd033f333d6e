"""Each agent by the old and the new grades: means, ranks, passes, and its noise floor."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen

from refold.graders.grading import DECIMAL_PLACES
from refold.reports.noise import noise_of_replay, replay_noise
from refold.reports.regrading.scores import NEW, OLD, Scores, Worlds, mean_of
from refold.scenarios.keys import ScenarioKey


@frozen
class AgentRow:
    """
    One agent. Agents are ranked among those that played the same scenarios.

    Attributes:
        agent: Its name.
        scenarios: Names of the scenarios that it played, sorted.
        n: Number of its episodes.
        old: Mean of the scenarios' means by the old grades.
        new: The same by the new ones.
        noise: How far replaying all moves its mean, by the new grades; 0 if it always does the
            same, None unless a seed of every scenario was repeated.
        old_rank: 1 for the best by the old grades; equal means share a rank.
        rank: The same by the new ones.
        lost: Passes lost.
        gained: Passes gained.
    """

    agent: str
    scenarios: tuple[str, ...]
    n: int
    old: float
    new: float
    noise: float | None
    old_rank: int
    rank: int
    lost: int
    gained: int

    @property
    def move(self) -> float:
        """New mean minus old mean."""
        return round(self.new - self.old, DECIMAL_PLACES) + 0.0


def agent_rows(scores: Scores, pass_at: float) -> tuple[AgentRow, ...]:
    """Return the agents, those that played the same scenarios together, best first."""
    groups: dict[tuple[ScenarioKey, ...], list[str]] = defaultdict(list)
    for agent, scenarios in scores.agents.items():
        groups[tuple(sorted(scenarios))].append(agent)
    rows = []
    for agents in groups.values():
        means = [
            {agent: _mean(scores.agents[agent], side) for agent in agents} for side in (OLD, NEW)
        ]
        made = [_row(scores, agent, means[OLD], means[NEW], pass_at) for agent in agents]
        rows += sorted(made, key=lambda row: (row.rank, row.agent))
    return tuple(rows)


def _mean(scenarios: Mapping[ScenarioKey, Worlds], side: int) -> float:
    return round(mean_of(scenarios, side), DECIMAL_PLACES)


def _row(
    scores: Scores,
    agent: str,
    olds: Mapping[str, float],
    news: Mapping[str, float],
    pass_at: float,
) -> AgentRow:
    scenarios = scores.agents[agent]
    scored = [each for worlds in scenarios.values() for many in worlds.values() for each in many]
    passes = [(old >= pass_at, new >= pass_at) for old, new in scored]
    return AgentRow(
        agent=agent,
        scenarios=tuple(sorted({name for name, *_ in scenarios})),
        n=len(scored),
        old=olds[agent],
        new=news[agent],
        noise=_noise(scenarios.values()),
        old_rank=_rank(agent, olds),
        rank=_rank(agent, news),
        lost=sum(old and not new for old, new in passes),
        gained=sum(new and not old for old, new in passes),
    )


def _rank(agent: str, means: Mapping[str, float]) -> int:
    return 1 + sum(mean > means[agent] for mean in means.values())


def _noise(scenarios: Iterable[Worlds]) -> float | None:
    groups: Sequence[Sequence[Sequence[float]]] = [
        [[each[NEW] for each in scored] for scored in worlds.values()] for worlds in scenarios
    ]
    noise = replay_noise(groups)
    return None if noise is None else noise_of_replay(noise)
