"""
What every request passes first: access, rate and size limits, security headers, the access log.

A WebSocket is only checked when it connects; its frames then pass at no cost.
"""

import asyncio
import json
import logging
import sys
from datetime import UTC, datetime
from time import perf_counter

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from refold.engine.terminal_text import safe_text
from refold.server.http.access import VIEWER_PATH, Denial, check_access, client_address
from refold.server.http.rate_limits import RateLimiter
from refold.server.metrics import ServerMetrics
from refold.server.sessions.messages import encode
from refold.server.settings import ServerSettings

BODY_SECONDS = 30
"""How long a request's body may take to arrive: a slow sender must not hold a connection."""

SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    # JSON opened in a browser must load and run nothing; pages send their own, wider policy.
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    # Episodes may still run, and be private: no proxy or browser is to keep a copy.
    "cache-control": "no-store",
}
"""Sent with every response that does not set them itself."""

_logger = logging.getLogger("refold.server")


class AccessGuard:
    """The ASGI application in front of *app*."""

    def __init__(
        self,
        app: ASGIApp,
        settings: ServerSettings,
        limiter: RateLimiter,
        metrics: ServerMetrics,
    ) -> None:
        self._app = app
        self._settings = settings
        self._limiter = limiter
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, a WebSocket, or the server's startup and shutdown."""
        if scope.get("root_path"):
            # An ASGI server that knows of a prefix puts it before the path.
            path = scope["path"].removeprefix(scope["root_path"].rstrip("/")) or "/"
            scope = {**scope, "path": path}
        if scope["type"] == "websocket":
            await self._serve_socket(scope, receive, send)
        elif scope["type"] == "http":
            await self._serve_request(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> Denial | None:
        """Return why the request is turned away, None if it may pass."""
        # Access first: what is turned away there uses up no client's rate.
        denied = check_access(scope, self._settings)
        # The page's own files are not limited: it is the page that says when something else was.
        counts = not scope["path"].startswith(VIEWER_PATH)
        if denied is None and counts and self._limiter.delay(client_address(scope)) > 0:
            denied = Denial(429, "rate: expected fewer requests per second, got more")
        if denied is None and _content_length(scope) > self._settings.largest_body:
            denied = Denial(413, f"body: expected at most {self._settings.largest_body} bytes")
        return denied

    async def _serve_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = perf_counter()
        denied = self._check(scope)
        if denied is not None:
            await receive()  # ASGI wants the connect event taken before any answer
            await _send_socket_denial(denied, scope, send)
        else:
            await self._app(scope, receive, send)
        self._log_and_count(scope, denied.status if denied else 101, began, 0)

    async def _serve_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = perf_counter()
        response = _RecordedResponse(send)
        denied = self._check(scope)
        try:
            if denied is None:
                body = _LimitedBody(receive, self._settings.largest_body)
                serve = _serve_head if scope["method"] == "HEAD" else _serve
                await serve(self._app, scope, body.receive, response.send)
        except Exception:  # the last place that can answer: a bug must not close the connection
            _logger.exception("%s %s failed", scope["method"], safe_text(scope["path"]))
            denied = Denial(500, "the server could not do that")
        if denied is not None and not response.status:
            await _send_denial(denied, response.send)
        self._log_and_count(scope, response.status, began, response.size)

    def _log_and_count(self, scope: Scope, status: int, began: float, size: int) -> None:
        seconds = perf_counter() - began
        # The route's template, not the path: metrics must not grow with every episode id.
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
            # As JSON in ASCII: nothing in a path can act on a terminal, or end the log's line.
            print(json.dumps(line, separators=(",", ":")), file=sys.stderr, flush=True)


async def _serve(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)


async def _serve_head(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer HEAD as GET would be, without the body."""
    get = {**scope, "method": "GET"}

    async def send_head(message: Message) -> None:
        await send({**message, "body": b""} if "body" in message else message)

    try:
        await app(get, receive, send_head)
    finally:
        scope["route"] = get.get("route")


class _RecordedResponse:
    """Passes a response on with the security headers added, and records its status and size."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.size = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = {name.lower() for name, _ in message["headers"]}
            more = [
                (name.encode(), value.encode())
                for name, value in SECURITY_HEADERS.items()
                if name.encode() not in given
            ]
            message = {**message, "headers": [*message["headers"], *more]}
        else:
            self.size += len(message.get("body", b""))
        await self._send(message)


class _LimitedBody:
    """Receives a request's body, up to a size and within a time."""

    def __init__(self, receive: Receive, largest: int) -> None:
        self._receive = receive
        self._left = largest
        self._complete = False
        self._deadline = asyncio.get_running_loop().time() + BODY_SECONDS

    async def receive(self) -> Message:
        # After the body, the only message left is the disconnect, which may come at any time.
        if self._complete:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, f"body: expected it within {BODY_SECONDS} s") from None
        # Counted as it arrives: a chunked body announces no length.
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise HTTPException(413, "body: expected a smaller one")
        self._complete = not message.get("more_body", False)
        return message


def _content_length(scope: Scope) -> int:
    """Return the announced length of the body in bytes, 0 if none, the maximum if it is absurd."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            # Python refuses to parse thousands of digits, and such a body is too large anyway.
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
    # An optional part of ASGI; without it, all that a server can do is refuse the handshake.
    if kind in scope.get("extensions", {}):
        await send(_denial_start(denied, kind))
        await send({"type": f"{kind}.body", "body": encode({"detail": denied.reason})})
    else:
        await send({"type": "websocket.close", "code": 1008})
