"""
OpenEnv over HTTP: what the protocol says, with ``/reset`` and ``/step`` that keep state.

A request names its session by ``session_id`` (in query or body), the header ``X-Session-Id`` or
the cookie that ``/reset`` sets. One that names none goes on with what was reset last.
"""

from importlib.metadata import metadata
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request, Response
from msgspec import Struct

from refold.engine import RefoldError
from refold.engine.episode import LARGEST_SEED
from refold.server.http.bodies import Json, number_of, text_of
from refold.server.http.openapi import named, ref, text_schema, told
from refold.server.http.openapi_examples import ENVELOPE, RPC_CALL, RPC_REPLY, STATE
from refold.server.http.request_session import (
    SESSION_HEADER,
    Asked,
    Named,
    Server,
    Text,
    current_session,
    new_session,
    session_of,
    shown,
)
from refold.server.openenv.mcp import Caller, unreadable
from refold.server.openenv.tool_steps import step as take
from refold.server.sessions.errors import BadRequest
from refold.server.sessions.runner import Start
from refold.server.sessions.schemas import schemas
from refold.server.sessions.store import Session

_NOT_ACTION = ("session_id", "timeout_s", "request_id", "episode_id")

router = APIRouter(tags=["environment"])
Seed = Annotated[int | None, Query(ge=0, le=LARGEST_SEED)]


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


_ENVELOPE = {
    "type": "object",
    "properties": {
        "observation": named("Observation"),
        "reward": {"type": "number"},
        "done": {"type": "boolean"},
    },
    "required": ["observation", "reward", "done"],
}
_RESET = {
    "type": "object",
    "properties": {
        "task_id": text_schema("Also as `task`."),
        "seed": named("Seed"),
        "episode_id": text_schema("What it is to be called."),
        "agent": text_schema("Who plays, a name for the log.", 100),
        "run": text_schema("Run that the episode belongs to.", 100),
        "session_id": text_schema("Session to play in."),
    },
}
_STEP = {
    "anyOf": [
        {"type": "object", "properties": {"action": named("Action")}, "required": ["action"]},
        named("Action"),
    ]
}


@router.get("/health", **told("Whether the server is up", ref(Health), {"status": "healthy"}))
async def health() -> Response:
    """Answer as long as the server can."""
    return Json(Health("healthy"))


@router.get("/metadata", **told("What this is", ref(About), {"name": "refold"}))
async def about() -> Response:
    """Name, description and version of the environment."""
    found = metadata("refold")
    return Json(
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
    **told("Schemas of actions, observations and states", ref(Schemas), {}, errors=(404, 422)),
)
async def schema(context: Server, task: Text = None, task_id: Text = None) -> Response:
    """
    JSON Schemas, of all families that are served or of that of one task.

    Observations are described with `reward` and `done`, as clients put them back.
    """
    catalogue = context.play.catalogue
    named_task = task_id or task
    families = catalogue.families
    if named_task is not None:
        wanted = catalogue.find(named_task)
        families = [f for f in families if (f.name, f.rules) == (wanted.family, wanted.rules)]
    return Json(schemas(families))


@router.post(
    "/reset",
    **told(
        "Begin an episode",
        _ENVELOPE,
        ENVELOPE,
        errors=(404, 409, 422, 503),
        body=_RESET,
        sent={
            "the default task": {},
            "a task": {"task": "hard"},
            "all of it": {"task_id": "inbox/medium", "seed": 7, "episode_id": "try-1"},
        },
    ),
)
async def reset(
    request: Request,
    context: Server,
    asked: Asked,
    given: Named,
    task: Text = None,
    task_id: Text = None,
    seed: Seed = None,
    episode_id: Text = None,
) -> Response:
    """
    Begin an episode, and return its first observation.

    Arguments stand in the body or in the query. Unknown ones are ignored.
    """
    query = {"task_id": task_id or task, "seed": seed, "episode_id": episode_id}
    asked = {**{key: value for key, value in query.items() if value is not None}, **asked}
    asked["seed"] = number_of(asked, "seed", 0, LARGEST_SEED)
    start = Start.read(asked)
    context.play.catalogue.find(start.task)
    given = text_of(asked, "session_id") or given
    session = session_of(request, context, given) or new_session(request, context)
    content = context.play.reset(session, start)
    context.current = session
    return shown(request, content, session)


@router.post(
    "/step",
    **told(
        "Take an action",
        _ENVELOPE,
        ENVELOPE,
        errors=(404, 409, 422, 503),
        body=_STEP,
        required=True,
        sent={
            "as the protocol has it": {"action": {"action_type": "wait"}},
            "flat": {"action_type": "wait"},
            "an inbox": {"action": {"type": "archive"}},
        },
    ),
)
async def step(request: Request, context: Server, asked: Asked, given: Named) -> Response:
    """Take an action, under `action` or as the body itself, and return what it led to."""
    session = current_session(request, context, text_of(asked, "session_id") or given)
    content = take(context.play, request.app.state.rpc, session, _action(asked))
    return shown(request, content, session)


def _action(asked: dict[str, Any]) -> dict[str, Any]:
    timeout = asked.get("timeout_s")
    if timeout is not None and not (isinstance(timeout, int | float) and timeout > 0):
        raise BadRequest("expected a number above 0", "body", "timeout_s")
    text_of(asked, "request_id")
    if "action" not in asked:
        return {key: value for key, value in asked.items() if key not in _NOT_ACTION}
    action = asked["action"]
    if not isinstance(action, dict):
        raise BadRequest("expected an object, got something else", "body", "action")
    return action


@router.get("/state", **told("Where the episode stands", named("State"), STATE, errors=(404, 422)))
async def state(request: Request, context: Server, given: Named) -> Response:
    """Where the session's episode stands; all of it null or 0 before the first reset."""
    session = session_of(request, context, given) or context.current
    if session is not None and not context.store.is_open(session):
        session = None
    return Json(context.play.state(session))


@router.post(
    "/mcp",
    **told(
        "JSON-RPC: tools and sessions",
        ref(RpcReply),
        RPC_REPLY,
        body={"type": "object"},
        sent={"list the tools": RPC_CALL},
    ),
)
async def mcp(request: Request, context: Server) -> Response:
    """
    JSON-RPC 2.0 as OpenEnv has it: `tools/list`, `tools/call` and `openenv/session/create`.

    The status is 200 whatever the response says.
    """
    try:
        call = msgspec.json.decode(await request.body())
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return Json(unreadable())
    try:
        session = session_of(request, context, request.headers.get(SESSION_HEADER))
    except RefoldError:
        session = None
    current = (
        context.current if context.current and context.store.is_open(context.current) else None
    )

    def playing() -> Session:
        context.current = new_session(request, context)
        return context.current

    client = request.client.host if request.client else "unknown"
    caller = Caller(client, playing, session or current)
    return Json(request.app.state.rpc.answer(call, caller))
