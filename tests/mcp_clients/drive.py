"""
Drives a refold server with the MCP client that is installed here: ``fastmcp``, else ``mcp``.

``python drive.py URL FILE``: FILE holds, for each task, actions and what they must lead to, as
``expect.py`` wrote them in an environment that has refold. Needs nothing but the client. Prints
one line, or fails.
"""

import asyncio
import json
import sys
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version

KINDS = ("action_type", "type")


class ToolFailed(Exception):
    """A tool that could not be used; its text says why."""


def client_version():
    """Return name and version of the client that is installed."""
    for name in ("fastmcp", "mcp"):
        try:
            return name, version(name)
        except PackageNotFoundError:
            continue
    raise SystemExit("expected fastmcp or mcp to be installed, got neither")


@asynccontextmanager
async def connected(url):
    """Give a client that is connected to *url*."""
    name, release = client_version()
    if name == "fastmcp":
        from fastmcp import Client  # noqa: PLC0415 - only one of these is installed

        async with Client(url) as client:
            yield client
    elif release.startswith("1."):
        from mcp import ClientSession  # noqa: PLC0415 - only one of these is installed
        from mcp.client.streamable_http import streamable_http_client  # noqa: PLC0415 - only one of these is installed

        async with (
            streamable_http_client(url) as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            yield session
    else:
        from mcp import Client  # noqa: PLC0415 - only one of these is installed

        async with Client(url) as client:
            yield client


async def use(client, name, **arguments):
    """Return what the tool *name* led to; raise if it could not be used."""
    more = {"raise_on_error": False} if client_version()[0] == "fastmcp" else {}
    result = await client.call_tool(name, arguments, **more)
    found = getattr(result, "structured_content", None) or getattr(
        result, "structuredContent", None
    )
    if found is None:
        raise ToolFailed(result.content[0].text)
    assert result.content[0].text
    return found


async def tool_names(client):
    """Return the names of the tools that there are."""
    found = await client.list_tools()
    return {tool.name for tool in getattr(found, "tools", found)}


async def play(url, task, expected):
    """Play *task* over a connection of its own, and see that it ends as in process."""
    async with connected(url) as client:
        names = await tool_names(client)
        assert {"reset", "observe", "delegate", "wait", "archive", "respond"} <= names, names
        seen = await use(client, "reset", task=task)
        assert not seen["done"]
        for action in expected["actions"]:
            assert not seen["done"]
            kind = next(key for key in KINDS if key in action)
            fields = {key: value for key, value in action.items() if key != kind}
            seen = await use(client, action[kind], **fields)
        assert seen["done"], task
        given = seen["observation"]["grade"]
        assert given["score"] == expected["score"], (task, given)
        assert given["digest"] == expected["digest"], task
        assert (await use(client, "observe"))["observation"]["grade"] == given


async def mistakes(url):
    """See that a mistake of a model comes back as a text, and that the session goes on."""
    async with connected(url) as client:
        for name, arguments, words in (
            ("wait", {}, "call reset first"),
            ("reset", {"task": "nope"}, "expected"),
            ("reset", {"task": "workflow/easy", "seed": "x"}, "seed"),
        ):
            said = ""
            try:
                await use(client, name, **arguments)
            except ToolFailed as error:
                said = str(error)
            assert words in said, said
        assert not (await use(client, "reset", task="inbox/easy", seed=7))["done"]


async def side_by_side(url):
    """See that two clients at once have sessions of their own."""
    async with connected(url) as one, connected(url) as other:
        await use(one, "reset", task="inbox/easy", seed=1)
        await use(other, "reset", task="workflow/easy")
        assert "history" in (await use(one, "archive"))["observation"]
        assert (await use(other, "wait"))["observation"]["time_elapsed"] == 1


def main():
    """Drive everything."""
    url, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        tasks = json.load(file)
    for task, expected in tasks.items():
        asyncio.run(play(url, task, expected))
    asyncio.run(mistakes(url))
    asyncio.run(side_by_side(url))
    print(f"{' '.join(client_version())}: {len(tasks)} tasks by tools, mistakes, two at once: ok")


if __name__ == "__main__":
    main()
