"""
Drives a refold server with the client of whatever ``openenv`` is installed here.

Needs nothing but the client. Prints one line, or fails.
"""

import asyncio
import json
from importlib.metadata import PackageNotFoundError, version

from openenv.core import GenericEnvClient
from openenv.core.mcp_client import MCPToolClient

SESSIONS = 100


def check(task, expected, result, total, state):
    """Check the last *result* of *task*, the sum of rewards and the *state* after it."""
    seen = result.observation
    assert result.done, task
    assert seen["terminated"] != seen["truncated"], task
    assert seen["grade"]["score"] == expected["score"], task
    assert seen["grade"]["digest"] == expected["digest"], task
    assert abs(total - expected["total"]) < 1e-9, task
    assert state["step_count"] == len(expected["actions"]), task
    assert state["task_id"] == task


async def play_async(url, task, expected, name):
    """Play *task* over the async client."""
    async with GenericEnvClient(base_url=url) as env:
        result = await env.reset(task_id=task, episode_id=name)
        total = result.reward or 0.0
        for action in expected["actions"]:
            assert not result.done
            result = await env.step(action)
            total += result.reward
        state = await env.state()
    assert state["episode_id"] == name
    check(task, expected, result, total, state)


def play_sync(url, task, expected, name):
    """Play *task* over the sync client."""
    with GenericEnvClient(base_url=url).sync() as env:
        result = env.reset(task_id=task, episode_id=name)
        total = result.reward or 0.0
        for action in expected["actions"]:
            result = env.step(action)
            total += result.reward
        check(task, expected, result, total, env.state())


async def refused(url):
    """See that errors arrive as such, and that the session goes on after them."""
    async with GenericEnvClient(base_url=url) as env:
        for attempt in (lambda: env.reset(task_id="nope"), lambda: env.step({"x": 1})):
            said = ""
            try:
                await attempt()
            except RuntimeError as error:
                said = str(error)
            assert "_ERROR" in said
        assert not (await env.reset(task_id="inbox/easy")).done


async def many(url):
    """Keep 100 sessions with seeds of their own open at once, and see that none sees another's."""
    clients = [GenericEnvClient(base_url=url) for _ in range(SESSIONS)]
    try:
        for client in clients:
            await client.connect()
        begun = await asyncio.gather(
            *(env.reset(task_id="inbox/easy", seed=seed) for seed, env in enumerate(clients))
        )
        mails = [[mail["id"] for mail in each.observation["inbox"]] for each in begun]
        for _ in range(3):
            done = await asyncio.gather(*(env.step({"type": "archive"}) for env in clients))
        for own, each in zip(mails, done, strict=True):
            assert each.done
            assert each.observation["history"] == [f"{id}:archive" for id in own]
        assert len({tuple(own) for own in mails}) > SESSIONS / 2
    finally:
        for client in clients:
            await client.close()


async def tools(url):
    """Play by calling tools."""
    async with MCPToolClient(base_url=url) as env:
        names = {tool.name for tool in await env.list_tools()}
        assert {"start_episode", "delegate", "wait", "archive"} <= names
        begun = await env.call_tool("start_episode", task="workflow/easy")
        assert begun["reward"] == 0.0
        done = await env.call_tool("wait")
        assert done["observation"]["time_elapsed"] == 1


def client_version():
    """Return name and version of the client that is installed."""
    for name in ("openenv", "openenv-core"):
        try:
            return f"{name} {version(name)}"
        except PackageNotFoundError:
            continue
    return "unknown"


def main(url, path):
    """
    Drive everything at *url*.

    The file at *path* holds, for each task, actions and what they must lead to, as ``expect.py``
    wrote them in an environment that has refold.
    """
    with open(path, encoding="utf-8") as file:
        tasks = json.load(file)
    prefix = client_version().replace(" ", "-")
    for task, expected in tasks.items():
        name = task.replace("/", "-")
        asyncio.run(play_async(url, task, expected, f"{prefix}-async-{name}"))
        play_sync(url, task, expected, f"{prefix}-sync-{name}")
    asyncio.run(refused(url))
    asyncio.run(many(url))
    asyncio.run(tools(url))
    done = f"{len(tasks)} tasks async and sync, {SESSIONS} sessions at once, tools"
    print(f"{client_version()}: {done}: ok")
