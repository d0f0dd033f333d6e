"""
``/ws``: one reply for each request, in order, as both generations of clients expect.

Written on plain ASGI, since here every microsecond counts. Whatever a frame holds, the session
lives on: only ``close``, the client's going, or the loss of the session ends it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

import msgspec
from attrs import define
from msgspec import UNSET, Struct, UnsetType

from refold.engine import InvalidAction, RefoldError
from refold.server.http.access import client_of
from refold.server.openenv.mcp import Caller, JsonRpc
from refold.server.openenv.tool_steps import step
from refold.server.sessions.errors import BadRequest, SessionsFull, words_of
from refold.server.sessions.messages import encode
from refold.server.sessions.runner import Play, Start
from refold.server.sessions.store import Session, SessionStore

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

TURN = 16
"""Frames that a connection may have served before others get their turn."""

_FULL = 1013
_LOST = 1011
_GONE = 1001


class _Frame(Struct, forbid_unknown_fields=True):
    type: str
    data: dict[str, Any] | UnsetType = UNSET


class _Reply(Struct):
    type: str
    data: Any


_faults = logging.getLogger("refold.server")
_read = msgspec.json.Decoder(_Frame).decode
_KINDS = ("reset", "step", "state", "mcp", "close")


class Refusal(Exception):
    """
    A frame that cannot be served.

    Attributes:
        data: What the error frame holds.
    """

    def __init__(self, code: str, message: str, **more: Any) -> None:
        self.data = {"message": message, "code": code, **more}
        super().__init__(message)


@define
class Endpoint:
    """
    The ASGI application of ``/ws``.

    Attributes:
        play: Resets and steps.
        store: Where sessions come from.
        rpc: Answers ``mcp`` frames.
        largest: Letters that a frame may have.
        pause: Seconds that a client, by its address, has to wait before its next frame.
        refused: Called with the code of each error.
    """

    play: Play
    store: SessionStore
    rpc: JsonRpc
    largest: int
    pause: Callable[[str], float]
    refused: Callable[[str], None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection to its end."""
        await receive()
        await send({"type": "websocket.accept"})
        client = client_of(scope)
        try:
            session, owned = self._enter(scope, client)
        except RefoldError as error:
            await self._turn_away(send, error)
            return
        loop = asyncio.get_running_loop()
        ending: set[asyncio.Task[None]] = set()
        session.hang_up = lambda: ending.add(loop.create_task(_close(send, _GONE)))
        try:
            await self._serve(session, client, receive, send)
        finally:
            session.hang_up = None
            if owned:
                self.store.close(session)
            else:
                self.store.detach(session)

    def _enter(self, scope: Scope, client: str) -> tuple[Session, bool]:
        """Return the session that the client wants, or a new one, and whether it is new."""
        wanted = parse_qs(scope["query_string"].decode("latin-1")).get("session_id")
        if wanted:
            return self.store.attach(wanted[0]), False
        self.store.make_room()
        return self.store.create(client, attached=True), True

    async def _turn_away(self, send: Send, error: RefoldError) -> None:
        data: dict[str, Any] = {"message": words_of(error), "code": "SESSION_ERROR"}
        if isinstance(error, SessionsFull):
            data |= {"code": "CAPACITY_REACHED"}
            data |= {"active_sessions": error.active, "max_sessions": error.most}
        self.refused(data["code"])
        await send({"type": "websocket.send", "text": _text("error", data)})
        await _close(send, _FULL if isinstance(error, SessionsFull) else _LOST)

    async def _serve(self, session: Session, client: str, receive: Receive, send: Send) -> None:
        caller = Caller(client, lambda: session, session, own=True)
        served = 0
        while True:
            message = await receive()
            if message["type"] != "websocket.receive":
                return
            reply = self._reply(message.get("text") or message.get("bytes") or "", session, caller)
            if reply is None:
                await _close(send, 1000)
                return
            await send({"type": "websocket.send", "text": reply})
            served += 1
            wait = self.pause(client)
            if wait or not served % TURN:
                await asyncio.sleep(wait)

    def _reply(self, text: str | bytes, session: Session, caller: Caller) -> str | None:
        """Return the reply to the frame *text*; None if it asks to close."""
        try:
            frame = _frame(text, self.largest)
            if frame.type == "close":
                return None
            session.used = self.store.clock()
            return self._serve_frame(frame, session, caller)
        except Refusal as refusal:
            self.refused(refusal.data["code"])
            return _text("error", refusal.data)
        except Exception:
            _faults.exception("a frame failed")
            self.refused("EXECUTION_ERROR")
            fault = {"message": "the server could not do that", "code": "EXECUTION_ERROR"}
            return _text("error", fault)

    def _serve_frame(self, frame: _Frame, session: Session, caller: Caller) -> str:
        data = {} if frame.data is UNSET else frame.data
        try:
            match frame.type:
                case "step":
                    return _observation(step(self.play, self.rpc, session, data))
                case "reset":
                    return _observation(self.play.reset(session, Start.read(data)))
                case "state":
                    return _text("state", self.play.state(session))
                case _:
                    return _text("mcp", self.rpc.answer(data, caller))
        except BadRequest as error:
            raise _invalid("value_error", ["data", *error.at], error.problem) from None
        except InvalidAction as error:
            raise _invalid("invalid_action", ["data"], words_of(error)) from None
        except RefoldError as error:
            raise Refusal("EXECUTION_ERROR", words_of(error)) from None


async def _close(send: Send, code: int) -> None:
    try:
        await send({"type": "websocket.close", "code": code})
    except (RuntimeError, OSError):  # the client was quicker
        return


def _observation(envelope: bytes) -> str:
    return '{"type":"observation","data":' + envelope.decode() + "}"


def _text(kind: str, data: Any) -> str:
    return encode(_Reply(kind, data)).decode()


def _invalid(kind: str, at: list[str], problem: str) -> Refusal:
    errors = [{"type": kind, "loc": at, "msg": problem}]
    return Refusal("VALIDATION_ERROR", f"Invalid message: {problem}", errors=errors)


def _frame(text: str | bytes, largest: int) -> _Frame:
    """
    Return *text* as a frame that can be served.

    Raises:
        Refusal: It is none.
    """
    if len(text) > largest:
        raise _invalid("too_long", [], f"expected at most {largest} letters, got {len(text)}")
    try:
        frame = _read(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise _why(text) from None
    if frame.type not in _KINDS:
        raise Refusal("UNKNOWN_TYPE", f"Unknown message type: {frame.type[:100]}")
    if frame.data is UNSET:
        if frame.type in ("step", "mcp"):
            raise _invalid("missing", ["data"], "expected a value, got none")
    elif frame.type in ("state", "close"):
        raise _invalid("extra_forbidden", ["data"], "expected no data, got some")
    return frame


def _why(text: str | bytes) -> Refusal:
    """Return what is wrong with *text*, which is no frame."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        return Refusal("INVALID_JSON", f"Invalid JSON: {error}"[:300])
    if not isinstance(value, dict):
        return _invalid("dict_type", [], "expected an object, got another kind of value")
    kind = value.get("type", "")
    if kind not in _KINDS:
        return Refusal("UNKNOWN_TYPE", f"Unknown message type: {str(kind)[:100]}")
    extra = sorted(map(str, value.keys() - {"type", "data"}))
    if extra:
        return _invalid("extra_forbidden", [extra[0][:100]], "expected type and data only")
    return _invalid("dict_type", ["data"], "expected an object, got another kind of value")
