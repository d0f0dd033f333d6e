"""WebSockets through the proxy: every message as it is, in both directions."""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from secrets import token_hex
from typing import Any

from attrs import define
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from refold.environments.openenv_http import CONNECT_SECONDS, say_failure
from refold.server.proxy.exchanges import record_frames
from refold.server.proxy.headers import request_headers, response_headers
from refold.server.proxy.http import target_of
from refold.server.proxy.recording import RecorderThread

_INTERNAL_ERROR = 1011
_NO_CODE = (1005, 1006, 1015)
"""Codes that say that there was none; none may be sent."""


@define
class SocketProxy:
    """
    The ASGI application for WebSockets.

    Attributes:
        base: URL of the server.
        recorder: Records what has passed on ``/ws``.
    """

    base: str
    recorder: RecorderThread

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on one connection until either side closes it."""
        await receive()
        try:
            server = await self._connect(scope)
        except InvalidStatus as error:
            await _refuse(
                send,
                error.response.status_code,
                response_headers(error.response.headers.raw_items()),
                bytes(error.response.body or b""),
            )
            return
        except (OSError, InvalidHandshake, EOFError) as error:
            await _refuse(send, 502, [], say_failure(error).encode())
            return
        accepted: dict[str, Any] = {"type": "websocket.accept", "subprotocol": server.subprotocol}
        await send({**accepted, "headers": _handshake_headers(server)})
        session = _Session(scope["path"], server, self.recorder)
        try:
            await session.pass_all(receive, send)
        finally:
            await server.close()
            session.end()

    async def _connect(self, scope: Scope) -> ClientConnection:
        headers = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in request_headers(scope["headers"], self.base)
            if not name.startswith(b"sec-websocket-") and name != b"host"
        ]
        protocols: Sequence[Subprotocol] = [Subprotocol(each) for each in scope["subprotocols"]]
        return await connect(
            f"ws{self.base.removeprefix('http')}{target_of(scope)}",
            additional_headers=headers,
            user_agent_header=None,
            subprotocols=protocols or None,
            compression=None,
            proxy=None,
            max_size=None,
            open_timeout=CONNECT_SECONDS,
            ping_interval=None,  # the client's own pings say whether it is there
        )


def _handshake_headers(server: ClientConnection) -> list[tuple[bytes, bytes]]:
    """Return what the server's answer to the handshake says beside the handshake."""
    response = server.response
    found = response_headers(response.headers.raw_items()) if response else []
    return [each for each in found if not each[0].startswith(b"sec-websocket-")]


class _Session:
    """One connection of a client, and its own to the server."""

    def __init__(self, path: str, server: ClientConnection, recorder: RecorderThread) -> None:
        self._name = f"socket {token_hex(8)}"
        self._server = server
        self._recorder = recorder
        self._recorded = path == "/ws"
        self._left = self._lost = False
        # A server of OpenEnv sends one reply to each message, in order.
        self._unanswered: deque[str | bytes] = deque()
        if not self._recorded:
            recorder.put(self._name, lambda to: to.pass_on(f"a WebSocket of {path}"))

    async def pass_all(self, receive: Receive, send: Send) -> None:
        """Pass messages on in both directions until either side closes."""
        up = asyncio.create_task(self._pass_up(receive))
        down = asyncio.create_task(self._pass_down(send))
        _, rest = await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
        for each in rest:
            each.cancel()
            with suppress(asyncio.CancelledError):
                await each

    async def _pass_up(self, receive: Receive) -> None:
        while (message := await receive())["type"] == "websocket.receive":
            text = message.get("text")
            content = message.get("bytes", b"") if text is None else text
            if self._recorded:
                self._unanswered.append(content)
            try:
                await self._server.send(content)
            except ConnectionClosed:
                await asyncio.Event().wait()  # the other direction tells the client why
        self._left = True
        await self._server.close(*_close_of(message.get("code"), message.get("reason")))

    async def _pass_down(self, send: Send) -> None:
        try:
            while True:
                content = await self._server.recv()
                text = isinstance(content, str)
                await send({"type": "websocket.send", "text" if text else "bytes": content})
                if self._recorded:
                    self._record(content)
        except ConnectionClosed as closed:
            self._lost = not self._left
            code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (None, None)
            code, reason = _close_of(code or _INTERNAL_ERROR, reason)
            with suppress(RuntimeError, OSError):  # the client closed first
                await send({"type": "websocket.close", "code": code, "reason": reason})
        except (RuntimeError, OSError):  # the client is gone
            self._left = True

    def _record(self, received: str | bytes) -> None:
        if not self._unanswered:
            self._recorder.put(self._name, lambda to: to.pass_on("a frame that nobody asked for"))
            return
        sent = self._unanswered.popleft()
        self._recorder.put(self._name, lambda to: record_frames(to, self._name, sent, received))

    def end(self) -> None:
        """Record what the end of the connection means for the episode."""
        if self._unanswered and self._lost:
            sent = self._unanswered.popleft()
            self._recorder.put(self._name, lambda to: record_frames(to, self._name, sent, None))
        self._recorder.put(self._name, lambda to: to.drop(self._name))


def _close_of(code: int | None, reason: str | None) -> tuple[int, str]:
    return (1000 if code is None or code in _NO_CODE else code), reason or ""


async def _refuse(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    start = {"type": "websocket.http.response.start", "status": status, "headers": headers}
    await send(start)
    await send({"type": "websocket.http.response.body", "body": body})
