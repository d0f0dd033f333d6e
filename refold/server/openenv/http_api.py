"""
OpenEnv over HTTP, as the protocol defines it, except that ``/reset`` and ``/step`` keep state.

A request names its session by ``session_id`` (in the query or body), by the header
``X-Session-Id`` or by the cookie that ``/reset`` sets. A request that names none continues with the
session that was reset last, so that one person with curl needs no session id.
"""

from importlib.metadata import metadata
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request, Response
from msgspec import Struct

from refold.engine import RefoldError
from refold.engine.episode import LARGEST_SEED
from refold.server.http.access import client_address
from refold.server.http.bodies import JsonResponse, get_integer, get_text
from refold.server.http.openapi import component_ref, route_docs, schema_ref, text_schema
from refold.server.http.openapi_examples import ENVELOPE, RPC_CALL, RPC_REPLY, STATE
from refold.server.http.request_session import (
    SESSION_HEADER,
    BodyDep,
    ContextDep,
    SessionIdDep,
    TextQuery,
    create_session,
    current_session,
    find_session,
    session_response,
)
from refold.server.openenv.mcp import Caller, parse_error_response
from refold.server.openenv.mcp_http import McpEndpoint, SessionClosed, speaks_mcp
from refold.server.openenv.tool_steps import step_or_use_tool as take
from refold.server.sessions.errors import BadRequest
from refold.server.sessions.json_schemas import protocol_schemas
from refold.server.sessions.reset_arguments import ResetRequest
from refold.server.sessions.store import Session

# What may stand beside a flat action; all else in the body is the action itself.
_ENVELOPE_KEYS = ("session_id", "timeout_s", "request_id", "episode_id")

router = APIRouter(tags=["environment"])
SeedQuery = Annotated[int | None, Query(ge=0, le=LARGEST_SEED)]


class Health(Struct):
    """Whether the server can serve."""

    status: str


class About(Struct):
    """What the environment is."""

    name: str
    description: str
    readme_content: str | None
    version: str
    author: str | None
    documentation_url: str | None


class Schemas(Struct):
    """JSON Schemas of what goes over the wire."""

    action: dict[str, Any]
    observation: dict[str, Any]
    state: dict[str, Any]


class RpcReply(Struct, omit_defaults=True):
    """A JSON-RPC response: a result or an error."""

    jsonrpc: str
    id: str | int | None
    result: Any = None
    error: dict[str, Any] | None = None


_ENVELOPE_SCHEMA = {
    "type": "object",
    "properties": {
        "observation": component_ref("Observation"),
        "reward": {"type": "number"},
        "done": {"type": "boolean"},
    },
    "required": ["observation", "reward", "done"],
}
_RESET_SCHEMA = {
    "type": "object",
    "properties": {
        "task_id": text_schema("Also as `task`."),
        "seed": component_ref("Seed"),
        "episode_id": text_schema("Name of the episode."),
        "agent": text_schema("Name of the agent, for the log.", 100),
        "run": text_schema("Run that the episode belongs to.", 100),
        "session_id": text_schema("Session to play in."),
    },
}
_STEP_SCHEMA = {
    "anyOf": [
        {
            "type": "object",
            "properties": {"action": component_ref("Action")},
            "required": ["action"],
        },
        component_ref("Action"),
    ]
}


@router.get(
    "/health", **route_docs("Whether the server is up", schema_ref(Health), {"status": "healthy"})
)
async def health() -> Response:
    """Answer as long as the server can."""
    return JsonResponse(Health("healthy"))


@router.get("/metadata", **route_docs("What this is", schema_ref(About), {"name": "refold"}))
async def about() -> Response:
    """Name, description and version of the environment."""
    found = metadata("refold")
    return JsonResponse(
        About(
            name="refold",
            description=found["Summary"],
            readme_content=None,
            version=found["Version"],
            author=None,
            documentation_url=None,
        )
    )


@router.get(
    "/schema",
    **route_docs(
        "Schemas of actions, observations and states", schema_ref(Schemas), {}, errors=(404, 422)
    ),
)
async def schema(
    context: ContextDep, task: TextQuery = None, task_id: TextQuery = None
) -> Response:
    """
    JSON Schemas, of all families that are served or of that of one task.

    Observations are described with `reward` and `done`, as clients put them back.
    """
    catalogue = context.runner.catalogue
    named_task = task_id or task
    families = catalogue.families
    if named_task is not None:
        wanted = catalogue.find(named_task)
        families = [f for f in families if (f.name, f.rules) == (wanted.family, wanted.rules)]
    return JsonResponse(protocol_schemas(families))


@router.post(
    "/reset",
    **route_docs(
        "Begin an episode",
        _ENVELOPE_SCHEMA,
        ENVELOPE,
        errors=(404, 409, 422, 503, 507),
        body=_RESET_SCHEMA,
        examples={
            "the default task": {},
            "a task": {"task": "hard"},
            "all of it": {"task_id": "inbox/medium", "seed": 7, "episode_id": "try-1"},
        },
    ),
)
async def reset(
    request: Request,
    context: ContextDep,
    body: BodyDep,
    session_id: SessionIdDep,
    task: TextQuery = None,
    task_id: TextQuery = None,
    seed: SeedQuery = None,
    episode_id: TextQuery = None,
) -> Response:
    """
    Begin an episode, and return its first observation.

    Arguments stand in the body or in the query. Unknown ones are ignored.
    """
    query = {"task_id": task_id or task, "seed": seed, "episode_id": episode_id}
    body = {**{key: value for key, value in query.items() if value is not None}, **body}
    body["seed"] = get_integer(body, "seed", 0, LARGEST_SEED)
    start = ResetRequest.from_arguments(body)
    # Looked up before the session is made, so that a wrong task leaves no empty session behind.
    context.runner.catalogue.find(start.task)
    session_id = get_text(body, "session_id") or session_id
    session = find_session(request, context, session_id) or create_session(request, context)
    envelope = context.runner.reset(session, start)
    context.current = session
    return session_response(request, envelope, session)


@router.post(
    "/step",
    **route_docs(
        "Take an action",
        _ENVELOPE_SCHEMA,
        ENVELOPE,
        errors=(404, 409, 422, 503),
        body=_STEP_SCHEMA,
        required=True,
        examples={
            "as the protocol has it": {"action": {"action_type": "wait"}},
            "flat": {"action_type": "wait"},
            "an inbox": {"action": {"type": "archive"}},
        },
    ),
)
async def step(
    request: Request, context: ContextDep, body: BodyDep, session_id: SessionIdDep
) -> Response:
    """Take an action, under `action` or as the body itself, and return what it led to."""
    session = current_session(request, context, get_text(body, "session_id") or session_id)
    envelope = take(context.runner, request.app.state.rpc, session, _read_action(body))
    return session_response(request, envelope, session)


def _read_action(body: dict[str, Any]) -> dict[str, Any]:
    timeout = body.get("timeout_s")
    if timeout is not None and not (isinstance(timeout, int | float) and timeout > 0):
        raise BadRequest("expected a number above 0", "body", "timeout_s")
    get_text(body, "request_id")  # unused, but of the wrong type it is a mistake to tell
    if "action" not in body:
        return {key: value for key, value in body.items() if key not in _ENVELOPE_KEYS}
    action = body["action"]
    if not isinstance(action, dict):
        raise BadRequest("expected an object, got something else", "body", "action")
    return action


@router.get(
    "/state",
    **route_docs("Where the episode stands", component_ref("State"), STATE, errors=(404, 422)),
)
async def state(request: Request, context: ContextDep, session_id: SessionIdDep) -> Response:
    """Where the session's episode stands; all of it null or 0 before the first reset."""
    session = find_session(request, context, session_id) or context.current
    if session is not None and not context.store.is_open(session):
        session = None
    return JsonResponse(context.runner.state(session))


@router.post(
    "/mcp",
    **route_docs(
        "JSON-RPC: tools and sessions",
        schema_ref(RpcReply),
        RPC_REPLY,
        errors=(400, 404, 406, 503),
        body={"type": "object"},
        examples={"list the tools": RPC_CALL},
    ),
)
async def mcp(request: Request, context: ContextDep) -> Response:
    """
    JSON-RPC 2.0 as OpenEnv has it: `tools/list`, `tools/call` and `openenv/session/create`.

    The status is 200 whatever the response says. A client of MCP begins with `initialize`, and
    sends the header `Mcp-Session-Id` from then on.
    """
    try:
        request_body = msgspec.json.decode(await request.body())
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        status = 400 if speaks_mcp(request, None) else 200
        return JsonResponse(parse_error_response(), status)
    if speaks_mcp(request, request_body):
        endpoint: McpEndpoint = request.app.state.mcp
        return endpoint.answer(request, request_body)
    # An unknown id is no error here: `openenv/session/create` is how a client gets a valid one.
    try:
        session = find_session(request, context, request.headers.get(SESSION_HEADER))
    except RefoldError:
        session = None
    current = (
        context.current if context.current and context.store.is_open(context.current) else None
    )

    def open_session() -> Session:
        context.current = create_session(request, context)
        return context.current

    caller = Caller(client_address(request.scope), open_session, session or current)
    return JsonResponse(request.app.state.rpc.answer(request_body, caller))


@router.delete(
    "/mcp",
    **route_docs(
        "End a session of MCP",
        schema_ref(SessionClosed),
        {"session_id": "0123456789abcdef0123456789abcdef", "closed": True},
        errors=(400, 404),
    ),
)
async def end_mcp_session(request: Request) -> Response:
    """Close the session that the header `Mcp-Session-Id` names."""
    endpoint: McpEndpoint = request.app.state.mcp
    return endpoint.close(request)
