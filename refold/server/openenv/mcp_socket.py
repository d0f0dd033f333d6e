"""``/mcp`` as a WebSocket: JSON-RPC, with a session for each connection."""

import asyncio
from collections.abc import Callable

import msgspec
from attrs import define
from starlette.types import Receive, Scope, Send

from refold.server.http.access import client_address
from refold.server.openenv.mcp import (
    Caller,
    RpcDispatcher,
    parse_error_response,
    sessions_full_response,
)
from refold.server.sessions.errors import SessionsFull
from refold.server.sessions.messages import encode
from refold.server.sessions.store import SessionStore


@define
class RpcSocket:
    """
    The ASGI application of the WebSocket ``/mcp``.

    Attributes:
        store: The sessions.
        rpc: Answers the calls.
        largest_frame: Most characters of a frame.
        delay: Counts a frame of a client address, and returns seconds to wait before the next.
    """

    store: SessionStore
    rpc: RpcDispatcher
    largest_frame: int
    delay: Callable[[str], float]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection until it closes."""
        await receive()
        await send({"type": "websocket.accept"})
        client = client_address(scope)
        try:
            self.store.make_room()
            session = self.store.create(client, attached=True)
        except SessionsFull as error:
            refusal = encode(sessions_full_response(error))
            await send({"type": "websocket.send", "text": refusal.decode()})
            await send({"type": "websocket.close", "code": 1013})  # try again later
            return
        caller = Caller(client, lambda: session, session, owns_connection=True)
        try:
            while (message := await receive())["type"] == "websocket.receive":
                session.last_used = self.store.clock()
                text = message.get("text") or message.get("bytes") or ""
                reply = self._reply_to(text, caller)
                await send({"type": "websocket.send", "text": encode(reply).decode()})
                # Backpressure: a frame that is not received yet holds up its sender. A sleep of 0
                # lets other connections have their turn.
                await asyncio.sleep(self.delay(client))
        finally:
            self.store.close(session)

    def _reply_to(self, text: str | bytes, caller: Caller) -> dict[str, object]:
        if len(text) > self.largest_frame:
            return parse_error_response()
        try:
            return self.rpc.answer(msgspec.json.decode(text), caller)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return parse_error_response()
