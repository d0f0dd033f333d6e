"""Sessions of OpenEnv servers: one WebSocket each, one reply to each message, in order."""

from contextlib import ExitStack, suppress
from typing import Any

import msgspec
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import connect

from refold.engine.values import LARGEST_VALUE
from refold.environments.openenv.http import (
    ANSWER_SECONDS,
    CONNECT_SECONDS,
    authorization,
    say_failure,
)
from refold.environments.openenv.protocol import Reply, read_reply

LARGEST_FRAME = 4 * LARGEST_VALUE
"""Bytes of a message of a server; a larger one is a failure."""
CLOSE_SECONDS = 2.0
"""How long a server may take to free a session that is closed."""
LOST = "the connection to the server was lost"
"""Why there is no reply where the server went away without a word."""

_encode = msgspec.json.encode


class Lost(Exception):
    """A session that cannot continue, or never began; its text says why, without an address."""


class Session:
    """
    A session of the server at *base*, a URL.

    Raises:
        Lost: There is none.
    """

    def __init__(self, base: str) -> None:
        self._opened = ExitStack()  # as a context, which is how a connection is to be used
        try:
            connection = connect(
                f"ws{base.removeprefix('http')}/ws",
                additional_headers=authorization(),
                compression=None,
                proxy=None,
                max_size=LARGEST_FRAME,
                open_timeout=CONNECT_SECONDS,
                close_timeout=CLOSE_SECONDS,
                # A server may compute for minutes without a word; answers have their own limit.
                ping_interval=None,
            )
            self._socket = self._opened.enter_context(connection)
        except InvalidStatus as error:
            raise Lost(_no_socket(f"HTTP {error.response.status_code}")) from None
        except (WebSocketException, EOFError) as error:
            raise Lost(_no_socket(type(error).__name__)) from None
        except OSError as error:
            raise Lost(f"expected an OpenEnv server, got {say_failure(error)}") from None

    def ask(self, kind: str, data: Any) -> Reply:
        """Return the reply to a message of *kind* with *data*; a failure if none comes."""
        try:
            self._socket.send(_encode({"type": kind, "data": data}).decode())
            return read_reply(self._socket.recv(ANSWER_SECONDS))
        except TimeoutError:
            return Reply("failure", f"the server gave no answer within {ANSWER_SECONDS:g} s")
        except ConnectionClosed as error:
            return Reply("failure", say_close(error))

    def close(self) -> None:
        """End the session, and wait a moment for the server to free it."""
        # A server with room for one session would refuse the next one otherwise.
        with suppress(WebSocketException, OSError):
            self._socket.send('{"type":"close"}')
            self._socket.recv(CLOSE_SECONDS)
        self._opened.close()


def say_close(error: ConnectionClosed) -> str:
    """Return why a connection was closed, in words."""
    if error.sent is not None and error.sent.code == 1009 and not error.rcvd_then_sent:
        return f"the server sent a message of more than {LARGEST_FRAME} bytes"
    if error.rcvd is None:
        return LOST
    reason = f" {error.rcvd.reason}" if error.rcvd.reason else ""
    return f"the server closed the connection ({error.rcvd.code}{reason})"


def _no_socket(got: str) -> str:
    return (
        f"expected a WebSocket at /ws, got {got}; a server that speaks only HTTP keeps no session "
        "to play in"
    )
