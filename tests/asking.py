"""Who asks the server of ``fault_server``: single requests, whole episodes, a proper model."""

import asyncio

import msgspec
from fault_server import FaultServer, Sent

from refold.agents.client import Client
from refold.agents.endpoint import Endpoint
from refold.agents.mock.answers import answer
from refold.agents.mock.requests import read_request
from refold.agents.model import ModelAgent
from refold.agents.prompting import ModelOptions
from refold.engine import Episode

KEY = "sk-never-to-be-seen-8c41"


def sensible(request):
    """Answer *request*, of refold's prompts, as the greedy and baseline agents would."""
    return Sent(
        body=msgspec.json.encode(answer(read_request(msgspec.json.encode(request)), agent="auto"))
    )


def ask(base_url, *bodies, timeout=10.0, max_retries=1, through=None):
    """
    Return the answers of a client to *bodies*, asked one after the other, and its complaint.

    With *through*, a function, what it makes of the client is asked.
    """

    async def run():
        client = Client(Endpoint(base_url, KEY, timeout, max_retries))
        asker = through(client) if through else client
        try:
            return [await asker.complete(body) for body in bodies], client.last_failure
        finally:
            await client.close()

    return asyncio.run(run())


def play(base_url, *episodes, timeout=10.0, max_retries=1, **options):
    """Play *episodes* one after the other with one agent, which has *options*."""

    async def run():
        client = Client(Endpoint(base_url, KEY, timeout, max_retries))
        agent = ModelAgent(client, ModelOptions("m", **options))
        try:
            for episode in episodes:
                await agent.play(episode)
        finally:
            await client.close()

    asyncio.run(run())


def played(scenario, *script, then=sensible, log=None, agent="", **more):
    """
    Return an episode of *scenario* after a model with *script*, a sensible one, played it.

    What the server was asked is its attribute ``asked``.
    """
    episode = Episode.start(scenario, log=log, agent=agent)
    with FaultServer(*script, then=then) as server:
        play(server.base_url, episode, **more)
        episode.asked = server.requests
    return episode


def of_kind(kind, events):
    """Return those of *events* that are of *kind*."""
    return [event for event in events if isinstance(event, kind)]
