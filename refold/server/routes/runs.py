"""
Episodes that the server itself plays, and what compares many: grader, baseline, leaderboard.

Only built-in agents play here: no scripts, which are files of the server, and no models, which
cost its owner's money.
"""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from msgspec import Struct

from refold.agents import make_policy
from refold.agents.rollout import epoch_seed, replay_policy
from refold.engine import Episode, EpisodeInfo, Family, RefoldError, Reseeded, Stream
from refold.engine.episode import LARGEST_SEED
from refold.engine.errors import UnknownEpisode
from refold.engine.sums import add_up
from refold.graders import grade, save_grade, saved_grades
from refold.scenarios import Scenario
from refold.server.context import ServerContext
from refold.server.http.bodies import JsonResponse, get_integer, get_text
from refold.server.http.openapi import component_ref, route_docs, schema_ref, text_schema
from refold.server.http.openapi_examples import EPISODE, GRADE
from refold.server.http.request_session import BodyDep, ContextDep, create_session, session_response
from refold.server.routes.episodes import EpisodePath, find_stream
from refold.server.routes.replies import EpisodeRow, GradeReply, episode_row, grade_reply
from refold.server.sessions.errors import BadRequest
from refold.server.sessions.runner import DEFAULT_AGENT, make_log_id
from refold.server.sessions.store import Session

BUILT_IN_AGENTS = ("noop", "random", "greedy", "baseline")
MOST_EPISODES = 100
STEPS_PER_TURN = 8

router = APIRouter(tags=["runs"])


class RunReply(Struct):
    """What was played, and the mean of the scores."""

    episodes: list[EpisodeRow]
    mean: float


_AGENT_SCHEMA = {"enum": [*BUILT_IN_AGENTS, None], "description": "Who plays."}
_RUN_SCHEMA = {
    "type": "object",
    "properties": {
        "task": text_schema("Which task; the default if not given."),
        "agent": _AGENT_SCHEMA,
        "seed": component_ref("Seed"),
        "episodes": {"type": ["integer", "null"], "minimum": 1, "maximum": MOST_EPISODES},
        "run": text_schema("Name of the run.", 100),
    },
}
_GRADER_SCHEMA = {
    "type": "object",
    "properties": {
        "episode_id": text_schema("Which episode."),
        "task": text_schema("The latest of which task."),
        "agent": _AGENT_SCHEMA,
        "provider": _AGENT_SCHEMA,
        "seed": component_ref("Seed"),
    },
}
_FORK_SCHEMA = {
    "type": "object",
    "properties": {
        "at": {"type": "integer", "minimum": 0, "maximum": 2**31},
        "agent": _AGENT_SCHEMA,
        "seed": component_ref("Seed"),
        "episode_id": text_schema("What the fork is to be called."),
    },
    "required": ["at"],
}


def read_agent(body: dict[str, Any]) -> str | None:
    """
    Return the built-in agent that *body* names, None if it names none.

    Raises:
        BadRequest: It names another.
    """
    found = {key: get_text(body, key) for key in ("agent", "provider")}
    for key, agent in found.items():
        if agent is not None and agent not in BUILT_IN_AGENTS:
            raise BadRequest(
                f"expected one of {', '.join(BUILT_IN_AGENTS)}; got {agent!r:.100}", key
            )
    return found["agent"] or found["provider"]


def check_agent(agent: str, family: Family) -> None:
    """
    Check that *agent* plays *family*.

    Raises:
        BadRequest: It does not.
    """
    try:
        make_policy(agent, family, seed=0)
    except RefoldError as error:
        raise BadRequest(str(error), "agent") from None


async def play_to_end(
    context: ServerContext, episode: Episode, agent: str, *, since: int = 0
) -> None:
    """Play *episode*, recorded, to its end, a few steps at a time; and save its grade."""
    stream = episode.events
    policy = make_policy(agent, episode.family, seed=stream.started.seed)
    replay_policy(policy, stream, since=since)
    taken = 0
    while not episode.over:
        action = policy(episode.observation, lambda: episode.legal_actions)
        episode.step(action)
        context.runner.counts.steps += 1
        taken += 1
        if not taken % STEPS_PER_TURN:
            await asyncio.sleep(0)
    context.runner.counts.ended += 1
    save_grade(context.log, episode.id, grade(episode.events))


async def play_new_episode(
    context: ServerContext, scenario: Scenario, agent: str, seed: int | None, run: str, epoch: int
) -> EpisodeInfo:
    """Play a new episode of *scenario* and return what the log tells of it."""
    check_agent(agent, context.runner.catalogue.family_of(scenario))
    log = context.log
    first = scenario.seed if seed is None else seed
    world = epoch_seed(first, epoch)
    episode = Episode.start(scenario, log=log, agent=agent, seed=world, run=run, epoch=epoch)
    context.runner.counts.started += 1
    await play_to_end(context, episode, agent)
    return log.find(episode.id)


@router.post(
    "/run",
    **route_docs(
        "Let a built-in agent play",
        schema_ref(RunReply),
        {"episodes": [EPISODE], "mean": 0.9},
        errors=(404, 422, 503),
        body=_RUN_SCHEMA,
        examples={"greedy": {"task": "workflow/easy", "agent": "greedy", "episodes": 3}},
    ),
)
async def run(context: ContextDep, body: BodyDep) -> Response:
    """Play episodes of a task, recorded and graded; each has the seed after the one before."""
    agent = read_agent(body) or "random"
    scenario = context.runner.catalogue.find(get_text(body, "task", "task_id"))
    seed = get_integer(body, "seed", 0, LARGEST_SEED)
    times = get_integer(body, "episodes", 1, MOST_EPISODES) or 1
    name = get_text(body, "run", longest=100) or ""
    try:
        epoch_seed(scenario.seed if seed is None else seed, times - 1)
    except RefoldError as error:
        raise BadRequest(str(error), "body", "seed") from None
    with context.long_computation():
        infos = [
            await play_new_episode(context, scenario, agent, seed, name, epoch)
            for epoch in range(times)
        ]
    log = context.log
    rows = [episode_row(info, saved_grades(log, info.id)) for info in infos]
    return JsonResponse(RunReply(rows, add_up(row.score or 0.0 for row in rows) / len(rows)))


@router.post(
    "/grader",
    **route_docs(
        "Grade an episode",
        schema_ref(GradeReply),
        GRADE,
        errors=(404, 409, 422, 503),
        body=_GRADER_SCHEMA,
        examples={
            "the latest": {},
            "the latest of a task": {"task": "hard"},
            "one": {"episode_id": "try-1"},
            "a new one, played first": {"task": "hard", "agent": "greedy"},
        },
    ),
)
async def grader(context: ContextDep, body: BodyDep) -> Response:
    """Grade one episode: by id, or the latest, of a task or of all; or play one first."""
    agent, name = read_agent(body), get_text(body, "episode_id")
    task, seed = get_text(body, "task", "task_id"), get_integer(body, "seed", 0, LARGEST_SEED)
    if agent is not None:
        scenario = context.runner.catalogue.find(task)
        with context.long_computation():
            name = (await play_new_episode(context, scenario, agent, seed, "", 0)).id
        task = None
    scenario_name = context.runner.catalogue.find(task).name if task else None
    return JsonResponse(await run_in_threadpool(_grade_episode, context, name, scenario_name))


def _grade_episode(context: ServerContext, name: str | None, scenario: str | None) -> GradeReply:
    with context.open_reader() as log:
        if name is None:
            newest = islice(log.episodes(scenario=scenario, newest_first=True), 1)
            name = next((info.id for info in newest), None)
        if name is None:
            raise UnknownEpisode("episode: expected one in the log, got none")
        info, stream = find_stream(context, log, name)
    return grade_reply(info, grade(stream))


@router.post(
    "/episodes/{id}/fork",
    **route_docs(
        "Leave an episode at one of its steps",
        {"type": "object"},
        {"observation": {}, "reward": 0.0, "done": False},
        errors=(404, 409, 422, 503),
        body=_FORK_SCHEMA,
        required=True,
        examples={
            "to play on yourself": {"at": 3},
            "to let an agent play on": {"at": 3, "agent": "greedy", "seed": 7},
        },
    ),
)
async def fork(request: Request, context: ContextDep, id: EpisodePath, body: BodyDep) -> Response:
    """
    Begin an episode that shares the first `at` steps of another, to the byte.

    With an agent it is played to its end, and the answer is as of `/run`. Without, the answer is
    as of `/reset`, and `/step` goes on.
    """
    at, agent = get_integer(body, "at", 0, 2**31), read_agent(body)
    if at is None:
        raise BadRequest("expected a whole number of at least 0, got none", "body", "at")
    info, parent = await run_in_threadpool(read_episode, context, id)
    if agent is not None:
        check_agent(agent, parent.family)
    log, seed = context.log, get_integer(body, "seed", 0, LARGEST_SEED)
    name = get_text(body, "episode_id")
    with ExitStack() as stack:
        if agent is not None:
            stack.enter_context(context.long_computation())
        session = None
        if agent is None:
            session = stack.enter_context(provisional_session(request, context))
        with log.transaction():
            called = None if name is None else make_log_id(name, exact=True)
            episode = fork_episode(context, info, parent, at, agent or DEFAULT_AGENT, called)
            if seed is not None and not episode.over:
                episode.note(Reseeded(seed))
        if session is not None:
            context.current = session
            content = context.runner.put_episode(
                session, episode, name or episode.id, info.scenario
            )
            return session_response(request, content, session)
        await play_to_end(context, episode, agent or DEFAULT_AGENT, since=at)
    found = log.find(episode.id)
    row = episode_row(found, saved_grades(log, found.id))
    return JsonResponse(RunReply([row], row.score or 0.0))


def fork_episode(
    context: ServerContext,
    info: EpisodeInfo,
    parent: Stream,
    at: int,
    agent: str,
    id: str | None = None,
) -> Episode:
    """
    Return a new episode that leaves *parent*, which the log tells *info* of, *at* a position.

    Raises:
        UnknownStep, EpisodeExists: As ``Episode.fork``.
    """
    return Episode.fork(
        parent, at, log=context.log, parent=info.id, agent=agent, id=id, run=info.run
    )


@contextmanager
def provisional_session(request: Request, context: ServerContext) -> Iterator[Session]:
    """Give a new session; it is closed again if what follows fails."""
    session = create_session(request, context)
    try:
        yield session
    except RefoldError:
        context.store.close(session)
        raise


def read_episode(context: ServerContext, id: str) -> tuple[EpisodeInfo, Stream]:
    """Return the episode that *id* names, and its events; raises as ``opened``."""
    with context.open_reader() as log:
        return find_stream(context, log, id)
