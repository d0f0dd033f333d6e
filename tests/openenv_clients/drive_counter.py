"""Drives a server of openenv-core with its own clients, through a proxy of refold."""

import asyncio

from openenv.core import GenericEnvClient
from openenv.core.mcp_client import MCPToolClient


async def count(url, amounts):
    """Play two episodes at once over the general client, one with an action that is refused."""

    async def play(seed):
        async with GenericEnvClient(base_url=url) as env:
            result = await env.reset(seed=seed, episode_id=f"mine-{seed}")
            said = ""
            try:
                await env.step({"amount": 10})
            except RuntimeError as error:
                said = str(error)
            assert "VALIDATION_ERROR" in said
            for amount in amounts:
                if not result.done:
                    result = await env.step({"amount": amount})
            assert result.done

    await asyncio.gather(play(4), play(6))


async def use_tools(url, amounts):
    """Play an episode over the client for tools."""
    async with MCPToolClient(base_url=url) as env:
        await env.reset(seed=4)
        for amount in amounts:
            count = await env.call_tool("add", amount=amount)
        assert count >= 30


def play(kind, url, amounts):
    """Play with the clients for this *kind* of environment."""
    asyncio.run((count if kind == "counter" else use_tools)(url, amounts))
