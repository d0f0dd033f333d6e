"""
A stand-in model behind a real HTTP API on loopback: for demos and tests, without a key.

It speaks as much of the OpenAI API as agents need: POST /v1/chat/completions, without streams,
and GET /v1/models. Equal requests get equal answers; any key will do. For trust between a
program and itself only: it listens on 127.0.0.1 and nowhere else.
"""

import socket
from collections import Counter
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import msgspec

from agents.mock_answers import CREATED, MOCK_AGENTS, answer, nonsense, read_request
from agents.mock_faults import STATUSES, Faults, read_fault
from engine import RefoldError
from engine.errors import UnknownName

LARGEST_BODY = 64 * 2**20
"""Bytes that a request may have."""

_HOST = "127.0.0.1"
_SILENCE_SECONDS = 60.0
_KINDS: Mapping[int, str] = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "server_error",
}


class MockModel:
    """
    The stand-in, running while it is entered as a context manager.

    Args:
        agent: Who answers, one of ``MOCK_AGENTS``.
        faults: What goes wrong, as ``read_fault`` takes it. A request goes past them in order,
            and each counts those that come to it: ``["rate-limit:2", "drop:1"]`` are two
            refusals and then a dropped connection.
        latency_ms: Time to wait before each answer, faulty ones included.
        port: Where to listen; any free port if 0.
        keep: Whether to keep the requests; without, memory does not grow.

    Raises:
        UnknownName: There is no such agent or fault.
        RefoldError: A fault is not well formed; on entering, the port cannot be had.
    """

    def __init__(
        self,
        agent: str = "auto",
        *,
        faults: Iterable[str] = (),
        latency_ms: int = 0,
        port: int = 0,
        keep: bool = True,
    ) -> None:
        if agent not in MOCK_AGENTS:
            raise UnknownName("agent", agent, MOCK_AGENTS)
        self.agent = agent
        self.faults = Faults(map(read_fault, faults))
        self._latency = latency_ms / 1000
        self._port = port
        self._keep = keep
        self._requests: list[Any] = []
        self._counts: Counter[str] = Counter()
        self._lock = Lock()
        self._stopping = Event()
        self._server: _Server | None = None

    def __enter__(self) -> Self:
        """Start to listen."""
        try:
            self._server = _Server(self, self._port)
        except OSError as error:
            raise RefoldError(
                f"port {self._port}: expected a free one, got {error.strerror}; use another, "
                "or 0 for any"
            ) from None
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop, ending every connection."""
        self._stopping.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server.end_connections()

    @property
    def base_url(self) -> str:
        """What a client calls the base URL; only while the stand-in runs."""
        assert self._server is not None, "expected a running stand-in, got one not entered"
        return f"http://{_HOST}:{self._server.server_port}/v1"

    @property
    def requests(self) -> list[Any]:
        """Bodies of the chat completion requests that were JSON, in order, if they are kept."""
        with self._lock:
            return list(self._requests)

    @property
    def counts(self) -> dict[str, int]:
        """How many requests ended how: ``answered``, ``refused``, or the kind of a fault."""
        with self._lock:
            return dict(self._counts)

    def receive(self, body: Any) -> None:
        """Keep the request *body*."""
        if self._keep:
            with self._lock:
                self._requests.append(body)

    def count(self, outcome: str) -> None:
        """Count a request that ends as *outcome*."""
        with self._lock:
            self._counts[outcome] += 1

    def delay(self) -> None:
        """Wait for as long as every answer has to, or until the stand-in stops."""
        if self._latency:
            self._stopping.wait(self._latency)

    def stay_silent(self) -> None:
        """Wait for a minute, or until the stand-in stops."""
        self._stopping.wait(_SILENCE_SECONDS)


class _Server(ThreadingHTTPServer):
    """Listens, with a thread for each connection."""

    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, model: MockModel, port: int) -> None:
        self.model = model
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        super().__init__((_HOST, port), _Handler)

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

    def end_connections(self) -> None:
        """Make every connection end now, whatever it is at."""
        with self._lock:
            for connection in self._open:
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that hangs up is no error of the server."""


class _Handler(BaseHTTPRequestHandler):
    """Serves one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        """Answer a GET request."""
        if urlsplit(self.path).path != "/v1/models":
            self._unknown_path()
            return
        models = [
            {"id": f"mock-{agent}", "object": "model", "created": CREATED, "owned_by": "refold"}
            for agent in MOCK_AGENTS
        ]
        self._send(200, _json({"object": "list", "data": models}))

    def do_POST(self) -> None:
        """Answer a POST request."""
        body = self._body()
        if body is None:
            return
        if urlsplit(self.path).path != "/v1/chat/completions":
            self._unknown_path()
            return
        self.server.model.delay()
        try:
            self._complete(body)
        except RefoldError as error:
            self.server.model.count("refused")
            self._send_error(400, str(error))

    def _complete(self, body: bytes) -> None:
        model = self.server.model
        try:
            model.receive(msgspec.json.decode(body))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise RefoldError(f"request: expected JSON, got {error}") from None
        request = read_request(body)
        fault = model.faults.next()
        if fault not in (None, "nonsense"):
            model.count(fault)
            self._fail(fault)
            return
        completion = nonsense(request) if fault else answer(request, agent=model.agent)
        model.count(fault or "answered")
        self._send(200, _json(completion))

    def _fail(self, fault: str) -> None:
        """Answer as *fault*, a key of ``FAULTS`` but nonsense, wants it."""
        if fault in STATUSES:
            self._send_error(STATUSES[fault], f"{fault}, as told")
        elif fault == "garbage":
            self._send(200, b'{"id": "chatcmpl-garbage", "choices": [{"mess')
        elif fault == "truncated":
            self._send(200, b'{"id": "chatcmpl-truncated", "choices": [', missing=1000)
        else:
            if fault == "timeout":
                self.server.model.stay_silent()
            self.close_connection = True

    def _body(self) -> bytes | None:
        """Return the body; if it cannot be had, answer so and return None."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            self.send_error(400, "expected a Content-Length, got none")
        elif len(length) > 12 or int(length) > LARGEST_BODY:
            self.send_error(413, f"expected a body of at most {LARGEST_BODY} bytes, got more")
        else:
            body = self.rfile.read(int(length))
            if len(body) == int(length):
                return body
            self.close_connection = True
        return None

    def _unknown_path(self) -> None:
        self._send_error(
            404,
            "path: expected GET /v1/models or POST /v1/chat/completions, got "
            f"{self.command} {self.path}",
        )

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Answer with an error that leaves the connection unusable."""
        self.close_connection = True
        self._send_error(int(code), message or "bad request")

    def _send_error(self, status: int, message: str) -> None:
        kind = _KINDS.get(status, "invalid_request_error")
        error = {"message": message, "type": kind, "param": None, "code": None}
        retry = {"Retry-After": "0"} if status == 429 else {}
        self._send(status, _json({"error": error}), retry)

    def _send(
        self, status: int, payload: bytes, headers: Mapping[str, str] = {}, *, missing: int = 0
    ) -> None:
        """Send *payload*, with *missing* bytes announced that never come."""
        self.close_connection = self.close_connection or missing > 0
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload) + missing))
        if self.close_connection:
            self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(payload)


def _json(value: Any) -> bytes:
    return msgspec.json.encode(value)
