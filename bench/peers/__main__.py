"""
Measure refold, eventsourcing and inspect_ai at the same episode, in turns and in one process.

``bench/peers/run FOLDER`` runs it in an environment that has all three. CPU time, medians.
"""

import argparse
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from bench.peers.episodes import recorded
from bench.peers.tools import EventSourcing, Inspect, Refold, Tool

WORKS = ("record", "read", "grade")


def main() -> None:
    """Measure and print episodes a second."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("--episodes", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    episode = recorded()
    print(f"episodes/s of {len(episode.script)} steps and {episode.events} events, and of refold's")
    tools: dict[str, Tool] = {
        "refold": Refold(episode),
        "eventsourcing": EventSourcing(episode),
        "inspect_ai": Inspect(episode),
    }
    rounds = [
        {name: _measure(tool, given.episodes) for name, tool in tools.items()}
        for _ in range(given.rounds + 1)
    ][1:]  # the first warms up
    for work in WORKS:
        rates = {
            name: median(each[name][work] for each in rounds)
            for name in tools
            if work in rounds[0][name]
        }
        told = (
            f"{name} {rate:9,.1f} ({rate / rates['refold']:.3f})" for name, rate in rates.items()
        )
        print(f"{work:7}", *told)


def _measure(tool: Tool, episodes: int) -> dict[str, float]:
    """Return the episodes a second of each work that *tool* does."""
    folder = Path(tempfile.mkdtemp())
    try:
        found = {}
        made, found["record"] = _timed(lambda: tool.record(folder, episodes))
        for work in (tool.read, tool.grade):
            count, taken = _timed(lambda work=work: work(made))
            if count is not None:
                assert count == episodes, f"{work} found {count} episodes"
                found[work.__name__] = taken
        return {name: episodes / taken for name, taken in found.items()}
    finally:
        shutil.rmtree(folder)


def _timed(do: Callable[[], Any]) -> tuple[Any, float]:
    began = process_time()
    return do(), process_time() - began


if __name__ == "__main__":
    main()
