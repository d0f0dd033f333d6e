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

from refold.server.http.access import VIEWER_PATH, Denial, check_access, client_address
from refold.server.http.rate_limits import RateLimiter
from refold.server.metrics import ServerMetrics
from refold.server.sessions.messages import encode
from refold.server.settings import ServerSettings

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_SECONDS = 30
"""Time that a request's body may take to arrive."""

SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
}
"""Sent with every answer that does not set them itself."""

_logger = logging.getLogger("refold.server")


class AccessGuard:
    """The ASGI application in front of *app*."""

    def __init__(
        self, app: ASGIApp, settings: ServerSettings, limiter: RateLimiter, metrics: ServerMetrics
    ) -> None:
        self._app = app
        self._settings = settings
        self._limiter = limiter
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection, or a request."""
        if scope["type"] == "websocket":
            await self._serve_socket(scope, receive, send)
        elif scope["type"] == "http":
            await self._serve_request(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> Denial | None:
        denied = check_access(scope, self._settings)
        counts = not scope["path"].startswith(VIEWER_PATH)  # of these, a page needs many at once
        if denied is None and counts and self._limiter.delay(client_address(scope)) > 0:
            denied = Denial(429, "rate: expected fewer requests per second, got more")
        if denied is None and _content_length(scope) > self._settings.largest_body:
            denied = Denial(413, f"body: expected at most {self._settings.largest_body} bytes")
        return denied

    async def _serve_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = perf_counter()
        denied = self._check(scope)
        if denied is not None:
            await receive()
            await _send_socket_denial(denied, scope, send)
        else:
            await self._app(scope, receive, send)
        self._log_and_count(scope, denied.status if denied else 101, began, 0)

    async def _serve_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = perf_counter()
        answer = _RecordedResponse(send)
        denied = self._check(scope)
        try:
            if denied is None:
                body = _LimitedBody(receive, self._settings.largest_body)
                await self._app(scope, body.receive, answer.send)
        except Exception:
            _logger.exception("%s %s failed", scope["method"], scope["path"])
            denied = Denial(500, "the server could not do that")
        if denied is not None and not answer.status:
            await _send_denial(denied, answer.send)
        self._log_and_count(scope, answer.status, began, answer.size)

    def _log_and_count(self, scope: Scope, status: int, began: float, size: int) -> None:
        seconds = perf_counter() - began
        route = getattr(scope.get("route"), "path", "unknown")
        method = scope.get("method", "WS")
        if method != "WS":
            self._metrics.count_request(method, route, status, seconds)
        if self._settings.access_log:
            line = {
                "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "client": client_address(scope),
                "method": method,
                "path": scope["path"],
                "status": status,
                "ms": round(1000 * seconds, 1),
                "bytes": size,
            }
            print(encode(line).decode(), file=sys.stderr, flush=True)


class _RecordedResponse:
    """Adds the headers, and notes status and size."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.size = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = {name.lower() for name, _ in message["headers"]}
            more = [
                (k.encode(), v.encode())
                for k, v in SECURITY_HEADERS.items()
                if k.encode() not in given
            ]
            message = {**message, "headers": [*message["headers"], *more]}
        else:
            self.size += len(message.get("body", b""))
        await self._send(message)


class _LimitedBody:
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


def _content_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() and len(value) < 20 else sys.maxsize
    return 0


def _denial_start(denied: Denial, kind: str) -> Message:
    more = {401: (b"www-authenticate", b"Bearer"), 429: (b"retry-after", b"1")}
    extra = [more[denied.status]] if denied.status in more else []
    headers = [(b"content-type", b"application/json"), *extra]
    return {"type": f"{kind}.start", "status": denied.status, "headers": headers}


async def _send_denial(denied: Denial, send: Send) -> None:
    await send(_denial_start(denied, "http.response"))
    await send({"type": "http.response.body", "body": encode({"detail": denied.reason})})


async def _send_socket_denial(denied: Denial, scope: Scope, send: Send) -> None:
    kind = "websocket.http.response"
    if kind in scope.get("extensions", {}):
        await send(_denial_start(denied, kind))
        await send({"type": f"{kind}.body", "body": encode({"detail": denied.reason})})
    else:
        await send({"type": "websocket.close", "code": 1008})
