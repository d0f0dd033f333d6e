"""Requests to the stand-in model for tests, over real HTTP, without a client library."""

import http.client
import json
from contextlib import closing
from urllib.parse import urlsplit

import msgspec


def connect(base_url, timeout=30):
    """Return a context manager for a connection to the server at *base_url*."""
    return closing(http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=timeout))


def ask(connection, body, path="/v1/chat/completions"):
    """Return status and JSON of the answer to *body*."""
    connection.request("POST", path, msgspec.json.encode(body))
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def request(episode, form="text"):
    """Return a request for the next action of *episode*."""
    prompt, kind = episode.family.prompt, episode.family.action.__struct_fields__[0]
    messages = [
        {"role": "system", "content": prompt.system},
        {"role": "user", "content": prompt.render(episode.observation)},
    ]
    body = {"model": "any/model", "messages": messages, "temperature": 0}
    if form == "tools":
        functions = [{"name": tool.name, "parameters": {}} for tool in prompt.tools]
        body["tools"] = [{"type": "function", "function": function} for function in functions]
    if form == "json":
        fields = list(episode.family.action.__struct_fields__)
        schema = {"name": "action", "strict": True, "schema": {"required": [kind, *fields]}}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return body
