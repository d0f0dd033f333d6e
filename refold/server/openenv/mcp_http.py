"""
``/mcp`` over HTTP: the Model Context Protocol's streamable HTTP, beside OpenEnv's own JSON-RPC.

A client of MCP begins with ``initialize``, gets a session in ``Mcp-Session-Id``, and names it in
every later request. Each answer is one JSON response; there is no stream of events, as the server
never speaks first. All requests without MCP's headers are OpenEnv's, and answered as ever.
"""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from fastapi import Request, Response
from msgspec import Struct

from refold.engine import RefoldError
from refold.server.http.access import client_address
from refold.server.http.bodies import JsonResponse
from refold.server.openenv.mcp import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    RpcCall,
    RpcError,
    read_call,
    sessions_full_error,
)
from refold.server.openenv.tools import ToolBox, envelope_result, error_result
from refold.server.sessions.errors import SessionsFull, UnknownSession, client_message
from refold.server.sessions.messages import JsonObject
from refold.server.sessions.runner import SessionRunner
from refold.server.sessions.store import Session, SessionStore

PROTOCOL_VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
"""Releases of MCP that begin with ``initialize``, newest first."""

MCP_SESSION = "mcp-session-id"
MCP_VERSION = "mcp-protocol-version"
RESET_TOOL = "reset"
MCP_AGENT = "mcp"
"""The agent's name in the log, unless the client gives one."""

UNSUPPORTED_VERSION = -32022
_INSTRUCTIONS = (
    "Call reset to begin an episode of a task, then one tool for each action until the episode has "
    "ended. observe shows where it stands and takes no time."
)


class SessionClosed(Struct):
    """That a session is closed."""

    session_id: str
    closed: bool


class _Refusal(Exception):
    """A request that gets an HTTP status other than 200, with an error of JSON-RPC."""

    def __init__(self, status: int, error: RpcError) -> None:
        self.status = status
        self.error = error.error
        super().__init__(str(error))


def speaks_mcp(request: Request, message: Any) -> bool:
    """Return whether *request*, with *message* as its decoded body, is from a client of MCP."""
    if MCP_SESSION in request.headers or MCP_VERSION in request.headers:
        return True
    return isinstance(message, dict) and message.get("method") == "initialize"


class McpEndpoint:
    """Answers clients of MCP: each has a session of its own, in which it plays by tools."""

    def __init__(self, runner: SessionRunner, store: SessionStore) -> None:
        self._store = store
        self._tools = ToolBox(runner, RESET_TOOL, agent=MCP_AGENT)

    def answer(self, request: Request, message: Any) -> Response:
        """Return the response to *request*, whose decoded body is *message*."""
        id = message.get("id") if isinstance(message, dict) else None
        id = id if isinstance(id, str | int) and not isinstance(id, bool) else None
        try:
            return self._answer_checked(request, message, id)
        except _Refusal as refusal:
            return _response({"id": id, "error": refusal.error}, refusal.status)
        except RpcError as fault:
            return _response({"id": id, "error": fault.error})

    def _answer_checked(self, request: Request, message: Any, id: str | int | None) -> Response:
        _check_accept(request)
        _check_version(request)
        if isinstance(message, dict) and message.get("method") == "initialize":
            return self._initialize(request, read_call(message), id)
        session = self.find_session(request)
        # A notification, or an answer to a question that was never asked: nothing to say to it.
        if isinstance(message, dict) and ("id" not in message or "method" not in message):
            return Response(status_code=202)
        return _response({"id": id, "result": self._dispatch(session, read_call(message))})

    def _initialize(self, request: Request, call: RpcCall, id: str | int | None) -> Response:
        wanted = call.params.get("protocolVersion")
        if not isinstance(wanted, str) or id is None:
            raise RpcError(INVALID_PARAMS, "params: expected a protocolVersion, and an id beside")
        try:
            self._store.make_room()
            session = self._store.create(client_address(request.scope))
        except SessionsFull as error:
            raise _Refusal(503, sessions_full_error(error)) from None
        session.claimed = True  # the client comes back to it by its id
        result = {
            "protocolVersion": wanted if wanted in PROTOCOL_VERSIONS else PROTOCOL_VERSIONS[0],
            "capabilities": {"tools": {"listChanged": False}},
            "serverInfo": {"name": "refold", "version": version("refold")},
            "instructions": _INSTRUCTIONS,
        }
        return _response({"id": id, "result": result}, headers={MCP_SESSION: session.id})

    def find_session(self, request: Request) -> Session:
        """
        Return the session that *request* names.

        Raises:
            UnknownSession: It names none, or one that is not open.
        """
        named = request.headers.get(MCP_SESSION)
        if named is None:
            problem = "Mcp-Session-Id: expected the one that initialize gave, got none"
            raise _Refusal(400, RpcError(INVALID_REQUEST, problem))
        try:
            return self._store.find(named)
        except UnknownSession as error:
            # 404 tells the client to begin again with `initialize`.
            raise _Refusal(404, RpcError(INVALID_REQUEST, client_message(error))) from None

    def close(self, request: Request) -> Response:
        """Close the session that *request* names; its episode stays in the log."""
        try:
            session = self.find_session(request)
        except _Refusal as refusal:
            return JsonResponse({"detail": refusal.error["message"]}, refusal.status)
        self._store.close(session)
        return JsonResponse(SessionClosed(session.id, closed=True))

    def _dispatch(self, session: Session, call: RpcCall) -> JsonObject:
        match call.method:
            case "ping":
                return {}
            case "tools/list":
                # All of them, always: clients ask once, before they begin.
                return {"tools": self._tools.definitions()}
            case "tools/call":
                return self._call_tool(session, call.params)
        raise RpcError(METHOD_NOT_FOUND, f"method: expected a known one, got {call.method[:100]!r}")

    def _call_tool(self, session: Session, params: Mapping[str, Any]) -> JsonObject:
        name, arguments = params.get("name"), params.get("arguments") or {}
        if not isinstance(name, str) or not isinstance(arguments, dict):
            raise RpcError(INVALID_PARAMS, "params: expected a name and an object of arguments")
        if not self._tools.knows(name):
            raise RpcError(INVALID_PARAMS, f"tool: expected a known one, got {name[:100]!r}")
        try:
            return envelope_result(session, self._tools.use(session, name, arguments))
        # As MCP has it: what a model can fix by another call is a result, not a protocol error.
        except RefoldError as error:
            return error_result(client_message(error))


def _check_accept(request: Request) -> None:
    accepted = request.headers.get("accept", "*/*").lower()
    kinds = [each.partition(";")[0].strip() for each in accepted.split(",")]
    if not {"application/json", "application/*", "*/*"} & set(kinds):
        problem = "Accept: expected application/json in it, got other types only"
        raise _Refusal(406, RpcError(INVALID_REQUEST, problem))


def _check_version(request: Request) -> None:
    named = request.headers.get(MCP_VERSION, PROTOCOL_VERSIONS[0])
    if named not in PROTOCOL_VERSIONS:
        # In the form in which newer releases of MCP expect it, so that their clients fall back.
        data = {"supported": list(PROTOCOL_VERSIONS), "requested": named[:100]}
        problem = f"MCP-Protocol-Version: expected one of {', '.join(PROTOCOL_VERSIONS)}"
        raise _Refusal(400, RpcError(UNSUPPORTED_VERSION, problem, data))


def _response(
    content: JsonObject, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    return JsonResponse({"jsonrpc": "2.0", **content}, status, headers)
