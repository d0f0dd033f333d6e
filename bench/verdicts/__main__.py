"""
Hold verdicts against forks: ``python -m bench.verdicts``, some minutes.

Plays episodes of every scenario, well and badly, and plays on from each of their steps with careful
players. A step is to blame for the fall of the best score that can be reached from there.
"""

import argparse
from collections import Counter
from collections.abc import Iterator

from attrs import frozen

from bench.verdicts.forks import falls
from bench.verdicts.players import stumbling
from refold.agents import make_policy, play
from refold.engine import Episode, Stream
from refold.graders import grade
from refold.replays.verdict import Verdict, verdict
from refold.scenarios import load, scenario_names

PASS_AT = 0.7
LEAST_FALL = 0.02
_RATES = (0.1, 0.3)
_TOO_LARGE = {
    f"{family}/{level}@2" for family in ("workflow", "inbox") for level in ("hard", "expert")
}


@frozen
class Held:
    """A verdict held against forks: *falls* of the best score by step, from 1."""

    episode: str
    verdict: Verdict
    falls: tuple[float, ...]

    @property
    def outcome(self) -> str:
        """How it stands: ``right``, ``next to it``, ``wrong``, ``unnamed``, or without a fall."""
        largest = max(self.falls, default=0.0)
        steps = self.verdict.steps
        if largest < LEAST_FALL:
            return "named without a fall" if steps else "unnamed without a fall"
        if not steps:
            return "unnamed"
        if self.inside >= largest - 1e-9:
            return "right"
        worst = self.falls.index(largest) + 1
        return "next to it" if {worst - 1, worst + 1} & set(steps) else "wrong"

    @property
    def inside(self) -> float:
        """What the steps that the verdict names cost."""
        return sum(self.falls[step - 1] for step in self.verdict.steps)


def episodes(seeds: range) -> Iterator[tuple[str, Stream]]:
    """Yield episodes of every scenario with *seeds*, each with words that say which it is."""
    for name in scenario_names():
        if name in _TOO_LARGE:
            continue
        scenario = load(name)
        for seed in seeds:
            for agent, rate in _agents(name):
                episode = Episode.start(scenario, seed=seed)
                policy = make_policy(agent, episode.family, seed=seed, epoch=0)
                play(episode, stumbling(policy, rate, seed) if rate else policy)
                yield f"{name} {agent} {rate:g} {seed}", episode.events


def _agents(name: str) -> Iterator[tuple[str, float]]:
    good = (
        "reader" if name.endswith("@2") else "greedy" if name.startswith("workflow") else "baseline"
    )
    yield good, 0.0
    yield from ((good, rate) for rate in _RATES)
    yield "random", 0.0


def main() -> None:
    """Print each episode with what is found, and the shares."""
    parser = argparse.ArgumentParser(prog="python -m bench.verdicts", description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    counts: Counter[tuple[str, str]] = Counter()
    for which, stream in episodes(range(arguments.first, arguments.first + arguments.seeds)):
        if arguments.only not in which:
            continue
        told = verdict(stream, grade(stream), pass_at=PASS_AT)
        assert told is not None
        held = Held(which, told, tuple(falls(stream)))
        key = stream.family.title
        counts[key, held.outcome] += 1
        print(
            f"{held.outcome:22} {which}  inside {held.inside:.2f} of {sum(held.falls):.2f} ({tops})  | {told.text[:230]}",
            flush=True,
        )
    for key, number in sorted(counts.items()):
        print(*key, number)


if __name__ == "__main__":
    main()
