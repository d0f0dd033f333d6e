"""
What stands before everything else: access, limits, security headers, the access log.

A WebSocket passes through untouched once it is let in, so that its frames cost nothing here.
"""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from fastapi import HTTPException

from refold.server.http.access import MODULES, Denied, check, client_of
from refold.server.http.rate_limits import Buckets
from refold.server.metrics import Metrics
from refold.server.sessions.messages import encode
from refold.server.settings import Settings

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_SECONDS = 30
"""Time that a request's body may take to arrive."""

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
}
"""Sent with every answer that does not set them itself."""

_faults = logging.getLogger("refold.server")


class Guard:
    """The ASGI application in front of *app*."""

    def __init__(self, app: App, settings: Settings, buckets: Buckets, metrics: Metrics) -> None:
        self._app = app
        self._settings = settings
        self._buckets = buckets
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection, or a request."""
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _denied(self, scope: Scope) -> Denied | None:
        denied = check(scope, self._settings)
        counts = not scope["path"].startswith(MODULES)  # of these, a page needs many at once
        if denied is None and counts and self._buckets.wait(client_of(scope)) > 0:
            denied = Denied(429, "rate: expected fewer requests per second, got more")
        if denied is None and _length(scope) > self._settings.largest_body:
            denied = Denied(413, f"body: expected at most {self._settings.largest_body} bytes")
        return denied

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = perf_counter()
        denied = self._denied(scope)
        if denied is not None:
            await receive()
            await _deny_socket(denied, scope, send)
        else:
            await self._app(scope, receive, send)
        self._note(scope, denied.status if denied else 101, began, 0)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = perf_counter()
        answer = _Answer(send)
        denied = self._denied(scope)
        try:
            if denied is None:
                body = _Body(receive, self._settings.largest_body)
                await self._app(scope, body.receive, answer.send)
        except Exception:
            _faults.exception("%s %s failed", scope["method"], scope["path"])
            denied = Denied(500, "the server could not do that")
        if denied is not None and not answer.status:
            await _deny(denied, answer.send)
        self._note(scope, answer.status, began, answer.size)

    def _note(self, scope: Scope, status: int, began: float, size: int) -> None:
        seconds = perf_counter() - began
        route = getattr(scope.get("route"), "path", "unknown")
        method = scope.get("method", "WS")
        if method != "WS":
            self._metrics.request(method, route, status, seconds)
        if self._settings.access_log:
            line = {
                "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "client": client_of(scope),
                "method": method,
                "path": scope["path"],
                "status": status,
                "ms": round(1000 * seconds, 1),
                "bytes": size,
            }
            print(encode(line).decode(), file=sys.stderr, flush=True)


class _Answer:
    """Adds the headers, and notes status and size."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.size = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = {name.lower() for name, _ in message["headers"]}
            more = [(k.encode(), v.encode()) for k, v in HEADERS.items() if k.encode() not in given]
            message = {**message, "headers": [*message["headers"], *more]}
        else:
            self.size += len(message.get("body", b""))
        await self._send(message)


class _Body:
    """Counts what arrives, and how long it takes."""

    def __init__(self, receive: Receive, largest: int) -> None:
        self._receive = receive
        self._left = largest
        self._whole = False
        self._until = asyncio.get_running_loop().time() + BODY_SECONDS

    async def receive(self) -> Message:
        if self._whole:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, f"body: expected it within {BODY_SECONDS} s") from None
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise HTTPException(413, "body: expected a smaller one")
        self._whole = not message.get("more_body", False)
        return message


def _length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() and len(value) < 20 else sys.maxsize
    return 0


def _head(denied: Denied, kind: str) -> Message:
    more = {401: (b"www-authenticate", b"Bearer"), 429: (b"retry-after", b"1")}
    extra = [more[denied.status]] if denied.status in more else []
    headers = [(b"content-type", b"application/json"), *extra]
    return {"type": f"{kind}.start", "status": denied.status, "headers": headers}


async def _deny(denied: Denied, send: Send) -> None:
    await send(_head(denied, "http.response"))
    await send({"type": "http.response.body", "body": encode({"detail": denied.words})})


async def _deny_socket(denied: Denied, scope: Scope, send: Send) -> None:
    kind = "websocket.http.response"
    if kind in scope.get("extensions", {}):
        await send(_head(denied, kind))
        await send({"type": f"{kind}.body", "body": encode({"detail": denied.words})})
    else:
        await send({"type": "websocket.close", "code": 1008})
