"""
Questions to an OpenEnv server over HTTP, and what goes wrong with them in words.

A token is read from ``REFOLD_TOKEN`` and sent; it is kept nowhere.
"""

import http.client
import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import msgspec

from refold.engine.errors import RefoldError
from refold.engine.values import LARGEST_VALUE

CONNECT_SECONDS = 10.0
"""How long a connection may take to open."""
ANSWER_SECONDS = 300.0
"""How long an answer may take: some environments compute for minutes."""


class NoAnswer(RefoldError):
    """
    A server that does not answer as one of OpenEnv does.

    Attributes:
        reason: Why, without its address.
    """

    def __init__(self, base: str, reason: str) -> None:
        self.reason = reason
        super().__init__(f"{base}: expected an OpenEnv server, got {reason}")


def authorization() -> dict[str, str]:
    """
    Return the header that carries the user's token; empty if there is none.

    Raises:
        RefoldError: No header can hold it.
    """
    token = os.environ.get("REFOLD_TOKEN", "")
    if not (token.isascii() and token.isprintable()):
        raise RefoldError("REFOLD_TOKEN: expected printable ASCII letters, got others; change it")
    return {"Authorization": f"Bearer {token}"} if token else {}


class Questions:
    """Questions to one server, over one connection."""

    def __init__(self, base: str, connection: http.client.HTTPConnection) -> None:
        self._base = base
        self._connection = connection

    def __call__(
        self, method: str, path: str, *, body: Any = None, missing: Any = None
    ) -> Mapping[str, Any]:
        """Return the JSON object at *path*; *missing*, if given, where the server has none."""
        content = None if body is None else msgspec.json.encode(body)
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        target = urlsplit(self._base).path + path
        self._connection.request(method, target, content, {**headers, **authorization()})
        response = self._connection.getresponse()
        answer = response.read(LARGEST_VALUE + 1)
        place = path.partition("?")[0]
        if missing is not None and response.status in (403, 404, 405, 422):
            return dict(missing)
        if response.status != 200:
            raise NoAnswer(self._base, f"{_status(response.status, answer)} for {place}")
        try:
            return msgspec.json.decode(answer, type=dict[str, Any])
        except msgspec.DecodeError:
            if missing is not None:
                return dict(missing)
            raise NoAnswer(self._base, f"no JSON object for {place}") from None


def _status(status: int, answer: bytes) -> str:
    if status in (401, 403):
        return f"HTTP {status}; REFOLD_TOKEN holds the token that is sent"
    said = _said(answer)
    return f"HTTP {status} ({said:.300})" if said else f"HTTP {status}"


def _said(answer: bytes) -> str | None:
    """Return what a server of FastAPI says in an error's body, None if it says nothing."""
    try:
        detail = msgspec.json.decode(answer, type=dict[str, Any]).get("detail")
    except msgspec.DecodeError:
        return None
    first = detail[0] if isinstance(detail, list) and detail else detail
    said = first.get("msg") if isinstance(first, dict) else first
    return said if isinstance(said, str) else None


@contextmanager
def asking(base: str) -> Iterator[Questions]:
    """Give a connection to the server at *base*; what goes wrong on it becomes ``NoAnswer``."""
    parts = urlsplit(base)
    try:
        connection = open_connection(parts.scheme, parts.netloc)
    except (ValueError, http.client.InvalidURL):  # a port that is no number
        raise RefoldError(f"openenv: expected http://HOST:PORT, got {base!r:.200}") from None
    try:
        connection.connect()
        connection.sock.settimeout(ANSWER_SECONDS)
        yield Questions(base, connection)
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(base, say_failure(error)) from None
    finally:
        connection.close()


def open_connection(scheme: str, netloc: str) -> http.client.HTTPConnection:
    """Return a connection to a server of HTTP, which opens with its first request."""
    if scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(netloc, timeout=CONNECT_SECONDS, context=context)
    return http.client.HTTPConnection(netloc, timeout=CONNECT_SECONDS)


def say_failure(error: Exception) -> str:
    """Return why a connection failed, in words that hold no address."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLError):
        return f"no TLS: {error.reason or 'failed'}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
