"""
OpenEnv servers: what one says of itself over HTTP, and the scenarios that follow from it.

A scenario names a server by its own metadata and what a reset asks for, never by its address, so
that runs against other ports pair.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
from attrs import frozen
from msgspec import Struct

from refold.engine.episode import LARGEST_SEED
from refold.engine.errors import RefoldError
from refold.engine.values import to_json_value
from refold.environments.kind import answered_scenario
from refold.environments.openenv_http import NoAnswer, asking
from refold.environments.options import format_options, read_options
from refold.scenarios import Scenario
from refold.scenarios.answered.events import Offer
from refold.scenarios.answered.parameters import AnsweredParameters

TASK_NAMES = ("task_id", "task")
"""What servers call the task in a reset; one that is given is sent under both names."""

_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_LONGEST_NAME = 100  # letters
_LIST_TOOLS = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}


class Task(Struct, frozen=True):
    """A task that a server lists; *seed* is the usual one."""

    task_id: str
    title: str = ""
    description: str = ""
    seed: int = 0


@frozen
class Server:
    """
    What a server says of itself.

    Attributes:
        name: Name of its environment.
        description: What that is.
        version: Its version; empty if it says none.
        tasks: Its tasks by name; empty if it lists none.
    """

    name: str
    description: str
    version: str
    tasks: Mapping[str, Task]

    def scenario(self, task: str, options: Mapping[str, Any], seed: int | None = None) -> Scenario:
        """Return the scenario of *task* with *options*; *seed* in place of the task's own."""
        parameters = AnsweredParameters(
            environment="openenv",
            name=self.name,
            options=dict(sorted(options.items())),
            task=task,
        )
        row = self.tasks.get(task) or Task(task)
        usual = row.seed if 0 <= row.seed <= LARGEST_SEED else 0
        name = f"{self.name}/{task}" if task else self.name
        return answered_scenario(
            f"openenv:{name}{format_options(dict(options))}",
            parameters,
            title=row.title,
            description=row.description or self.description,
            seed=usual if seed is None else seed,
        )


def read_address(address: str) -> tuple[str, dict[str, Any]]:
    """
    Return the URL of a server, without a slash at its end, and what a reset asks it for.

    Raises:
        RefoldError: It is no address of a server.
    """
    place, arguments = read_options(address)
    parts = urlsplit(place)
    if parts.scheme not in _SCHEMES or not parts.hostname or parts.fragment:
        raise RefoldError(f"openenv: expected http://HOST:PORT, got {place!r:.200}")
    if "@" in parts.netloc:
        raise RefoldError("openenv: expected an address without a password; set REFOLD_TOKEN")
    for name, text in parse_qsl(address.partition("?")[2]):
        if name in TASK_NAMES:  # a task called 7 is a text all the same
            arguments[name] = text
    return f"{_SCHEMES[parts.scheme]}://{parts.netloc}{parts.path.rstrip('/')}", arguments


def split_arguments(arguments: Mapping[str, Any]) -> tuple[str, dict[str, Any], int | None]:
    """
    Return the task, the options and the seed that the *arguments* of a reset stand for.

    The seed is None where they give none that an episode can have; whatever they say instead is
    an option then.
    """
    rest = {name: to_json_value(value) for name, value in arguments.items()}
    named = {name: rest[name] for name in TASK_NAMES if rest.get(name) is not None}
    first = next(iter(named.values()), None)
    task = ""
    if isinstance(first, str) and first and all(each == first for each in named.values()):
        task = first
        rest = {name: value for name, value in rest.items() if name not in TASK_NAMES}
    seed = rest.get("seed")
    if type(seed) is not int or not 0 <= seed <= LARGEST_SEED:
        return task, rest, None
    return task, {name: value for name, value in rest.items() if name != "seed"}, seed


def reset_arguments(parameters: AnsweredParameters, seed: int) -> dict[str, Any]:
    """Return what a reset says for *parameters*: the opposite of ``split_arguments``."""
    task = dict.fromkeys(TASK_NAMES, parameters.task) if parameters.task else {}
    arguments = {"seed": seed, **task, **parameters.options}
    if arguments["seed"] is None:  # an option that says: without a seed
        del arguments["seed"]
    return arguments


def describe_server(base: str, *, tasks: bool = True) -> Server:
    """
    Return what the server at *base* says of itself, its *tasks* only if wanted.

    Raises:
        NoAnswer: There is none, or it is no OpenEnv server.
    """
    with asking(base) as ask:
        about = ask("GET", "/metadata")
        name = " ".join(str(about.get("name") or "").split())[:_LONGEST_NAME]
        if not name:
            raise NoAnswer(base, "metadata without a name")
        return Server(
            name=name,
            description=str(about.get("description") or ""),
            version=str(about.get("version") or ""),
            tasks=_read_tasks(ask("GET", "/tasks", missing={})) if tasks else {},
        )


def ask_offer(base: str, server: Server, parameters: AnsweredParameters) -> Offer:
    """
    Return the actions that *server*, at *base*, takes where *parameters* are the scenario's.

    Its tools where its actions are calls of tools, else the schema of its actions.

    Raises:
        NoAnswer: It does not say.
    """
    wanted = {**parameters.options, TASK_NAMES[0]: parameters.task}
    query = urlencode({name: each for name, each in wanted.items() if each and name != "seed"})
    with asking(base) as ask:
        schema = ask("GET", f"/schema?{query}" if query else "/schema").get("action")
        if not isinstance(schema, dict):
            raise NoAnswer(base, "no schema of its actions")
        listed = ask("POST", "/mcp", body=_LIST_TOOLS, missing={}) if _calls_tools(schema) else {}
    tools = tuple(_read_tools(listed))
    return Offer(
        tools=tools,
        schema=None if tools else to_json_value(schema),
        # Without a task, this is the scenario's description already.
        instructions=server.description if parameters.task else "",
    )


def _calls_tools(schema: Mapping[str, Any]) -> bool:
    """Return whether an action of *schema* is a call of a tool, or any action at all."""
    properties = schema.get("properties")
    names = set(properties) if isinstance(properties, dict) else set()
    return "tool_name" in names or names <= {"metadata"}


def _read_tools(listed: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    result = listed.get("result")
    found = result.get("tools") if isinstance(result, dict) else None
    for each in found if isinstance(found, list) else ():
        if isinstance(each, dict) and isinstance(each.get("name"), str):
            schema = each.get("inputSchema") or each.get("input_schema") or {"type": "object"}
            about = str(each.get("description") or "")
            tool = {"name": each["name"], "description": about, "parameters": schema}
            yield to_json_value(tool)


def _read_tasks(listed: Mapping[str, Any]) -> dict[str, Task]:
    """Return the tasks in *listed*; none where it is in another form than that of refold."""
    try:
        found = msgspec.convert(listed.get("tasks") or [], list[Task])
    except msgspec.ValidationError:
        return {}
    return {task.task_id: task for task in found if task.task_id}
