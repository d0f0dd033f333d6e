"""
Playing by hand on the web page: begin an episode, act in it, preview an action.

``/reset`` and ``/step`` continue with whatever their session plays. Here each request names its
episode and the position that the player saw, so that a second window or a double click never acts
in an episode, or at a step, that the player did not look at.
"""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from msgspec import Struct

from refold.engine import Episode
from refold.engine.episode import LARGEST_SEED
from refold.server.context import ServerContext
from refold.server.http.bodies import JsonResponse, get_integer, get_text
from refold.server.http.openapi import component_ref, route_docs, schema_ref, text_schema
from refold.server.http.request_session import (
    SESSION_HEADER,
    BodyDep,
    ContextDep,
    EpisodeDep,
    NamesDep,
    provisional_session,
)
from refold.server.routes.forks import fork_episode, refuse_answered
from refold.server.routes.saved_episodes import read_episode
from refold.server.sessions.errors import BadRequest, NotPlayed, StalePosition
from refold.server.sessions.reset_arguments import ResetRequest
from refold.server.sessions.runner import without_metadata

HUMAN_AGENT = "human"
_POSITION_SCHEMA = {"type": "integer", "minimum": 0, "maximum": 2**31}

router = APIRouter(tags=["by hand"])


class ManualEpisode(Struct):
    """An episode to play; *session* is the secret that lets its player act in it."""

    id: str
    session: str
    position: int


class ActionReply(Struct):
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
    **route_docs(
        "Begin an episode to play by hand",
        schema_ref(ManualEpisode),
        {"id": "workflow-easy-42.1f0c", "session": "…", "position": 0},
        errors=(404, 409, 422, 503, 507),
        body={
            "type": "object",
            "properties": {
                "task": text_schema("Which task; the default if not given."),
                "seed": component_ref("Seed"),
                "parent": text_schema(
                    "An episode to leave `at` a step instead, of its own task and seed."
                ),
                "at": {**_POSITION_SCHEMA, "type": ["integer", "null"]},
            },
        },
        examples={
            "a task": {"task": "hard", "seed": 7},
            "a fork": {"parent": "try-1", "at": 3},
        },
    ),
)
async def begin(request: Request, context: ContextDep, names: NamesDep, body: BodyDep) -> Response:
    """Begin an episode, or a fork of one: in a session of its own, which lasts to its end."""
    parent, at = get_text(body, "parent"), get_integer(body, "at", 0, 2**31)
    task, seed = get_text(body, "task", "task_id"), get_integer(body, "seed", 0, LARGEST_SEED)
    if parent is not None:
        if task is not None or seed is not None or at is None:
            raise BadRequest("expected `at` with it, neither task nor seed", "body", "parent")
        return JsonResponse(await _begin_fork(request, context, names.get(parent, parent), at))
    if at is not None:
        raise BadRequest("expected a `parent` with it", "body", "at")
    with provisional_session(request, context) as session:
        context.runner.reset(session, ResetRequest(task=task, seed=seed, agent=HUMAN_AGENT))
    assert session.episode is not None
    return JsonResponse(ManualEpisode(session.episode.id, session.id, 0))


async def _begin_fork(
    request: Request, context: ServerContext, parent: str, at: int
) -> ManualEpisode:
    info, stream = await run_in_threadpool(read_episode, context, parent)
    with provisional_session(request, context) as session:
        episode = fork_episode(context, info, stream, at, HUMAN_AGENT)
        context.runner.put_episode(session, episode, episode.id, info.scenario)
    return ManualEpisode(episode.id, session.id, session.steps)


@router.post(
    "/api/episodes/{id}/actions",
    **route_docs(
        "Act in an episode",
        schema_ref(ActionReply),
        {"position": 1, "done": False},
        errors=(404, 409, 422, 503),
        body={
            "type": "object",
            "properties": {"action": component_ref("Action"), "at": _POSITION_SCHEMA},
            "required": ["action", "at"],
        },
        required=True,
        examples={"at the start": {"action": {"action_type": "wait"}, "at": 0}},
    ),
)
async def act(
    context: ContextDep,
    id: EpisodeDep,
    body: BodyDep,
    session_id: Annotated[str, Header(alias=SESSION_HEADER, max_length=255)],
) -> Response:
    """Take an action `at` a position: the number of actions that its player knows of."""
    action, at = _read_action(body), get_integer(body, "at", 0, 2**31)
    if at is None:
        raise BadRequest("expected a whole number of at least 0, got none", "body", "at")
    session = context.store.find(session_id)
    if session.episode is None or session.episode.id != id:
        raise NotPlayed("episode: expected the one of this session, got another; fork it to play")
    if session.steps != at:
        raise StalePosition(
            f"at: expected {session.steps}, where the episode stands, got {at}; look again"
        )
    context.runner.step(session, action)
    taken = ActionReply(session.steps, session.episode.over)
    # The page is done with it, and a closed session leaves room for another player's.
    if taken.done and not session.attached:
        context.store.close(session)
    return JsonResponse(taken)


@router.post(
    "/api/episodes/{id}/preview",
    **route_docs(
        "What the rules would say to an action",
        schema_ref(Preview),
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
            "properties": {
                "action": component_ref("Action"),
                "at": {**_POSITION_SCHEMA, "type": ["integer", "null"]},
            },
            "required": ["action"],
        },
        required=True,
        examples={"now": {"action": {"action_type": "wait"}}},
    ),
)
async def preview(context: ContextDep, id: EpisodeDep, body: BodyDep) -> Response:
    """Say whether an action would be refused `at` a position, where the episode stands if none."""
    action, at = _read_action(body), get_integer(body, "at", 0, 2**31)
    return JsonResponse(
        await run_in_threadpool(_preview_action, context, id, without_metadata(action), at)
    )


def _preview_action(
    context: ServerContext, id: str, action: dict[str, Any], at: int | None
) -> Preview:
    # Tried on a fork in memory: nothing is recorded, and the episode that is played stays as it is.
    info, stream = read_episode(context, id)
    refuse_answered(stream)
    position = info.steps if at is None else at
    episode = Episode.fork(stream, position)
    result = episode.step(action)
    say = episode.family.say(msgspec.convert(action, episode.family.action))
    # Of an action that would be taken, nothing is told: its reward depends on random outcomes.
    if result.error is None:
        return Preview(position, say, None, None, {})
    return Preview(position, say, result.error, result.reward, dict(result.breakdown))


def _read_action(body: dict[str, Any]) -> dict[str, Any]:
    action = body.get("action")
    if not isinstance(action, dict):
        raise BadRequest("expected an object, got something else", "body", "action")
    return action
