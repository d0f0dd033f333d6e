"""HTTP through the proxy: requests and answers as they are, streams included."""

import asyncio
import http.client
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from socket import SHUT_RDWR, socket
from typing import Any
from urllib.parse import urlsplit

from attrs import define, field
from starlette.types import Message, Receive, Scope, Send

from refold.environments.openenv_http import ANSWER_SECONDS, open_connection, say_failure
from refold.server.proxy.exchanges import RECORDED_PATHS, Exchange, HttpSessions
from refold.server.proxy.headers import Headers, by_name, request_headers, response_headers
from refold.server.proxy.recording import RecorderThread

_MOST_AT_ONCE = 256
_CHUNK = 2**16


@define
class HttpProxy:
    """
    The ASGI application for HTTP.

    Attributes:
        base: URL of the server.
        recorder: Records what has passed.
    """

    base: str
    recorder: RecorderThread
    _sessions: HttpSessions = field(factory=HttpSessions, init=False)
    _threads: ThreadPoolExecutor = field(
        factory=lambda: ThreadPoolExecutor(_MOST_AT_ONCE, "request"), init=False
    )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on one request and its answer."""
        body = await _read_body(receive)
        if body is None:
            return
        parts = urlsplit(self.base)
        started = False
        connection = open_connection(parts.scheme, parts.netloc)
        try:
            await self._in_thread(partial(_connect, connection))
            with _hung_up_after(connection.sock):
                ask = partial(_ask, connection, scope, body, self.base)
                response = await self._in_thread(ask)
                headers = response_headers(response.getheaders())
                started = True
                await send(_start(response.status, headers))
                answer = await self._pass_answer(response, send, keep=_may_matter(scope))
            self._record(scope, body, response.status, answer, headers)
        except (OSError, http.client.HTTPException) as error:
            self._record(scope, body, 0, b"", [])
            if not started:  # else the client's answer breaks off, as the server's did
                await _send_failure(send, say_failure(error))
        finally:
            connection.close()

    async def _pass_answer(
        self, response: http.client.HTTPResponse, send: Send, *, keep: bool
    ) -> bytes:
        """Send the body of *response* as it arrives; return it if *keep*, else nothing."""
        seen = bytearray()
        while chunk := await self._in_thread(partial(response.read1, _CHUNK)):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            if keep:
                seen += chunk
        await send({"type": "http.response.body", "body": b""})
        return bytes(seen)

    async def _in_thread(self, work: partial[Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _record(
        self,
        scope: Scope,
        body: bytes,
        status: int,
        answer: bytes,
        answer_headers: Headers,
    ) -> None:
        if not _may_matter(scope):
            return
        exchange = Exchange(
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            sent=body,
            headers=by_name(scope["headers"]),
            status=status,
            received=answer,
            answer_headers=by_name(answer_headers),
        )
        self.recorder.put("http", lambda to: self._sessions.record(to, exchange))


def _may_matter(scope: Scope) -> bool:
    return scope["method"] == "POST" and scope["path"] in RECORDED_PATHS


def _connect(connection: http.client.HTTPConnection) -> None:
    connection.connect()
    connection.sock.settimeout(ANSWER_SECONDS)


@contextmanager
def _hung_up_after(used: socket) -> Iterator[None]:
    """End the connection *used* afterwards, even under a thread that still reads from it."""
    try:
        yield
    finally:
        with suppress(OSError):
            used.shutdown(SHUT_RDWR)


def _ask(
    connection: http.client.HTTPConnection, scope: Scope, body: bytes, base: str
) -> http.client.HTTPResponse:
    """Send a request over *connection*, and return the head of its answer; waits for it."""
    target = urlsplit(base).path + target_of(scope)
    connection.putrequest(scope["method"], target, skip_host=True, skip_accept_encoding=True)
    for name, value in _with_length(scope, body, base):
        connection.putheader(name, value)
    connection.endheaders(body or None)
    return connection.getresponse()


def _with_length(scope: Scope, body: bytes, base: str) -> Iterator[tuple[bytes, bytes]]:
    yield from request_headers(scope["headers"], base)
    if body or any(name == b"content-length" for name, _ in scope["headers"]):
        yield b"content-length", str(len(body)).encode()


def target_of(scope: Scope) -> str:
    """Return path and query of a request as the client sent them."""
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    return f"{path}{f'?{query}' if query else ''}"


async def _read_body(receive: Receive) -> bytes | None:
    """Return the body of a request, None if the client left before it was whole."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


def _start(status: int, headers: Headers) -> Message:
    return {"type": "http.response.start", "status": status, "headers": headers}


async def _send_failure(send: Send, reason: str) -> None:
    content = b'{"detail":"the proxy got no answer from the server: %b"}' % reason.encode()
    await send(_start(502, [(b"content-type", b"application/json")]))
    await send({"type": "http.response.body", "body": content})
