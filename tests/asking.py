"""Who asks the server of ``fault_server``: single requests, whole episodes, a proper model."""

import asyncio

import msgspec
from fault_server import Sent

from agents.client import Client
from agents.endpoint import Endpoint
from agents.mock_answers import answer
from agents.mock_requests import read_request
from agents.model import ModelAgent
from agents.prompting import ModelOptions

KEY = "sk-never-to-be-seen-8c41"


def sensible(request):
    """Answer *request*, of refold's prompts, as the greedy and baseline agents would."""
    return Sent(
        body=msgspec.json.encode(answer(read_request(msgspec.json.encode(request)), agent="auto"))
    )


def ask(base_url, *bodies, timeout=10.0, max_retries=1, key=KEY):
    """Return the answers of a client to *bodies*, asked one after the other, and its complaint."""

    async def run():
        client = Client(Endpoint(base_url, key, timeout, max_retries))
        try:
            return [await client.ask(body) for body in bodies], client.complaint
        finally:
            await client.close()

    return asyncio.run(run())


def play(base_url, *episodes, timeout=10.0, max_retries=1, asker=None, watch=None, **options):
    """Play *episodes* one after the other with one agent, which has *options*."""

    async def run():
        client = Client(Endpoint(base_url, KEY, timeout, max_retries))
        agent = ModelAgent(asker or client, ModelOptions("m", **options), watch=watch)
        try:
            for episode in episodes:
                await agent.play(episode, None)
        finally:
            await client.close()

    asyncio.run(run())


def of_kind(kind, events):
    """Return those of *events* that are of *kind*."""
    return [event for event in events if isinstance(event, kind)]
