"""
Hold verdicts against forks: ``python -m bench.verdicts``, a minute or two.

Plays episodes of both families, well and badly, and plays on from each of their steps with careful
players. A step is to blame for the fall of the best score that can be reached from there. A verdict
is right if the steps that it names cost at least as much as the step with the largest fall.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from bench.verdicts.held import OUTCOMES, Held, hold
from bench.verdicts.players import stumbling
from refold.agents import make_policy, play
from refold.engine import Episode, Stream
from refold.scenarios import load, scenario_names

_RATES = (0.1, 0.3)
_LEVELS = ("easy@2", "medium@2")
"""Of version 2; to play on from each step of larger worlds takes hours."""


def main() -> None:
    """Print each episode with what is found, then the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.verdicts", description=__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="seeds of each scenario and agent")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    arguments = parser.parse_args()
    seeds = range(arguments.first, arguments.first + arguments.seeds)
    found: dict[str, list[Held]] = defaultdict(list)
    for name, stream in episodes(seeds):
        held = hold(stream)
        found[stream.family.title].append(held)
        print(f"{held.outcome:22}  {name}: {held.verdict.short}", flush=True)
    print("\n".join(table(found.items())))


def episodes(seeds: Iterable[int]) -> Iterator[tuple[str, Stream]]:
    """Yield episodes with each of *seeds*, and words that say which they are."""
    names = [name for name in scenario_names() if "@" not in name or name.endswith(_LEVELS)]
    for name in names:
        scenario = load(name)
        for seed in seeds:
            for agent, rate in _agents(name):
                episode = Episode.start(scenario, seed=seed)
                policy = make_policy(agent, episode.family, seed=seed, epoch=0)
                play(episode, stumbling(policy, rate, seed) if rate else policy)
                yield f"{name} {agent} erring {rate:.0%} seed {seed}", episode.events


def _agents(name: str) -> Iterator[tuple[str, float]]:
    """Yield who plays, and at what rate it errs."""
    own = "greedy" if name.startswith("workflow") else "baseline"
    good = "reader" if name.endswith("@2") else own
    yield from ((good, rate) for rate in (0.0, *_RATES))
    yield "random", 0.0


def table(found: Iterable[tuple[str, Sequence[Held]]]) -> Iterator[str]:
    """Yield the lines of the table of what was *found*, by family."""
    columns = ("episodes", *OUTCOMES, "share of falls inside", "share of steps inside")
    yield f"\n| family | {' | '.join(columns)} |"
    yield f"|---|{'--:|' * len(columns)}"
    rows = dict(found)
    for name, held in (*rows.items(), ("all", [each for some in rows.values() for each in some])):
        numbers = [sum(each.outcome == outcome for each in held) for outcome in OUTCOMES]
        named = [each for each in held if each.verdict.steps and sum(each.falls)]
        inside = sum(each.inside for each in named) / sum(sum(each.falls) for each in named)
        steps = sum(len(each.verdict.steps) for each in named) / sum(
            len(each.falls) for each in named
        )
        cells = (name, len(held), *numbers, f"{inside:.2f}", f"{steps:.2f}")
        yield f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    main()
