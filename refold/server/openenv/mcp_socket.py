"""``/mcp`` as a WebSocket: JSON-RPC, a session for each connection."""

import asyncio
from collections.abc import Callable

import msgspec
from attrs import define

from refold.server.http.access import client_address
from refold.server.openenv.mcp import SERVER_ERROR, Caller, RpcDispatcher, parse_error_response
from refold.server.openenv.websocket import Receive, Scope, Send
from refold.server.sessions.errors import SessionsFull, client_message
from refold.server.sessions.messages import encode
from refold.server.sessions.store import SessionStore


@define
class RpcSocket:
    """
    The ASGI application of the WebSocket ``/mcp``.

    Attributes:
        store: Where sessions come from.
        rpc: Answers the calls.
        largest: Letters that a frame may have.
        pause: Seconds that a client, by its address, has to wait before its next frame.
    """

    store: SessionStore
    rpc: RpcDispatcher
    largest_frame: int
    delay: Callable[[str], float]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection to its end."""
        await receive()
        await send({"type": "websocket.accept"})
        client = client_address(scope)
        try:
            self.store.make_room()
            session = self.store.create(client, attached=True)
        except SessionsFull as error:
            data = {"active_sessions": error.active, "max_sessions": error.limit}
            fault = {"code": SERVER_ERROR, "message": client_message(error), "data": data}
            full = encode({"jsonrpc": "2.0", "id": None, "error": fault})
            await send({"type": "websocket.send", "text": full.decode()})
            await send({"type": "websocket.close", "code": 1013})
            return
        caller = Caller(client, lambda: session, session, owns_connection=True)
        try:
            while (message := await receive())["type"] == "websocket.receive":
                session.last_used = self.store.clock()
                text = message.get("text") or message.get("bytes") or ""
                reply = self._reply_to(text, caller)
                await send({"type": "websocket.send", "text": encode(reply).decode()})
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
