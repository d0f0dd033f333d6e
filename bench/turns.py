"""
What a turn of a model costs the process that plays: requests of the full history over real HTTP.

The model is ``refold mock-model`` in a process of its own, which answers at once.
``python -m bench.turns`` prints milliseconds of CPU a turn, and how fast the episodes are graded.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import process_time

from refold.agents.client import Client
from refold.agents.endpoint import Endpoint
from refold.agents.model import ModelAgent
from refold.agents.prompting import ModelOptions
from refold.engine import Episode, EventLog
from refold.engine.exchanges import ModelCalled
from refold.graders import grade
from refold.scenarios import load

SCENARIO = "workflow/hard"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.turns", description=__doc__)
    parser.add_argument("--episodes", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, EventLog(Path(folder) / "log.db") as log:
        with _model() as url:
            turns = asyncio.run(_play(log, url, given.episodes))
        streams = [info.id for info in log.episodes()]
        began = process_time()
        for id in streams:
            grade(log.events(id))
        graded = len(streams) / (process_time() - began)
    print(f"{1e3 * median(turns):.2f} ms of CPU a turn, {1e3 * min(turns):.2f} at best")
    print(f"{graded:,.0f} episodes/s graded")


@contextmanager
def _model() -> Iterator[str]:
    """Give the address of a mock model that runs as a process."""
    command = [sys.executable, "-m", "refold", "mock-model", "--port", "0"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate()


async def _play(log: EventLog, url: str, episodes: int) -> list[float]:
    """Return the CPU seconds of a turn in each of *episodes*, after one that warms up."""
    client = Client(Endpoint(url, "none"))
    agent = ModelAgent(client, ModelOptions(model="mock"))
    found = []
    for _ in range(episodes + 1):
        episode = Episode.start(load(SCENARIO), log=log)
        began = process_time()
        await agent.play(episode)
        turns = sum(isinstance(event, ModelCalled) for event in episode.events)
        found.append((process_time() - began) / turns)
    await client.close()
    print(f"{turns} turns an episode")
    return found[1:]


if __name__ == "__main__":
    main()
