"""
Records what clients of whatever ``openenv`` is installed here play, without changing it.

The server is refold's own. Prints one line, or fails.
"""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from openenv.core import GenericEnvClient

import refold

TASK = {"task_id": "workflow/easy", "seed": 3}
WAIT = {"action_type": "wait"}


def play_sync(env):
    """Return what an episode of waiting shows, by the sync client *env*."""
    with env:
        results = [env.reset(**TASK)]
        while not results[-1].done:
            results.append(env.step(WAIT))
        assert env.state()["step_count"] == len(results) - 1
    return seen(results)


async def play_async(env):
    """Return the same by the async client *env*."""
    async with env:
        results = [await env.reset(**TASK)]
        while not results[-1].done:
            results.append(await env.step(WAIT))
        assert (await env.state())["step_count"] == len(results) - 1
    return seen(results)


def seen(results):
    """Return observation, reward and end of each of *results*, but for names that differ."""
    own = ("episode_id", "grade")
    return [
        ({key: each for key, each in result.observation.items() if key not in own}, result.reward)
        for result in results
    ]


def main(url):
    """Play at *url* with and without a recorder, by both clients, and compare."""
    alone = play_sync(GenericEnvClient(base_url=url).sync())
    with TemporaryDirectory() as folder:
        path = Path(folder) / "runs.db"
        client = GenericEnvClient(base_url=url).sync()
        assert play_sync(refold.record(client, log=path, scenario="sync")) == alone
        client = GenericEnvClient(base_url=url)
        assert asyncio.run(play_async(refold.record(client, log=path, scenario="async"))) == alone
        with refold.EventLog(path, readonly=True) as log:
            infos = list(log.episodes())
            assert [refold.verify(log.events(each.id)) for each in infos] == [None, None]
    assert [each.scenario for each in infos] == ["sync", "async"]
    assert {(each.seed, each.steps, each.ended) for each in infos} == {
        (3, len(alone) - 1, "terminated")
    }
    assert len({each.total for each in infos}) == 1
    print(f"recorded clients: {len(alone) - 1} steps each, as without a recorder")
