"""
``/ws``: one reply for each request, in order, as both generations of clients expect.

Written on plain ASGI, since here every microsecond counts. Whatever a frame holds, the session
lives on: only ``close``, the client's going, or the loss of the session ends it.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

import msgspec
from msgspec import UNSET, Struct, UnsetType

from engine import InvalidAction, RefoldError
from server.errors import BadRequest, SessionsFull, words_of
from server.jsonrpc import JsonRpc
from server.play import Play, Start
from server.sessions import Session, SessionStore
from server.wire import encode

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

LARGEST_FRAME = 2**20
"""Letters that a frame may have."""


class _Frame(Struct, forbid_unknown_fields=True):
    type: str
    data: dict[str, Any] | UnsetType = UNSET


_read = msgspec.json.Decoder(_Frame).decode
_KINDS = ("reset", "step", "state", "mcp", "close")


class Refusal(Exception):
    """A frame that cannot be served; its value is the ``data`` of the error frame."""

    def __init__(self, code: str, message: str, **more: Any) -> None:
        self.data = {"message": message, "code": code, **more}
        super().__init__(message)
