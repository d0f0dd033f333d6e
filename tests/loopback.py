"""Requests to the mock model for tests, over real HTTP, without a client library."""

import http.client
import json
from contextlib import closing
from urllib.parse import urlsplit

import msgspec

from refold.agents.configuration import model_configuration
from refold.agents.prompting import ModelOptions, system_message, turn_message


def connect(base_url, timeout=30):
    """Return a context manager for a connection to the server at *base_url*."""
    return closing(http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=timeout))


def ask(connection, body, path="/v1/chat/completions"):
    """Return status and JSON of the answer to *body*."""
    connection.request("POST", path, msgspec.json.encode(body))
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def request(episode, form="text"):
    """Return a request for the next action of *episode*, as refold's agent sends it."""
    family = episode.family
    asked = model_configuration(family, ModelOptions("any/model"), form)
    turn = [system_message(family, form), turn_message(family, episode.observation)]
    return {**asked.parameters, "messages": turn}
