"""
Episodes played by hand, on the page: begun, acted in, and asked what the rules would refuse.

Unlike ``/reset`` and ``/step``, which go on with whatever their session plays, each request here
names its episode and the position that its player saw. So neither a second window nor a second
click ever acts in an episode, or at a step, that its player did not look at.
"""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from msgspec import Struct

from refold.engine import Episode
from refold.engine.episode import LARGEST_SEED
from refold.server.context import Context
from refold.server.http.bodies import Json, number_of, text_of
from refold.server.http.openapi import named, ref, text_schema, told
from refold.server.http.request_session import SESSION_HEADER, Asked, Server
from refold.server.routes.episodes import Id
from refold.server.routes.runs import branch, fresh_session, read
from refold.server.sessions.errors import BadRequest, NotPlayed, StalePosition
from refold.server.sessions.runner import Start, bare

AGENT = "human"
_AT = {"type": "integer", "minimum": 0, "maximum": 2**31}

router = APIRouter(tags=["by hand"])


class Begun(Struct):
    """An episode to play; *session* is the secret that lets its player act in it."""

    id: str
    session: str
    position: int


class Taken(Struct):
    """That an action was taken: where the episode stands now, and whether it has ended."""

    position: int
    done: bool


class Preview(Struct):
    """
    What the rules would say to an action at a position, before any dice are thrown.

    If they would refuse it, *error* is why, *reward* and *parts* what that would cost.
    """

    position: int
    say: str
    error: str | None
    reward: float | None
    parts: dict[str, float]


@router.post(
    "/api/episodes",
    **told(
        "Begin an episode to play by hand",
        ref(Begun),
        {"id": "workflow-easy-42.1f0c", "session": "…", "position": 0},
        errors=(404, 409, 422, 503),
        body={
            "type": "object",
            "properties": {
                "task": text_schema("Which task; the default if not given."),
                "seed": named("Seed"),
                "parent": text_schema(
                    "An episode to leave `at` a step instead, of its own task and seed."
                ),
                "at": {**_AT, "type": ["integer", "null"]},
            },
        },
        sent={
            "a task": {"task": "hard", "seed": 7},
            "a fork": {"parent": "try-1", "at": 3},
        },
    ),
)
async def begin(request: Request, context: Server, asked: Asked) -> Response:
    """Begin an episode, or a fork of one: in a session of its own, which lasts to its end."""
    parent, at = text_of(asked, "parent"), number_of(asked, "at", 0, 2**31)
    task, seed = text_of(asked, "task", "task_id"), number_of(asked, "seed", 0, LARGEST_SEED)
    if parent is not None:
        if task is not None or seed is not None or at is None:
            raise BadRequest("expected `at` with it, neither task nor seed", "body", "parent")
        info, stream = await run_in_threadpool(read, context, parent)
        with fresh_session(request, context) as session:
            episode = branch(context, info, stream, at, AGENT)
            context.play.adopt(session, episode, episode.id, info.scenario)
        return Json(Begun(episode.id, session.id, session.steps))
    if at is not None:
        raise BadRequest("expected a `parent` with it", "body", "at")
    with fresh_session(request, context) as session:
        context.play.reset(session, Start(task=task, seed=seed, agent=AGENT))
    assert session.episode is not None
    return Json(Begun(session.episode.id, session.id, 0))


@router.post(
    "/api/episodes/{id}/actions",
    **told(
        "Act in an episode",
        ref(Taken),
        {"position": 1, "done": False},
        errors=(404, 409, 422, 503),
        body={
            "type": "object",
            "properties": {"action": named("Action"), "at": _AT},
            "required": ["action", "at"],
        },
        required=True,
        sent={"at the start": {"action": {"action_type": "wait"}, "at": 0}},
    ),
)
async def act(
    context: Server,
    id: Id,
    asked: Asked,
    session_id: Annotated[str, Header(alias=SESSION_HEADER, max_length=255)],
) -> Response:
    """Take an action `at` a position: the number of actions that its player knows of."""
    action, at = _action_of(asked), number_of(asked, "at", 0, 2**31)
    if at is None:
        raise BadRequest("expected a whole number of at least 0, got none", "body", "at")
    session = context.store.find(session_id)
    if session.episode is None or session.episode.id != context.play.log_id(id):
        raise NotPlayed("episode: expected the one of this session, got another; fork it to play")
    if session.steps != at:
        raise StalePosition(
            f"at: expected {session.steps}, where the episode stands, got {at}; look again"
        )
    context.play.step(session, action)
    taken = Taken(session.steps, session.episode.over)
    if taken.done and not session.attached:
        context.store.close(session)
    return Json(taken)


@router.post(
    "/api/episodes/{id}/preview",
    **told(
        "What the rules would say to an action",
        ref(Preview),
        {
            "position": 1,
            "say": "delegate deploy to deployer",
            "error": "not_ready",
            "reward": -0.05,
            "parts": {"invalid_action": -0.05},
        },
        errors=(404, 409, 422, 503),
        body={
            "type": "object",
            "properties": {"action": named("Action"), "at": {**_AT, "type": ["integer", "null"]}},
            "required": ["action"],
        },
        required=True,
        sent={"now": {"action": {"action_type": "wait"}}},
    ),
)
async def preview(context: Server, id: Id, asked: Asked) -> Response:
    """Say whether an action would be refused `at` a position, where the episode stands if none."""
    action, at = _action_of(asked), number_of(asked, "at", 0, 2**31)
    return Json(await run_in_threadpool(_preview, context, id, bare(action), at))


def _preview(context: Context, id: str, action: dict[str, Any], at: int | None) -> Preview:
    info, stream = read(context, id)
    position = info.steps if at is None else at
    episode = Episode.fork(stream, position)
    result = episode.step(action)
    say = episode.family.say(msgspec.convert(action, episode.family.action))
    if result.error is None:
        return Preview(position, say, None, None, {})
    return Preview(position, say, result.error, result.reward, dict(result.breakdown))


def _action_of(asked: dict[str, Any]) -> dict[str, Any]:
    action = asked.get("action")
    if not isinstance(action, dict):
        raise BadRequest("expected an object, got something else", "body", "action")
    return action
