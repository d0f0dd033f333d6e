"""
HTTP on loopback for the mock model, ill-behaved where it is told to be.

A thread for each connection, which stays open between requests as those of real APIs do. It
listens on 127.0.0.1 and nowhere else.
"""

import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import urlsplit

import msgspec
from attrs import field, frozen

LARGEST_BODY = 64 * 2**20
"""Bytes that a request may have."""

HOST = "127.0.0.1"

_KINDS: Mapping[int, str] = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "server_error",
}


@frozen
class Response:
    """What is sent: *missing* is how many bytes more than *body* are announced but never come."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(factory=dict)
    missing: int = 0


Respond = Callable[[str, str, bytes], Response | None]
"""From method, path and body to the response; None to hang up without one."""


def json_response(status: int, value: Any, headers: Mapping[str, str] = {}) -> Response:
    """Return *value* as a response in JSON."""
    return Response(status, msgspec.json.encode(value), headers)


def error_response(status: int, message: str, headers: Mapping[str, str] = {}) -> Response:
    """Return an error as OpenAI's API words it."""
    kind = _KINDS.get(status, "invalid_request_error")
    error = {"message": message, "type": kind, "param": None, "code": None}
    return json_response(status, {"error": error}, headers)


class LoopbackServer(ThreadingHTTPServer):
    """
    Serves with *respond*, which is called from many threads, from construction to ``stop``.

    Raises:
        OSError: *port* cannot be had; 0 is any free port.
    """

    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, respond: Respond, port: int) -> None:
        self.respond = respond
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        super().__init__((HOST, port), _Handler)
        Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Listen no more, and end every connection, whatever it is at."""
        self.shutdown()
        self.server_close()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Begin to serve a connection."""
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """End a connection."""
        with self._lock:
            self._open.discard(request)
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print the traceback of a mistake; a client that hung up is none."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Serves one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: LoopbackServer

    def do_GET(self) -> None:
        """Answer a GET request."""
        self._answer(b"")

    def do_POST(self) -> None:
        """Answer a POST request."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            self.send_error(400, f"expected a Content-Length, got {length!r}")
        elif len(length) > 12 or int(length) > LARGEST_BODY:
            self.send_error(413, f"expected a body of at most {LARGEST_BODY} bytes, got more")
        else:
            body = self.rfile.read(int(length))
            if len(body) == int(length):
                self._answer(body)
            else:
                self.close_connection = True

    def _answer(self, body: bytes) -> None:
        response = self.server.respond(self.command, urlsplit(self.path).path, body)
        if response is None:
            self.close_connection = True
        else:
            self._send(response)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer with an error, and end the connection: what follows cannot be told apart."""
        self.close_connection = True
        self.request_version = self.protocol_version  # else a bad request line gets no headers
        self._send(error_response(int(code), message or explain or "bad request"))

    def _send(self, response: Response) -> None:
        self.close_connection = self.close_connection or response.missing > 0
        self.send_response_only(response.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(response.body) + response.missing))
        if self.close_connection:
            self.send_header("Connection", "close")
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(response.body)
