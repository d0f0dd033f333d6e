"""
A mock model behind a real HTTP API on loopback: for demos and tests, without a key.

It speaks as much of the OpenAI API as agents need: POST /v1/chat/completions, without streams,
and GET /v1/models. Equal requests get equal answers, unless a fault strikes; any key will do.
"""

from collections import Counter
from collections.abc import Iterable
from threading import Event, Lock
from types import TracebackType
from typing import Any, Self

import msgspec

from refold.agents.mock.answers import CREATED, MOCK_AGENTS, answer, nonsense, saying
from refold.agents.mock.faults import STATUSES, Faults, read_fault
from refold.agents.mock.judge import MockJudge
from refold.agents.mock.requests import read_request
from refold.agents.mock.server import HOST, LoopbackServer, Response, error_response, json_response
from refold.engine import RefoldError
from refold.engine.errors import UnknownName

_SILENCE_SECONDS = 60.0


class MockModel:
    """
    The mock model, running while it is entered as a context manager.

    Args:
        agent: How it chooses, one of ``MOCK_AGENTS``.
        faults: What goes wrong, as ``read_fault`` takes it. A request goes past them in order,
            and each counts those that come to it: ``["rate-limit:2", "drop:1"]`` are two
            refusals and then a dropped connection.
        latency_ms: Time to wait before each answer, faulty ones included.
        port: Where to listen; any free port if 0.
        judge: Answers in its place, to the questions of graders.
        keep: Whether to keep the requests; without, memory does not grow.

    Raises:
        UnknownName: There is no such agent or fault.
        RefoldError: A fault is not well formed; on entering, the port cannot be had.

    Attributes:
        latency_ms: As it was given; may be changed at any time.
    """

    def __init__(
        self,
        agent: str = "auto",
        *,
        faults: Iterable[str] = (),
        latency_ms: int = 0,
        port: int = 0,
        judge: MockJudge | None = None,
        keep: bool = True,
    ) -> None:
        if agent not in MOCK_AGENTS:
            raise UnknownName("agent", agent, MOCK_AGENTS)
        self._agent = agent
        self._faults = Faults(map(read_fault, faults))
        self.latency_ms = latency_ms
        self._port = port
        self._judge = judge
        self._keep = keep
        self._requests: list[Any] = []
        self._counts: Counter[str] = Counter()
        self._lock = Lock()
        self._stopping = Event()
        self._server: LoopbackServer | None = None

    def __enter__(self) -> Self:
        """Start to listen."""
        try:
            self._server = LoopbackServer(self._respond, self._port)
        except OSError as error:
            raise RefoldError(
                f"port {self._port}: expected a free one, got {error.strerror}; use another, "
                "or 0 for any"
            ) from None
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
            self._server.stop()

    @property
    def base_url(self) -> str:
        """What a client calls the base URL, once the mock model has been entered."""
        assert self._server is not None, (
            "expected the mock model in a with statement, got it outside"
        )
        return f"http://{HOST}:{self._server.server_port}/v1"

    @property
    def requests(self) -> list[Any]:
        """Bodies of the chat completion requests that were JSON, in order, if they are kept."""
        with self._lock:
            return list(self._requests)

    @property
    def counts(self) -> dict[str, int]:
        """How many chat completion requests ended ``answered``, ``refused``, or as which fault."""
        with self._lock:
            return dict(self._counts)

    def _respond(self, method: str, path: str, body: bytes) -> Response | None:
        if (method, path) == ("GET", "/v1/models"):
            return json_response(200, {"object": "list", "data": list(map(_model, MOCK_AGENTS))})
        if (method, path) != ("POST", "/v1/chat/completions"):
            known = "GET /v1/models or POST /v1/chat/completions"
            return error_response(404, f"path: expected {known}, got {method} {path}")
        self._stopping.wait(self.latency_ms / 1000)
        try:
            outcome, response = self._complete(body)
        except RefoldError as error:
            outcome, response = "refused", error_response(400, str(error))
        with self._lock:
            self._counts[outcome] += 1
        if outcome == "timeout":
            self._stopping.wait(_SILENCE_SECONDS)
        return response

    def _complete(self, body: bytes) -> tuple[str, Response | None]:
        """Return how the chat completion request *body* ends, and what is sent."""
        try:
            received = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise RefoldError(f"request: expected JSON, got {error}") from None
        if self._keep:
            with self._lock:
                self._requests.append(received)
        request = read_request(body)
        fault = self._faults.next()
        if fault == "nonsense":
            return fault, json_response(200, nonsense(request))
        if fault is not None:
            return fault, _fail(fault)
        if self._judge is not None:
            said = self._judge.answer(request)
            if said is None:
                return "silent", None
            return "answered", json_response(200, saying(request, said))
        return "answered", json_response(200, answer(request, agent=self._agent))


def _fail(fault: str) -> Response | None:
    """Return what *fault* sends: nothing before the connection ends, if None."""
    if fault in STATUSES:
        retry = {"Retry-After": "0"} if fault == "rate-limit" else {}
        return error_response(STATUSES[fault], f"{fault}, as told", retry)
    if fault == "garbage":
        return Response(200, b'{"id": "chatcmpl-garbage", "choices": [{"mess')
    if fault == "truncated":
        return Response(200, b'{"id": "chatcmpl-truncated", "choices": [', missing=1000)
    return None


def _model(agent: str) -> dict[str, Any]:
    return {"id": f"mock-{agent}", "object": "model", "created": CREATED, "owned_by": "refold"}
