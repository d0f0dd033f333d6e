"""Forks: episodes that share the first steps of another and then go their own way."""

from typing import Any

from attrs import frozen
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from refold.engine import Episode, EpisodeInfo, Reseeded, Stream
from refold.engine.episode import LARGEST_SEED
from refold.graders import saved_grades
from refold.server.context import ServerContext
from refold.server.http.bodies import JsonResponse, get_integer, get_text
from refold.server.http.openapi import component_ref, route_docs, text_schema
from refold.server.http.request_session import (
    BodyDep,
    ContextDep,
    EpisodeDep,
    provisional_session,
    session_response,
)
from refold.server.routes.replies import episode_row
from refold.server.routes.runs import (
    AGENT_SCHEMA,
    RunReply,
    check_agent,
    play_to_end,
    read_agent,
)
from refold.server.routes.saved_episodes import read_episode
from refold.server.sessions.errors import BadRequest
from refold.server.sessions.reset_arguments import DEFAULT_AGENT
from refold.server.sessions.runner import make_log_id

router = APIRouter(tags=["runs"])

_FORK_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "at": {"type": "integer", "minimum": 0, "maximum": 2**31},
        "agent": AGENT_SCHEMA,
        "seed": component_ref("Seed"),
        "episode_id": text_schema("What the fork is to be called."),
    },
    "required": ["at"],
}


@frozen
class _Branch:
    """
    A fork to be made.

    Attributes:
        info: The parent's row in the log.
        parent: The parent's events.
        at: The position to fork at.
        seed: New random seed from there on; None to keep the parent's.
        name: The client's name for the fork; None to have one made up.
    """

    info: EpisodeInfo
    parent: Stream
    at: int
    seed: int | None
    name: str | None


@router.post(
    "/episodes/{id}/fork",
    **route_docs(
        "Leave an episode at one of its steps",
        {"type": "object"},
        {"observation": {}, "reward": 0.0, "done": False},
        errors=(404, 409, 422, 503, 507),
        body=_FORK_SCHEMA,
        required=True,
        examples={
            "to play on yourself": {"at": 3},
            "to let an agent play on": {"at": 3, "agent": "greedy", "seed": 7},
        },
    ),
)
async def fork(request: Request, context: ContextDep, id: EpisodeDep, body: BodyDep) -> Response:
    """
    Begin an episode that shares the first `at` steps of another, byte for byte.

    With an agent it is played to its end, and the answer is as of `/run`. Without, the answer is
    as of `/reset`, and `/step` continues.
    """
    at, agent = get_integer(body, "at", 0, 2**31), read_agent(body)
    if at is None:
        raise BadRequest("expected a whole number of at least 0, got none", "body", "at")
    # Read in a thread: the stream may be long, and the event loop serves everybody else.
    info, parent = await run_in_threadpool(read_episode, context, id)
    if agent is not None:
        check_agent(agent, parent.family)
    seed, name = get_integer(body, "seed", 0, LARGEST_SEED), get_text(body, "episode_id")
    branch = _Branch(info, parent, at, seed, name)
    if agent is None:
        return _fork_for_client(request, context, branch)
    return JsonResponse(await _fork_for_agent(context, branch, agent))


def fork_episode(
    context: ServerContext,
    info: EpisodeInfo,
    parent: Stream,
    at: int,
    agent: str,
    id: str | None = None,
) -> Episode:
    """
    Return a new episode that shares *parent* up to position *at*, in the run of *info*.

    Raises:
        UnknownStep, EpisodeExists: As ``Episode.fork``.
        BadRequest: An external environment answers *parent*.
    """
    refuse_answered(parent)
    context.runner.check_room()
    return Episode.fork(
        parent, at, log=context.log, parent=info.id, agent=agent, id=id, run=info.run
    )


def refuse_answered(stream: Stream) -> None:
    """Raise ``BadRequest`` if an external environment answers *stream*: a server opens none."""
    if stream.family.answered:
        raise BadRequest(
            "expected one of refold's own families, got one in an external environment; "
            "`refold fork` continues it",
            "episode",
        )


def _fork_for_client(request: Request, context: ServerContext, branch: _Branch) -> Response:
    """Fork into a new session, which plain HTTP continues with, and return its envelope."""
    with provisional_session(request, context) as session:
        episode = _start_fork(context, branch, DEFAULT_AGENT)
        context.current = session
        name = branch.name or episode.id
        envelope = context.runner.put_episode(session, episode, name, branch.info.scenario)
        return session_response(request, envelope, session)


async def _fork_for_agent(context: ServerContext, branch: _Branch, agent: str) -> RunReply:
    """Fork, let the built-in *agent* play to the end, and return the fork's row."""
    # The slot comes first: without one, no fork must be left behind in the log.
    with context.long_computation():
        episode = _start_fork(context, branch, agent)
        await play_to_end(context, episode, agent, since=branch.at)
    found = context.log.find(episode.id)
    row = episode_row(found, saved_grades(context.log, found.id))
    return RunReply([row], row.score or 0.0)


def _start_fork(context: ServerContext, branch: _Branch, agent: str) -> Episode:
    # One transaction, so that no fork is ever in the log without the seed that it was asked for.
    with context.log.transaction():
        id = None if branch.name is None else make_log_id(branch.name, exact=True)
        episode = fork_episode(context, branch.info, branch.parent, branch.at, agent, id)
        if branch.seed is not None and not episode.over:
            episode.note(Reseeded(branch.seed))
    return episode
