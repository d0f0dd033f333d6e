"""What passes through the proxy, as resets and steps of sessions; read only after it has passed."""

import gzip
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from refold.environments.openenv.protocol import Reply, read_json, read_reply
from refold.environments.openenv.recording import Recorder
from refold.environments.openenv.sockets import LOST
from refold.environments.options import read_options
from refold.server.http.access import read_cookie
from refold.server.http.request_session import SESSION_COOKIE, SESSION_HEADER

RECORDED_PATHS = ("/reset", "/step", "/mcp")
"""Paths whose POST requests may change an environment."""
_READING = ("tools/list", "initialize", "notifications/initialized", "ping")
"""Calls of MCP that change nothing."""


def record_frames(
    recorder: Recorder, session: str, sent: str | bytes, received: str | bytes | None
) -> None:
    """Record what the frame *sent* led to; *received* is None if the server went away first."""
    frame = _read(sent)
    kind = frame.get("type")
    reply = Reply("failure", LOST) if received is None else read_reply(received)
    data = frame.get("data")
    if kind == "reset":
        recorder.reset(session, data if isinstance(data, dict) else {}, reply)
    elif kind == "step":
        recorder.step(session, data, reply)
    elif kind == "mcp":
        record_call(recorder, data)
    elif kind not in ("state", "close"):
        recorder.pass_on("a frame that is none of OpenEnv")


def record_call(recorder: Recorder, call: Any) -> None:
    """Count a *call* of MCP, unless it only reads: it changes an environment without a step."""
    if not isinstance(call, dict) or call.get("method") not in _READING:
        recorder.pass_on("a call of MCP")


@frozen
class Exchange:
    """A POST over HTTP to one of ``RECORDED_PATHS``, and its answer."""

    path: str
    query: str
    sent: bytes
    headers: Mapping[str, str]
    status: int
    received: bytes
    answer_headers: Mapping[str, str]


class HttpSessions:
    """
    Records exchanges over HTTP, and knows which session each belongs to.

    As refold's server has it, and few others, which have one session for all. A request that
    names none continues with the last.
    """

    def __init__(self) -> None:
        self._last = ""

    def record(self, recorder: Recorder, exchange: Exchange) -> None:
        """Record *exchange* if it is a reset or a step; of a status of 0, the server went away."""
        asked = _read(exchange.sent or b"{}")
        if exchange.path == "/mcp":
            record_call(recorder, asked)
            return
        reply = _reply(exchange)
        session = self._last = f"http {self._find(exchange, asked)}"
        if reply is None:
            recorder.pass_on(f"POST {exchange.path} with HTTP {exchange.status}")
        elif exchange.path == "/reset":
            _, arguments = read_options(f"?{exchange.query}" if exchange.query else "")
            recorder.reset(session, {**arguments, **asked}, reply)
        else:
            action = asked.get("action", {n: v for n, v in asked.items() if n != "session_id"})
            recorder.step(session, action, reply)

    def _find(self, exchange: Exchange, asked: Mapping[str, Any]) -> str:
        return str(
            exchange.answer_headers.get(SESSION_HEADER.lower())
            or exchange.headers.get(SESSION_HEADER.lower())
            or asked.get("session_id")
            or read_cookie(exchange.headers, SESSION_COOKIE)
            or self._last.removeprefix("http ")
        )


def _reply(exchange: Exchange) -> Reply | None:
    """Return the reply in *exchange*; None if the request came to nothing in the environment."""
    if exchange.status == 0:
        return Reply("failure", LOST)
    if exchange.status >= 500:
        return Reply("failure", f"the server failed: HTTP {exchange.status}")
    data = _read(_plain(exchange))
    if exchange.status == 200 and "observation" in data:
        return Reply("observation", data)
    return Reply("refusal", data) if exchange.status in (400, 422) else None


def _plain(exchange: Exchange) -> bytes:
    if exchange.answer_headers.get("content-encoding") != "gzip":
        return exchange.received
    try:
        return gzip.decompress(exchange.received)
    except (OSError, EOFError):
        return b""


def _read(text: str | bytes) -> Mapping[str, Any]:
    """Return the JSON object in *text*; an empty one if it is none."""
    try:
        value = read_json(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
