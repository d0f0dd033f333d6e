"""
``/ws``: one reply for each frame, in order, as both generations of OpenEnv's clients expect.

Written on plain ASGI, since a training run sends its steps here and each one costs. No frame,
however malformed, ends the session; only ``close``, a disconnect or the session's own end does.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import msgspec
from attrs import define
from msgspec import UNSET, Struct, UnsetType
from starlette.types import Receive, Scope, Send

from refold.engine import InvalidAction, RefoldError
from refold.server.http.access import client_address
from refold.server.openenv.mcp import Caller, RpcDispatcher
from refold.server.openenv.tool_steps import step_or_use_tool
from refold.server.sessions.errors import BadRequest, SessionsFull, client_message
from refold.server.sessions.messages import encode
from refold.server.sessions.reset_arguments import ResetRequest
from refold.server.sessions.runner import SessionRunner
from refold.server.sessions.store import Session, SessionStore

FRAMES_PER_TURN = 16
"""Frames that one connection is served in a row; a busy client must not starve the others."""

# Close codes of RFC 6455 and its registry.
_TRY_AGAIN_LATER = 1013
_INTERNAL_ERROR = 1011
_GOING_AWAY = 1001


class _Frame(Struct, forbid_unknown_fields=True):
    type: str
    data: dict[str, Any] | UnsetType = UNSET


class _Reply(Struct):
    type: str
    data: Any


_logger = logging.getLogger("refold.server")
_decode_frame = msgspec.json.Decoder(_Frame).decode
_FRAME_TYPES = ("reset", "step", "state", "mcp", "close")


class FrameRefused(Exception):
    """
    A frame that gets an error for a reply.

    Attributes:
        data: The content of the error frame.
    """

    def __init__(self, code: str, message: str, **more: Any) -> None:
        self.data = {"message": message, "code": code, **more}
        super().__init__(message)


@define
class EnvironmentSocket:
    """
    The ASGI application of ``/ws``.

    Attributes:
        runner: Plays episodes in sessions.
        store: The sessions.
        rpc: Answers ``mcp`` frames.
        largest_frame: Most characters of a frame.
        delay: Counts a frame of a client address, and returns seconds to wait before the next.
        count_error: Called with the code of each error frame.
    """

    runner: SessionRunner
    store: SessionStore
    rpc: RpcDispatcher
    largest_frame: int
    delay: Callable[[str], float]
    count_error: Callable[[str], None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection until it closes."""
        await receive()
        await send({"type": "websocket.accept"})
        client = client_address(scope)
        try:
            session, owned = self._open_session(scope, client)
        except RefoldError as error:
            await self._refuse_connection(send, error)
            return
        # The store drops sessions in plain functions, so the close is sent by a task; the set keeps
        # it from being collected before it ran.
        loop = asyncio.get_running_loop()
        ending: set[asyncio.Task[None]] = set()
        session.hang_up = lambda: ending.add(loop.create_task(_close(send, _GOING_AWAY)))
        try:
            await self._serve(session, client, receive, send)
        finally:
            session.hang_up = None
            if owned:
                self.store.close(session)
            else:
                self.store.detach(session)

    def _open_session(self, scope: Scope, client: str) -> tuple[Session, bool]:
        """Return the session that the URL names, or a new one; and whether it is new."""
        wanted = parse_qs(scope["query_string"].decode("latin-1")).get("session_id")
        if wanted:
            return self.store.attach(wanted[0]), False
        self.store.make_room()
        return self.store.create(client, attached=True), True

    async def _refuse_connection(self, send: Send, error: RefoldError) -> None:
        data: dict[str, Any] = {"message": client_message(error), "code": "SESSION_ERROR"}
        if isinstance(error, SessionsFull):
            data |= {"code": "CAPACITY_REACHED"}
            data |= {"active_sessions": error.active, "max_sessions": error.limit}
        self.count_error(data["code"])
        await send({"type": "websocket.send", "text": _encode_reply("error", data)})
        await _close(send, _TRY_AGAIN_LATER if isinstance(error, SessionsFull) else _INTERNAL_ERROR)

    async def _serve(self, session: Session, client: str, receive: Receive, send: Send) -> None:
        caller = Caller(client, lambda: session, session, owns_connection=True)
        served = 0
        while True:
            message = await receive()
            if message["type"] != "websocket.receive":
                return
            reply = self._reply_to(
                message.get("text") or message.get("bytes") or "", session, caller
            )
            if reply is None:
                await _close(send, 1000)
                return
            await send({"type": "websocket.send", "text": reply})
            served += 1
            # Backpressure: frames that are not received yet hold up their sender.
            wait = self.delay(client)
            if wait or not served % FRAMES_PER_TURN:
                await asyncio.sleep(wait)

    def _reply_to(self, text: str | bytes, session: Session, caller: Caller) -> str | None:
        """Return the reply to the frame *text*, None if it is ``close``."""
        try:
            frame = _read_frame(text, self.largest_frame)
            if frame.type == "close":
                return None
            session.last_used = self.store.clock()
            return self._serve_frame(frame, session, caller)
        except FrameRefused as refusal:
            self.count_error(refusal.data["code"])
            return _encode_reply("error", refusal.data)
        except Exception:  # a bug of ours must not end the session
            _logger.exception("a frame failed")
            self.count_error("EXECUTION_ERROR")
            fault = {"message": "the server could not do that", "code": "EXECUTION_ERROR"}
            return _encode_reply("error", fault)

    def _serve_frame(self, frame: _Frame, session: Session, caller: Caller) -> str:
        data = {} if frame.data is UNSET else frame.data
        try:
            match frame.type:
                case "step":
                    return _observation_reply(
                        step_or_use_tool(self.runner, self.rpc, session, data)
                    )
                case "reset":
                    return _observation_reply(
                        self.runner.reset(session, ResetRequest.from_arguments(data))
                    )
                case "state":
                    return _encode_reply("state", self.runner.state(session))
                case _:
                    return _encode_reply("mcp", self.rpc.answer(data, caller))
        except BadRequest as error:
            raise _validation_error(
                "value_error", ["data", *error.location], error.problem
            ) from None
        except InvalidAction as error:
            raise _validation_error("invalid_action", ["data"], client_message(error)) from None
        except RefoldError as error:
            raise FrameRefused("EXECUTION_ERROR", client_message(error)) from None


async def _close(send: Send, code: int) -> None:
    try:
        await send({"type": "websocket.close", "code": code})
    except (RuntimeError, OSError):  # the client closed first
        return


def _observation_reply(envelope: bytes) -> str:
    # Joined as text: the envelope is JSON already.
    return '{"type":"observation","data":' + envelope.decode() + "}"


def _encode_reply(kind: str, data: Any) -> str:
    return encode(_Reply(kind, data)).decode()


def _validation_error(kind: str, at: list[str], problem: str) -> FrameRefused:
    errors = [{"type": kind, "loc": at, "msg": problem}]
    return FrameRefused("VALIDATION_ERROR", f"Invalid message: {problem}", errors=errors)


def _read_frame(text: str | bytes, largest: int) -> _Frame:
    """
    Return the frame in *text*.

    Raises:
        FrameRefused: *text* is no valid frame, or too long.
    """
    if len(text) > largest:
        raise _validation_error(
            "too_long", [], f"expected at most {largest} letters, got {len(text)}"
        )
    try:
        frame = _decode_frame(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise _explain_bad_frame(text) from None
    if frame.type not in _FRAME_TYPES:
        raise FrameRefused("UNKNOWN_TYPE", f"Unknown message type: {frame.type[:100]}")
    if frame.data is UNSET:
        if frame.type in ("step", "mcp"):
            raise _validation_error("missing", ["data"], "expected a value, got none")
    elif frame.type in ("state", "close"):
        raise _validation_error("extra_forbidden", ["data"], "expected no data, got some")
    return frame


def _explain_bad_frame(text: str | bytes) -> FrameRefused:
    """Return the error for *text*, which is no valid frame."""
    # Parsed once more, but only on errors: the decoder of valid frames is the fast path.
    try:
        value = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        return FrameRefused("INVALID_JSON", f"Invalid JSON: {error}"[:300])
    if not isinstance(value, dict):
        return _validation_error("dict_type", [], "expected an object, got another kind of value")
    kind = value.get("type", "")
    if kind not in _FRAME_TYPES:
        return FrameRefused("UNKNOWN_TYPE", f"Unknown message type: {str(kind)[:100]}")
    extra = sorted(map(str, value.keys() - {"type", "data"}))
    if extra:
        return _validation_error("extra_forbidden", [extra[0][:100]], "expected type and data only")
    return _validation_error("dict_type", ["data"], "expected an object, got another kind of value")
