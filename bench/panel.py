"""
The figures of version 2: ``python -m bench.panel [SEEDS]``, by default 30 seeds, ten minutes.

A Markdown table for each family goes to stdout: the mean score of each agent over the first seeds
of each size, lowest and highest beside it. No figure makes it fail.
"""

import sys
from collections.abc import Iterator, Sequence
from statistics import fmean

from refold.agents import make_policy, play
from refold.engine import Episode, Family
from refold.engine.registry import find_family
from refold.graders import grade
from refold.scenarios import load

FAMILIES = ("workflow", "inbox")
SEEDS = 30


def known_agents(family: Family) -> list[str]:
    """Return the agents of *family* that are played: those that see all first, canaries last."""
    honest = (*family.players, *family.policies, "noop")
    return [family.oracle or "", "greedy", *honest, *family.canaries]


def scores(scenario: str, agent: str, seeds: Sequence[int]) -> list[float]:
    """Return what *agent*, a built-in one or a canary, scores in *scenario* with each seed."""
    definition, found = load(scenario), []
    for seed in seeds:
        episode = Episode.start(definition, seed=seed)
        blind = episode.family.canaries.get(agent)
        play(episode, blind(seed) if blind else make_policy(agent, episode.family, seed=seed))
        found.append(grade(episode.events).score)
    return found


def table(family: Family, seeds: Sequence[int]) -> Iterator[str]:
    """Yield the lines of the table of *family*; what is best of the canaries comes last."""
    yield f"| {family.title} | {' | '.join(family.scenarios)} |"
    yield "|---" * (1 + len(family.scenarios)) + "|"
    means: dict[str, list[float]] = {}
    for agent in known_agents(family):
        rows = [scores(name, agent, seeds) for name in family.scenario_names]
        means[agent] = [fmean(row) for row in rows]
        cells = [f"{fmean(row):.3f} ({min(row):.2f}-{max(row):.2f})" for row in rows]
        yield f"| {agent} | {' | '.join(cells)} |"
    best = [max(means[each][place] for each in family.canaries) for place in range(len(rows))]
    yield f"| **best canary** | {' | '.join(f'{each:.3f}' for each in best)} |"


def main() -> None:
    """Print the tables."""
    seeds = range(int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS)
    for name in FAMILIES:
        for line in table(find_family(name, 2), seeds):
            print(line, flush=True)
        print()


if __name__ == "__main__":
    main()
