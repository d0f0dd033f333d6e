"""A refold server for tests, on loopback, and how to talk to it over real connections."""

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from attrs import frozen
from websockets.sync.client import ClientConnection, connect

from refold.agents import make_policy, play
from refold.engine import ActionTaken, Episode
from refold.scenarios import load
from refold.server.app import make_server
from refold.server.settings import ServerSettings


@frozen
class Reply:
    """An answer over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, which must be JSON."""
        return json.loads(self.body)


@frozen
class Running:
    """A server that runs."""

    url: str
    log: Path

    def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] = {}
    ) -> Reply:
        """Return the answer to a request; *body* is sent as JSON, bytes as they are."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        try:
            connection.request(method, path, content, dict(headers))
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, found, response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Any:
        """Return the JSON of a GET that must succeed."""
        reply = self.ask("GET", path, headers=headers)
        assert reply.status == 200, reply
        return reply.json

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """Return the JSON of a POST that must succeed."""
        reply = self.ask("POST", path, body, headers)
        assert reply.status == 200, reply
        return reply.json

    def socket(self, path: str = "/ws", **options: Any) -> ClientConnection:
        """Return a connection to a WebSocket of the server."""
        url = self.url.replace("http://", "ws://") + path
        return connect(url, compression=None, max_size=None, **options)


@contextmanager
def running(folder: Path, **settings: Any) -> Iterator[Running]:
    """Give a server that runs in a thread of this process, its log in *folder*."""
    log = folder / "log.db"
    ready = threading.Event()
    urls: list[str] = []

    def listening(url: str) -> None:
        urls.append(url)
        ready.set()

    chosen = ServerSettings(**{"log": str(log), "port": 0, "access_log": False, **settings})
    server = make_server(chosen, listening)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert ready.wait(30)
        yield Running(urls[0], log)
    finally:
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Yield a server for the module; for test modules, by their own name for it."""
    with running(tmp_path_factory.mktemp("server")) as server:
        yield server


def talk(socket: ClientConnection, kind: str, data: Any = None) -> Any:
    """Return the reply to a frame of *kind* with *data*, its ``data`` alone."""
    return json.loads(raw(socket, kind, data))["data"]


def raw(socket: ClientConnection, kind: str, data: Any = None) -> str | bytes:
    """Return the reply to a frame of *kind* with *data*, as it came."""
    frame = {"type": kind} if data is None else {"type": kind, "data": data}
    return say(socket, json.dumps(frame))


def say(socket: ClientConnection, text: str | bytes) -> str | bytes:
    """Return the reply to the frame *text*, as it came."""
    socket.send(text)
    return socket.recv(timeout=30)


def actions(task: str) -> list[dict[str, Any]]:
    """Return actions that end the scenario *task*: what its reference agent does, from memory."""
    episode = Episode.start(load(task))
    name = "greedy" if task.startswith("workflow") else "baseline"
    play(episode, make_policy(name, episode.family, seed=0))
    taken = [event.action for event in episode.events if isinstance(event, ActionTaken)]
    return [msgspec.to_builtins(each) for each in taken]
