"""
Episodes that the server plays by itself, and their grades.

Only built-in agents play here: scripts are files on the server, and models cost its owner money.
"""

import asyncio
from itertools import islice
from typing import Any

from fastapi import APIRouter, Response
from fastapi.concurrency import run_in_threadpool
from msgspec import Struct

from refold.agents import builtin_agents, make_policy
from refold.agents.rollout import epoch_seed, next_action, replay_policy
from refold.engine import Episode, EpisodeInfo, Family, RefoldError
from refold.engine.episode import LARGEST_SEED
from refold.engine.errors import UnknownEpisode
from refold.engine.log.left_out import LeftOut
from refold.engine.sums import add_up
from refold.graders import grade, save_grade, saved_grades
from refold.scenarios import Scenario
from refold.server.context import ServerContext
from refold.server.http.bodies import JsonResponse, get_integer, get_text
from refold.server.http.openapi import component_ref, route_docs, schema_ref, text_schema
from refold.server.http.openapi_examples import EPISODE, GRADE
from refold.server.http.request_session import BodyDep, ContextDep, NamesDep
from refold.server.routes.replies import EpisodeRow, GradeReply, episode_row, grade_reply
from refold.server.routes.saved_episodes import find_stream
from refold.server.sessions.errors import BadRequest

MOST_EPISODES = 100
"""Episodes in one request, which holds one of the few slots for long computations."""
STEPS_PER_TURN = 8
"""Steps played in a row before the event loop serves other requests."""

router = APIRouter(tags=["runs"])


class RunReply(Struct):
    """What was played, and the mean of the scores."""

    episodes: list[EpisodeRow]
    mean: float


AGENT_SCHEMA = {"enum": [*builtin_agents(), None], "description": "Who plays."}
_RUN_SCHEMA = {
    "type": "object",
    "properties": {
        "task": text_schema("Which task; the default if not given."),
        "agent": AGENT_SCHEMA,
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
        "agent": AGENT_SCHEMA,
        "provider": AGENT_SCHEMA,
        "seed": component_ref("Seed"),
    },
}


def read_agent(body: dict[str, Any]) -> str | None:
    """
    Return the built-in agent named in *body* (``agent`` or ``provider``), None if none is.

    Raises:
        BadRequest: The name is not that of a built-in agent.
    """
    found = {key: get_text(body, key) for key in ("agent", "provider")}
    for key, agent in found.items():
        if agent is not None and agent not in builtin_agents():
            raise BadRequest(
                f"expected one of {', '.join(builtin_agents())}; got {agent!r:.100}", key
            )
    return found["agent"] or found["provider"]


def check_agent(agent: str, family: Family) -> None:
    """
    Check that *agent* can play *family*.

    Raises:
        BadRequest: It cannot.
    """
    try:
        make_policy(agent, family, seed=0)
    except RefoldError as error:
        raise BadRequest(str(error), "agent") from None


async def play_to_end(
    context: ServerContext, episode: Episode, agent: str, *, since: int = 0
) -> None:
    """
    Let the built-in *agent* play *episode* to its end, and save the grade.

    Runs on the event loop, where the log's writer lives, and yields to it every few steps.

    Args:
        context: The server.
        episode: The episode, recorded in the log.
        agent: Name of the agent.
        since: Position from which the agent itself played; the steps before are a parent's.
    """
    stream = episode.events
    policy = make_policy(agent, episode.family, seed=stream.started.seed)
    replay_policy(policy, stream, since=since)
    taken = 0
    while not episode.over:
        action = next_action(policy, episode)
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
    """
    Let the built-in *agent* play a new episode of *scenario*, and return its row in the log.

    Raises:
        BadRequest: The agent cannot play the scenario's family.
    """
    check_agent(agent, context.runner.catalogue.family_of(scenario))
    context.runner.check_room()
    log = context.log
    world_seed = epoch_seed(scenario.seed if seed is None else seed, epoch)
    episode = Episode.start(scenario, log=log, agent=agent, seed=world_seed, run=run, epoch=epoch)
    context.runner.counts.started += 1
    await play_to_end(context, episode, agent)
    return log.find(episode.id)


@router.post(
    "/run",
    **route_docs(
        "Let a built-in agent play",
        schema_ref(RunReply),
        {"episodes": [EPISODE], "mean": 0.9},
        errors=(404, 422, 503, 507),
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
    # The last seed is the largest: checked before the first episode is played.
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
        errors=(404, 409, 422, 503, 507),
        body=_GRADER_SCHEMA,
        examples={
            "the latest": {},
            "the latest of a task": {"task": "hard"},
            "one": {"episode_id": "try-1"},
            "a new one, played first": {"task": "hard", "agent": "greedy"},
        },
    ),
)
async def grader(context: ContextDep, names: NamesDep, body: BodyDep) -> Response:
    """Grade one episode: by id, or the latest, of a task or of all; or play one first."""
    agent, name = read_agent(body), get_text(body, "episode_id")
    task, seed = get_text(body, "task", "task_id"), get_integer(body, "seed", 0, LARGEST_SEED)
    if agent is not None:
        scenario = context.runner.catalogue.find(task)
        with context.long_computation():
            name = (await play_new_episode(context, scenario, agent, seed, "", 0)).id
        task = None
    elif name is not None:
        name = names.get(name, name)
    scenario_name = context.runner.catalogue.find(task).name if task else None
    return JsonResponse(await run_in_threadpool(_grade_episode, context, name, scenario_name))


def _grade_episode(context: ServerContext, name: str | None, scenario: str | None) -> GradeReply:
    with context.open_reader() as log:
        if name is None:
            newest = islice(
                log.episodes(scenario=scenario, newest_first=True, left_out=LeftOut()), 1
            )
            name = next((info.id for info in newest), None)
        if name is None:
            raise UnknownEpisode("episode: expected one in the log, got none")
        info, stream = find_stream(context, log, name)
    return grade_reply(info, grade(stream))
