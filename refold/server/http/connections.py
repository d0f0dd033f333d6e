"""
Connections that come before any request: how long a head may take, how many an address may hold.

uvicorn answers 503 to everybody once it has as many connections as it may have, so a client that
opens them and sends nothing, or a head letter by letter, must be cut off.
"""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from refold.server.http.access import is_loopback

HEAD_SECONDS = 20.0
"""How long the head of a request may take to arrive, the first one from the connection's start."""


class LimitedProtocol(H11Protocol):
    """
    HTTP for uvicorn, with a limit on slow heads and on connections.

    Attributes:
        client_connections: Connections that one address may hold, WebSockets included; 0 for no
            limit. Addresses of this machine have none, as a proxy may stand there.
    """

    client_connections = 0
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a new connection, or cut it off if its client holds too many."""
        super().connection_made(transport)
        if self.client is not None and self._holds_too_many(self.client[0]):
            transport.abort()
        else:
            self._watch_head()

    def data_received(self, data: bytes) -> None:
        """Take a part of a request."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_watching()
        elif self._head_timer is None:  # the beginning of another head
            self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Take the end of the connection."""
        self._stop_watching()
        super().connection_lost(exc)

    def _holds_too_many(self, address: str) -> bool:
        if not self.client_connections or is_loopback(address):
            return False
        # Counted again each time, in uvicorn's own set, which WebSockets are in as well.
        clients = [getattr(each, "client", None) for each in self.connections]
        held = sum(client is not None and client[0] == address for client in clients)
        return bool(held > self.client_connections)

    def _watch_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_watching(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


def make_protocol(client_connections: int) -> type[asyncio.Protocol]:
    """Return the protocol with *client_connections* as its limit."""
    namespace: dict[str, Any] = {"client_connections": client_connections}
    return type("LimitedProtocol", (LimitedProtocol,), namespace)
