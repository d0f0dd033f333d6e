"""A small OpenEnv server for tests, on loopback, which can fail in every way."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from socket import SHUT_RDWR
from typing import Any

from websockets.http11 import Request, Response
from websockets.sync.connection import Connection
from websockets.sync.server import ServerConnection, serve

ACTION = {
    "type": "object",
    "properties": {"add": {"type": "integer", "minimum": 0, "maximum": 3}},
    "required": ["add"],
}

Serve = Callable[[ServerConnection, dict[str, Any], int], None]
"""Answers one frame, given its connection and how many steps came before."""


def observation(seen: Any, reward: Any = None, *, done: bool = False) -> str:
    """Return the frame of an observation."""
    return json.dumps(
        {"type": "observation", "data": {"observation": seen, "reward": reward, "done": done}}
    )


def error(code: str, message: str = "no") -> str:
    """Return the frame of an error."""
    return json.dumps({"type": "error", "data": {"code": code, "message": message}})


def count(connection: ServerConnection, frame: dict[str, Any], steps: int) -> None:
    """Answer as a world that counts its steps, and is over after the fifth."""
    said = frame.get("data") or {}
    seen = {"steps": steps, "said": said}
    if frame["type"] == "reset":
        connection.send(observation(seen))
    else:
        connection.send(observation(seen, steps / 4, done=steps == 5))


@contextmanager
def counting(
    answer: Serve = count, *, name: str = "counter", sockets: bool = True
) -> Iterator[str]:
    """Give the URL of a server called *name* whose frames *answer* answers."""
    pages = {
        "/metadata": {"name": name, "description": "Counts.", "version": "1.2"},
        "/schema": {"action": ACTION},
    }

    def respond(connection: ServerConnection, request: Request) -> Response | None:
        path = request.path.partition("?")[0]
        if path in pages:
            return connection.respond(HTTPStatus.OK, json.dumps(pages[path]))
        found = path == "/ws" and sockets
        return None if found else connection.respond(HTTPStatus.NOT_FOUND, "{}")

    def play(connection: ServerConnection) -> None:
        steps = 0
        for text in connection:
            frame = json.loads(text)
            if frame["type"] == "close":
                return
            steps += frame["type"] == "step"
            answer(connection, frame, steps)

    with serve(play, "127.0.0.1", 0, process_request=respond, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            server.shutdown()
            thread.join()


def vanish(connection: Connection) -> None:
    """Break a connection off without a word, as a process that is killed does."""
    connection.socket.shutdown(SHUT_RDWR)
