"""
The tasks on offer: ``/tasks``, and the Task API of OpenEnv 0.10.

In the Task API, a family is a split, and its tasks are numbered from 0, easiest first.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Response
from msgspec import Struct

from refold.agents import builtin_agents, plays
from refold.server.http.bodies import JsonResponse, get_integer, get_text
from refold.server.http.openapi import route_docs, schema_ref, text_schema
from refold.server.http.request_session import BodyDep, ContextDep
from refold.server.sessions.errors import BadRequest
from refold.server.sessions.json_schemas import Schema, action_schema
from refold.server.sessions.tasks import TaskCatalogue, TaskRow, task_row

ENVIRONMENT = "refold"

router = APIRouter(tags=["tasks"])


class AgentRow(Struct):
    """A built-in agent, and the families that it plays."""

    name: str
    about: str
    families: list[str]


class TaskList(Struct):
    """All tasks, the default one, the schema of each family's actions, and built-in agents."""

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


class SplitTask(Struct):
    """A task of a split."""

    task: TaskRow


class TaskRange(Struct):
    """Tasks of a split."""

    tasks: list[TaskRow]


_TASK_EXAMPLE = {
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
    **route_docs(
        "All tasks",
        schema_ref(TaskList),
        {
            "tasks": [_TASK_EXAMPLE],
            "default": "workflow/easy",
            "action_schemas": {"workflow": {}},
            "agents": [{"name": "noop", "about": "does nothing", "families": ["workflow"]}],
        },
    ),
)
async def tasks(context: ContextDep) -> Response:
    """List the tasks that `/reset` takes, the schemas of their actions, and built-in agents."""
    catalogue = context.runner.catalogue
    schemas = {family.title: action_schema(family) for family in catalogue.families}
    rows = [task_row(each) for each in catalogue.scenarios.values()]
    agents = [
        AgentRow(
            name,
            "; ".join(dict.fromkeys(about.values())),
            [each.title for each in catalogue.families if plays(name, each)],
        )
        for name, about in builtin_agents().items()
    ]
    return JsonResponse(TaskList(rows, catalogue.default.name, schemas, agents))


def _check_environment(
    environment: Annotated[str, Path(max_length=255, examples=[ENVIRONMENT])],
) -> str:
    if environment.lower() != ENVIRONMENT:
        raise HTTPException(404, "environment: expected 'refold', got another")
    return ENVIRONMENT


EnvironmentPath = Annotated[str, Depends(_check_environment)]


def _read_split_tasks(catalogue: TaskCatalogue, body: dict[str, Any]) -> list[TaskRow]:
    name = get_text(body, "split")
    if name is None:
        raise BadRequest("expected a value, got none", "body", "split")
    found = [task_row(each) for each in catalogue.in_family(name)]
    if not found:
        raise HTTPException(404, "split: expected a family that is served, got another")
    return found


def _body_schema(*required: str, **numbers: str) -> Schema:
    """Return the schema of a body with a split and the integers *numbers*, by name."""
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


@router.get(
    "/list_environments", **route_docs("The environments here", {"type": "array"}, ["refold"])
)
async def environments() -> Response:
    """There is one."""
    return JsonResponse([ENVIRONMENT])


@router.get(
    "/{environment}/splits",
    **route_docs(
        "Its splits",
        {"type": "array", "items": schema_ref(Split)},
        [{"name": "workflow", "type": "test"}],
        errors=(404, 422),
    ),
)
async def splits(context: ContextDep, _environment: EnvironmentPath) -> Response:
    """One for each family."""
    names = dict.fromkeys(family.title for family in context.runner.catalogue.families)
    return JsonResponse([Split(name, "test") for name in names])


@router.post(
    "/{environment}/tasks",
    **route_docs(
        "The tasks of a split",
        schema_ref(SplitTasks),
        {"tasks": [_TASK_EXAMPLE], "env_name": "refold"},
        errors=(404, 422),
        body=_body_schema("split"),
        required=True,
        examples={"workflows": {"split": "workflow"}},
    ),
)
async def split_tasks(
    context: ContextDep, _environment: EnvironmentPath, body: BodyDep
) -> Response:
    """All of them, easiest first."""
    return JsonResponse(SplitTasks(_read_split_tasks(context.runner.catalogue, body), ENVIRONMENT))


@router.post(
    "/{environment}/num_tasks",
    **route_docs(
        "The number of tasks of a split",
        schema_ref(TaskCount),
        {"num_tasks": 4},
        errors=(404, 422),
        body=_body_schema("split"),
        required=True,
        examples={"workflows": {"split": "workflow"}},
    ),
)
async def num_tasks(context: ContextDep, _environment: EnvironmentPath, body: BodyDep) -> Response:
    """How many there are."""
    return JsonResponse(TaskCount(len(_read_split_tasks(context.runner.catalogue, body))))


@router.post(
    "/{environment}/task",
    **route_docs(
        "A task of a split",
        schema_ref(SplitTask),
        {"task": _TASK_EXAMPLE},
        errors=(400, 404, 422),
        body=_body_schema("split", "index", index=""),
        required=True,
        examples={"the easiest workflow": {"split": "workflow", "index": 0}},
    ),
)
async def one_task(context: ContextDep, _environment: EnvironmentPath, body: BodyDep) -> Response:
    """The task at `index`, from 0."""
    found = _read_split_tasks(context.runner.catalogue, body)
    index = get_integer(body, "index", -(2**31), 2**31)
    if index is None:
        raise BadRequest("expected a value, got none", "body", "index")
    if not 0 <= index < len(found):
        raise HTTPException(400, "Invalid task index")
    return JsonResponse(SplitTask(found[index]))


@router.post(
    "/{environment}/task_range",
    **route_docs(
        "Some tasks of a split",
        schema_ref(TaskRange),
        {"tasks": [_TASK_EXAMPLE]},
        errors=(400, 404, 422),
        body=_body_schema("split", start="", stop=""),
        required=True,
        examples={"the first two": {"split": "workflow", "start": 0, "stop": 2}},
    ),
)
async def task_range(context: ContextDep, _environment: EnvironmentPath, body: BodyDep) -> Response:
    """Those from `start` to before `stop`."""
    found = _read_split_tasks(context.runner.catalogue, body)
    start = get_integer(body, "start", -(2**31), 2**31)
    stop = get_integer(body, "stop", -(2**31), 2**31)
    first, last = start or 0, len(found) if stop is None else stop
    if not 0 <= first <= last <= len(found):
        raise HTTPException(400, "Invalid task index")
    return JsonResponse(TaskRange(found[first:last]))
