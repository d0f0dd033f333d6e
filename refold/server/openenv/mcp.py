"""
JSON-RPC 2.0 as OpenEnv defines it: the tools, and sessions without a handshake.

What clients of OpenEnv call: ``tools/list``, ``tools/call``, ``openenv/session/create`` and
``openenv/session/close``. Clients of MCP itself begin with ``initialize``: see ``mcp_http``.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from attrs import frozen
from msgspec import Raw, Struct

from refold.engine import RefoldError
from refold.server.openenv.tools import ToolBox, envelope_result, error_result
from refold.server.sessions.errors import BadRequest, SessionsFull, client_message
from refold.server.sessions.messages import JsonObject
from refold.server.sessions.runner import SessionRunner
from refold.server.sessions.store import Session, SessionStore

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
SERVER_ERROR = -32000

START_TOOL = "start_episode"

_logger = logging.getLogger("refold.server")


class RpcCall(Struct):
    """A JSON-RPC request; *id* is None if the request has none."""

    jsonrpc: str
    method: str
    params: dict[str, Any] = {}
    id: str | int | None = None


class RpcError(Exception):
    """
    An error that is returned as the response to a request.

    Attributes:
        error: The member ``error`` of the response.
    """

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        self.error = {"code": code, "message": message, "data": data}
        super().__init__(message)


@frozen
class Caller:
    """
    The client behind a call, and its session.

    Attributes:
        client: Its address, for the limit on sessions.
        open_session: Returns the session to play in, a new one if there is none yet.
        current: The session that the client has already; None if it has none.
        owns_connection: Whether *current* lives and dies with the client's own connection.
    """

    client: str
    open_session: Callable[[], Session]
    current: Session | None = None
    owns_connection: bool = False


class RpcDispatcher:
    """Answers JSON-RPC calls: the tools of all families served, and two to start and observe."""

    def __init__(self, runner: SessionRunner, store: SessionStore) -> None:
        self._store = store
        self._tools = ToolBox(runner, START_TOOL)

    def answer(self, request: Any, caller: Caller) -> JsonObject:
        """Return the response to *request*, any decoded JSON; errors are responses as well."""
        id = request.get("id") if isinstance(request, dict) else None
        # Known before the call is checked, so that an invalid request gets its id back.
        id = id if isinstance(id, str | int) and not isinstance(id, bool) else None
        try:
            call = read_call(request)
            return {"jsonrpc": "2.0", "id": id, "result": self._dispatch(call, caller)}
        except RpcError as fault:
            return {"jsonrpc": "2.0", "id": id, "error": fault.error}
        except Exception:  # a bug of ours must not end the session
            _logger.exception("a call failed")
            error = {"code": INTERNAL_ERROR, "message": "internal error", "data": None}
            return {"jsonrpc": "2.0", "id": id, "error": error}

    def _dispatch(self, call: RpcCall, caller: Caller) -> Any:
        match call.method:
            case "tools/list":
                return {"tools": self._list_tools(self._find_session(call.params, caller))}
            case "tools/call":
                return self._call_tool(call.params, caller)
            case "openenv/session/create":
                return {"session_id": self._create_session(caller)}
            case "openenv/session/close":
                return self._close_session(call.params, caller)
        raise RpcError(METHOD_NOT_FOUND, f"method: expected a known one, got {call.method[:100]!r}")

    def _find_session(self, params: Mapping[str, Any], caller: Caller) -> Session | None:
        id = params.get("session_id")
        if id is None or (caller.owns_connection and caller.current and id == caller.current.id):
            return caller.current
        try:
            return self._store.find(id if isinstance(id, str) else "")
        except RefoldError as error:
            raise RpcError(INVALID_PARAMS, client_message(error)) from None

    def _list_tools(self, session: Session | None) -> list[JsonObject]:
        playing = [session.episode.family] if session and session.episode else None
        return self._tools.definitions(playing)

    def _call_tool(self, params: Mapping[str, Any], caller: Caller) -> JsonObject:
        name, arguments = params.get("name"), params.get("arguments", {})
        if not isinstance(name, str) or not isinstance(arguments, dict):
            raise RpcError(INVALID_PARAMS, "params: expected a name and an object of arguments")
        if not self._tools.knows(name):
            raise RpcError(INVALID_PARAMS, f"tool: expected a known one, got {name[:100]!r}")
        try:
            session = self._find_session(params, caller) or caller.open_session()
            envelope = self._tools.use(session, name, arguments)
            result = envelope_result(session, envelope)
            refused = result.pop("isError")
            # `data` is what OpenEnv's own client of tools returns.
            return {**result, "data": Raw(envelope), "isError": refused}
        except SessionsFull as error:
            raise sessions_full_error(error) from None
        except BadRequest as error:
            raise RpcError(INVALID_PARAMS, client_message(error)) from None
        # As MCP has it: what a model can fix by another call is a result, not a protocol error.
        except RefoldError as error:
            return error_result(client_message(error))

    def _create_session(self, caller: Caller) -> str:
        if caller.owns_connection and caller.current is not None:
            return caller.current.id
        try:
            session = self._store.create(caller.client)
        except SessionsFull as error:
            raise sessions_full_error(error) from None
        session.claimed = True  # the client has its id, and will come back to attach to it
        return session.id

    def _close_session(self, params: Mapping[str, Any], caller: Caller) -> JsonObject:
        id = params.get("session_id")
        if not isinstance(id, str) or not id:
            raise RpcError(INVALID_PARAMS, "params: expected a session_id")
        if caller.owns_connection and caller.current is not None and id == caller.current.id:
            raise RpcError(INVALID_REQUEST, "session: expected another than that of the connection")
        try:
            self._store.close(self._store.find(id))
        except RefoldError as error:
            raise RpcError(INVALID_PARAMS, client_message(error)) from None
        return {"session_id": id, "closed": True}


def parse_error_response() -> JsonObject:
    """Return the response to a request that is not JSON."""
    error = {"code": PARSE_ERROR, "message": "expected JSON, got something else", "data": None}
    return {"jsonrpc": "2.0", "id": None, "error": error}


def sessions_full_response(error: SessionsFull) -> JsonObject:
    """Return the response, to no request in particular, that tells of *error*."""
    return {"jsonrpc": "2.0", "id": None, "error": sessions_full_error(error).error}


def read_call(request: Any) -> RpcCall:
    """
    Return the call in *request*, any decoded JSON.

    Raises:
        RpcError: It is none.
    """
    try:
        call = msgspec.convert(request, RpcCall)
    except msgspec.ValidationError as error:
        params_wrong = "$.params" in str(error)
        code = INVALID_PARAMS if params_wrong else INVALID_REQUEST
        raise RpcError(code, f"request: expected JSON-RPC 2.0, got {error}") from None
    if call.jsonrpc != "2.0":
        raise RpcError(INVALID_REQUEST, f"jsonrpc: expected '2.0', got {call.jsonrpc[:20]!r}")
    return call


def sessions_full_error(error: SessionsFull) -> RpcError:
    """Return *error* as the error of a call."""
    data = {"active_sessions": error.active, "max_sessions": error.limit}
    return RpcError(SERVER_ERROR, client_message(error), data)
