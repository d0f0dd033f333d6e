"""
Which tasks there are: ``/tasks`` for people, and the Task API of OpenEnv 0.10.

A family is a split there; its tasks are numbered from 0, easiest first.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Response
from msgspec import Struct

from refold.agents import builtin_agents, plays
from refold.server.http.bodies import Json, number_of, text_of
from refold.server.http.openapi import ref, text_schema, told
from refold.server.http.request_session import Asked, Server
from refold.server.sessions.errors import BadRequest
from refold.server.sessions.json_schemas import Schema, action_schema
from refold.server.sessions.tasks import Catalogue, TaskRow, row_of

ENVIRONMENT = "refold"

router = APIRouter(tags=["tasks"])


class AgentRow(Struct):
    """A built-in agent, and the families that it plays."""

    name: str
    about: str
    families: list[str]


class TaskList(Struct):
    """All tasks, the default one, the schema of each family's actions, and who can play."""

    tasks: list[TaskRow]
    default: str
    action_schemas: dict[str, dict[str, Any]]
    agents: list[AgentRow]


class Split(Struct):
    """Some tasks that belong together."""

    name: str
    type: str


class SplitTasks(Struct):
    """The tasks of a split."""

    tasks: list[TaskRow]
    env_name: str


class TaskCount(Struct):
    """How many tasks a split has."""

    num_tasks: int


class OneTask(Struct):
    """A task of a split."""

    task: TaskRow


class SomeTasks(Struct):
    """Tasks of a split."""

    tasks: list[TaskRow]


_TASK = {
    "task_id": "workflow/easy",
    "family": "workflow",
    "difficulty": "easy",
    "title": "Feature sprint",
    "description": "Build and test a small feature…",
    "seed": 42,
    "rubric": "workflow/easy v1",
}


@router.get(
    "/tasks",
    **told(
        "All tasks",
        ref(TaskList),
        {
            "tasks": [_TASK],
            "default": "workflow/easy",
            "action_schemas": {"workflow": {}},
            "agents": [
                {"name": "noop", "about": "does nothing", "families": ["workflow"]},
            ],
        },
    ),
)
async def tasks(context: Server) -> Response:
    """List the tasks that `/reset` takes, the schemas of their actions, and built-in agents."""
    catalogue = context.play.catalogue
    schemas = {family.name: action_schema(family) for family in catalogue.families}
    rows = [row_of(each) for each in catalogue.scenarios.values()]
    agents = [
        AgentRow(name, about, [each.name for each in catalogue.families if plays(name, each)])
        for name, (about, _) in builtin_agents().items()
    ]
    return Json(TaskList(rows, catalogue.default.name, schemas, agents))


def _environment(
    environment: Annotated[str, Path(max_length=255, examples=[ENVIRONMENT])],
) -> str:
    if environment.lower() != ENVIRONMENT:
        raise HTTPException(404, "environment: expected 'refold', got another")
    return ENVIRONMENT


Environment = Annotated[str, Depends(_environment)]


def _split(catalogue: Catalogue, asked: dict[str, Any]) -> list[TaskRow]:
    name = text_of(asked, "split")
    if name is None:
        raise BadRequest("expected a value, got none", "body", "split")
    found = [row_of(each) for each in catalogue.of_family(name)]
    if not found:
        raise HTTPException(404, "split: expected a family that is served, got another")
    return found


def _body(*required: str, **numbers: str) -> Schema:
    bounds = {"minimum": -(2**31), "maximum": 2**31}
    whole = {"type": ["integer", "null"] if required == ("split",) else "integer", **bounds}
    return {
        "type": "object",
        "properties": {
            "split": text_schema("Which split.")["anyOf"][0],
            **dict.fromkeys(numbers, whole),
        },
        "required": list(required),
    }


@router.get("/list_environments", **told("The environments here", {"type": "array"}, ["refold"]))
async def environments() -> Response:
    """There is one."""
    return Json([ENVIRONMENT])


@router.get(
    "/{environment}/splits",
    **told(
        "Its splits",
        {"type": "array", "items": ref(Split)},
        [{"name": "workflow", "type": "test"}],
        errors=(404, 422),
    ),
)
async def splits(context: Server, _environment: Environment) -> Response:
    """One for each family."""
    names = dict.fromkeys(family.name for family in context.play.catalogue.families)
    return Json([Split(name, "test") for name in names])


@router.post(
    "/{environment}/tasks",
    **told(
        "The tasks of a split",
        ref(SplitTasks),
        {"tasks": [_TASK], "env_name": "refold"},
        errors=(404, 422),
        body=_body("split"),
        required=True,
        sent={"workflows": {"split": "workflow"}},
    ),
)
async def split_tasks(context: Server, _environment: Environment, asked: Asked) -> Response:
    """All of them, easiest first."""
    return Json(SplitTasks(_split(context.play.catalogue, asked), ENVIRONMENT))


@router.post(
    "/{environment}/num_tasks",
    **told(
        "The number of tasks of a split",
        ref(TaskCount),
        {"num_tasks": 4},
        errors=(404, 422),
        body=_body("split"),
        required=True,
        sent={"workflows": {"split": "workflow"}},
    ),
)
async def num_tasks(context: Server, _environment: Environment, asked: Asked) -> Response:
    """How many there are."""
    return Json(TaskCount(len(_split(context.play.catalogue, asked))))


@router.post(
    "/{environment}/task",
    **told(
        "A task of a split",
        ref(OneTask),
        {"task": _TASK},
        errors=(400, 404, 422),
        body=_body("split", "index", index=""),
        required=True,
        sent={"the easiest workflow": {"split": "workflow", "index": 0}},
    ),
)
async def one_task(context: Server, _environment: Environment, asked: Asked) -> Response:
    """The task at `index`, from 0."""
    found = _split(context.play.catalogue, asked)
    index = number_of(asked, "index", -(2**31), 2**31)
    if index is None:
        raise BadRequest("expected a value, got none", "body", "index")
    if not 0 <= index < len(found):
        raise HTTPException(400, "Invalid task index")
    return Json(OneTask(found[index]))


@router.post(
    "/{environment}/task_range",
    **told(
        "Some tasks of a split",
        ref(SomeTasks),
        {"tasks": [_TASK]},
        errors=(400, 404, 422),
        body=_body("split", start="", stop=""),
        required=True,
        sent={"the first two": {"split": "workflow", "start": 0, "stop": 2}},
    ),
)
async def task_range(context: Server, _environment: Environment, asked: Asked) -> Response:
    """Those from `start` to before `stop`."""
    found = _split(context.play.catalogue, asked)
    start = number_of(asked, "start", -(2**31), 2**31)
    stop = number_of(asked, "stop", -(2**31), 2**31)
    first, last = start or 0, len(found) if stop is None else stop
    if not 0 <= first <= last <= len(found):
        raise HTTPException(400, "Invalid task index")
    return Json(SomeTasks(found[first:last]))
