"""
``/mcp``: JSON-RPC 2.0 as OpenEnv has it, with a tool for each kind of action.

Not a whole MCP server (there is no ``initialize``): what the clients of OpenEnv call, namely
``tools/list``, ``tools/call`` and the sessions' ``openenv/session/create`` and ``…/close``.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from attrs import frozen
from msgspec import Raw, Struct

from refold.agents.prompting import prompt_of
from refold.engine import RefoldError
from refold.server.sessions.errors import BadRequest, NoEpisode, SessionsFull, words_of
from refold.server.sessions.runner import Play, Start
from refold.server.sessions.schemas import kind_field, tools
from refold.server.sessions.store import Session, SessionStore

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
SERVER_ERROR = -32000

START = "start_episode"
LOOK = "observe"

Json = dict[str, Any]


_faults = logging.getLogger("refold.server")


class Call(Struct):
    """A request; *id* is None where it has none."""

    jsonrpc: str
    method: str
    params: dict[str, Any] = {}
    id: str | int | None = None


class _Fault(Exception):
    """A request that gets an error for an answer."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        self.error = {"code": code, "message": message, "data": data}
        super().__init__(message)


@frozen
class Caller:
    """
    Who calls.

    Attributes:
        client: Address, for the limit on sessions.
        session: Gives the session to play in, made if there is none yet.
        current: The session there is, if any.
        own: Whether *current* is that of the caller's own connection.
    """

    client: str
    session: Callable[[], Session]
    current: Session | None = None
    own: bool = False


class JsonRpc:
    """Answers calls; all tools of the families that are served, and two of its own."""

    def __init__(self, play: Play, store: SessionStore) -> None:
        self._play = play
        self._store = store
        self._kinds = {
            tool["name"]: family for family in play.catalogue.families for tool in tools([family])
        }

    def answer(self, request: Any, caller: Caller) -> Json:
        """Return the response to *request*, decoded JSON of any kind; never raises."""
        id = request.get("id") if isinstance(request, dict) else None
        id = id if isinstance(id, str | int) and not isinstance(id, bool) else None
        try:
            call = _call(request)
            return {"jsonrpc": "2.0", "id": id, "result": self._do(call, caller)}
        except _Fault as fault:
            return {"jsonrpc": "2.0", "id": id, "error": fault.error}
        except Exception:  # a mistake of ours must not end the session
            _faults.exception("a call failed")
            error = {"code": INTERNAL_ERROR, "message": "internal error", "data": None}
            return {"jsonrpc": "2.0", "id": id, "error": error}

    def _do(self, call: Call, caller: Caller) -> Any:
        match call.method:
            case "tools/list":
                return {"tools": self._tools(self._current(call.params, caller))}
            case "tools/call":
                return self._call_tool(call.params, caller)
            case "openenv/session/create":
                return {"session_id": self._create(caller)}
            case "openenv/session/close":
                return self._close(call.params, caller)
        raise _Fault(METHOD_NOT_FOUND, f"method: expected a known one, got {call.method[:100]!r}")

    def _current(self, params: Mapping[str, Any], caller: Caller) -> Session | None:
        id = params.get("session_id")
        if id is None or (caller.own and caller.current and id == caller.current.id):
            return caller.current
        try:
            return self._store.find(id if isinstance(id, str) else "")
        except RefoldError as error:
            raise _Fault(INVALID_PARAMS, words_of(error)) from None

    def _tools(self, session: Session | None) -> list[Json]:
        playing = session.episode.family if session and session.episode else None
        families = [playing] if playing else self._play.catalogue.families
        return [*self._own_tools(), *tools(families)]

    def _own_tools(self) -> list[Json]:
        tasks = list(self._play.catalogue.scenarios)
        begin = {
            "task": {"type": "string", "enum": tasks, "description": "Which task."},
            "seed": {"type": "integer", "minimum": 0, "description": "Seed of its world."},
            "episode_id": {"type": "string", "maxLength": 255},
        }
        return [
            _tool(START, "Begin an episode of a task; what it shows is where it stands.", begin),
            _tool(LOOK, "See where the episode stands; takes no time.", {}),
        ]

    def _call_tool(self, params: Mapping[str, Any], caller: Caller) -> Json:
        name, arguments = params.get("name"), params.get("arguments", {})
        if not isinstance(name, str) or not isinstance(arguments, dict):
            raise _Fault(INVALID_PARAMS, "params: expected a name and an object of arguments")
        if name not in (START, LOOK) and name not in self._kinds:
            raise _Fault(INVALID_PARAMS, f"tool: expected a known one, got {name[:100]!r}")
        try:
            session = self._current(params, caller) or caller.session()
            return _shown(session, self._run(session, name, arguments))
        except SessionsFull as error:
            raise _full(error) from None
        except BadRequest as error:
            raise _Fault(INVALID_PARAMS, words_of(error)) from None
        except RefoldError as error:
            return {"content": [{"type": "text", "text": words_of(error)}], "isError": True}

    def _run(self, session: Session, name: str, arguments: Json) -> bytes:
        if name == START:
            return self._play.reset(session, Start.read(arguments))
        if name == LOOK:
            return self._play.look(session)
        if session.episode is None:
            raise NoEpisode(f"episode: expected one that has begun, got none; call {START} first")
        kind = kind_field(self._kinds[name])
        return self._play.step(session, {**arguments, kind: name})

    def _create(self, caller: Caller) -> str:
        if caller.own and caller.current is not None:
            return caller.current.id
        try:
            session = self._store.create(caller.client)
        except SessionsFull as error:
            raise _full(error) from None
        session.named = True
        return session.id

    def _close(self, params: Mapping[str, Any], caller: Caller) -> Json:
        id = params.get("session_id")
        if not isinstance(id, str) or not id:
            raise _Fault(INVALID_PARAMS, "params: expected a session_id")
        if caller.own and caller.current is not None and id == caller.current.id:
            raise _Fault(INVALID_REQUEST, "session: expected another than that of the connection")
        try:
            self._store.close(self._store.find(id))
        except RefoldError as error:
            raise _Fault(INVALID_PARAMS, words_of(error)) from None
        return {"session_id": id, "closed": True}


def unreadable() -> Json:
    """Return the response to what is no JSON."""
    error = {"code": PARSE_ERROR, "message": "expected JSON, got something else", "data": None}
    return {"jsonrpc": "2.0", "id": None, "error": error}


def _call(request: Any) -> Call:
    try:
        call = msgspec.convert(request, Call)
    except msgspec.ValidationError as error:
        params_wrong = "$.params" in str(error)
        code = INVALID_PARAMS if params_wrong else INVALID_REQUEST
        raise _Fault(code, f"request: expected JSON-RPC 2.0, got {error}") from None
    if call.jsonrpc != "2.0":
        raise _Fault(INVALID_REQUEST, f"jsonrpc: expected '2.0', got {call.jsonrpc[:20]!r}")
    return call


def _full(error: SessionsFull) -> _Fault:
    data = {"active_sessions": error.active, "max_sessions": error.most}
    return _Fault(SERVER_ERROR, words_of(error), data)


def _tool(name: str, description: str, properties: Json) -> Json:
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {"name": name, "description": description, "inputSchema": schema}


def _shown(session: Session, envelope: bytes) -> Json:
    """Return *envelope* as the result of a tool: as a model reads it, and as data."""
    assert session.episode is not None
    data = msgspec.json.decode(envelope)
    seen = data["observation"]
    lines = [prompt_of(session.episode.family).render(session.episode.observation)]
    if seen["error"]:
        lines.insert(0, f"Refused: {seen['error']}.")
    if data["done"]:
        lines.append(f"The episode has ended ({seen['end_reason']}).")
    return {
        "content": [{"type": "text", "text": "\n\n".join(lines)}],
        "structuredContent": Raw(envelope),
        "data": Raw(envelope),  # what OpenEnv's own client of tools returns
        "isError": seen["error"] is not None,
    }
