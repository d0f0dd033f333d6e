"""
The scenarios as OpenEnv's own classes, for programs that run environments in process.

Needs the extra ``openenv``, which is heavy; nothing else in refold imports this module. The
environments run the server's own code, so they return exactly what a client would get.
"""

from functools import cache
from typing import Any, Generic, Literal, TypeVar

import msgspec
from openenv.core.client_types import StepResult
from openenv.core.env_client import EnvClient
from openenv.core.env_server.interfaces import Environment
from openenv.core.env_server.types import Action, EnvironmentMetadata, Observation, State
from pydantic import Field

from refold.engine import EventLog
from refold.engine.errors import UnknownName
from refold.server.sessions.reset_arguments import ResetRequest
from refold.server.sessions.runner import SessionRunner
from refold.server.sessions.store import Session
from refold.server.sessions.tasks import TaskCatalogue, load_catalogue, task_row

ActionT = TypeVar("ActionT", bound=Action)


class WorkflowAction(Action):  # type: ignore[misc]  # openenv is untyped where it is missing
    """An action in a workflow."""

    action_type: Literal["delegate", "retry", "wait", "synthesize", "abort"]
    subtask_id: str | None = None
    agent_name: str | None = None


class InboxAction(Action):  # type: ignore[misc]
    """An action in an inbox."""

    type: Literal["respond", "escalate", "archive"]
    email_id: str | None = None
    content: str = ""
    rationale: str = ""


class Workflow2Action(Action):  # type: ignore[misc]
    """An action in a workflow of the rules version 2."""

    type: Literal["assign", "cancel", "advance"]
    task: str | None = None
    worker: str | None = None


class Inbox2Action(Action):  # type: ignore[misc]
    """An action in an inbox of the rules version 2."""

    type: Literal["lookup", "reply", "refund", "escalate", "archive", "report", "merge", "wait"]
    thread: str | None = None
    record: Literal["customer", "order", "policy", "partner"] | None = None
    key: str | None = None
    content: str = ""
    order: str | None = None
    amount: str | None = None
    team: str | None = None
    into: str | None = None


class RefoldObservation(Observation):  # type: ignore[misc]
    """An observation: the fields that all families share, and the family's own in *seen*."""

    task_id: str
    error: str | None = None
    reward_parts: dict[str, float] = Field(default_factory=dict)
    total_reward: float = 0.0
    terminated: bool = False
    truncated: bool = False
    end_reason: str | None = None
    grade: dict[str, Any] | None = None
    seen: dict[str, Any] = Field(default_factory=dict)


class RefoldState(State):  # type: ignore[misc]
    """The state of an episode."""

    task_id: str | None = None
    family: str | None = None
    seed: int | None = None
    total_reward: float = 0.0
    done: bool = False
    end_reason: str | None = None


_COMMON_FIELDS = RefoldObservation.model_fields.keys() - {"seen"}


def to_observation(envelope: dict[str, Any]) -> RefoldObservation:
    """Return a decoded envelope of the server as a typed observation."""
    fields = envelope["observation"]
    return RefoldObservation(
        **{key: value for key, value in fields.items() if key in _COMMON_FIELDS},
        seen={key: value for key, value in fields.items() if key not in _COMMON_FIELDS},
        reward=envelope["reward"],
        done=envelope["done"],
    )


class RefoldEnvironment(Environment, Generic[ActionT]):  # type: ignore[misc]
    """
    An environment that runs in process.

    Args:
        task: Task of a reset that names none: a scenario, or the path of a TOML file.
        log: The log to record in; None to keep episodes in memory. A process has one writer per
            log, so environments that share a log share this object.
    """

    SUPPORTS_CONCURRENT_SESSIONS = True
    REQUIRES_SINGLE_THREAD_EXECUTOR = True

    def __init__(self, task: str = "workflow/easy", log: EventLog | None = None) -> None:
        super().__init__()
        self._runner = SessionRunner(log, _catalogue_with_default(task))
        self._session = Session("in process", "in process", 0.0)

    def reset(
        self, seed: int | None = None, episode_id: str | None = None, **arguments: Any
    ) -> RefoldObservation:
        """Start an episode, of the task ``task_id`` if given, and return its observation."""
        request = {**arguments, "seed": seed, "episode_id": episode_id}
        return self._decode(
            self._runner.reset(self._session, ResetRequest.from_arguments(request, trusted=True))
        )

    def step(
        self, action: ActionT, timeout_s: float | None = None, **_arguments: Any
    ) -> RefoldObservation:
        """
        Take *action*, and return the observation that follows.

        Raises:
            EpisodeOver: The episode has ended.
        """
        # A step computes and never waits for anything, so there is nothing to time out.
        del timeout_s
        return self._decode(self._runner.step(self._session, to_payload(action)))

    def _decode(self, envelope: bytes) -> RefoldObservation:
        return to_observation(msgspec.json.decode(envelope))

    @property
    def state(self) -> RefoldState:
        """The state of the episode."""
        return RefoldState(**msgspec.to_builtins(self._runner.state(self._session)))

    def get_metadata(self) -> EnvironmentMetadata:
        """Return name and description."""
        return EnvironmentMetadata(name="refold", description="Scenarios of refold.")

    def list_splits(self) -> list[str]:
        """Return the families."""
        return list(dict.fromkeys(family.title for family in self._runner.catalogue.families))

    def list_tasks(self, split: str) -> list[dict[str, Any]]:
        """Return the tasks of the family *split*, easiest first."""
        scenarios = self._runner.catalogue.in_family(split)
        return [msgspec.to_builtins(task_row(scenario)) for scenario in scenarios]

    def num_tasks(self, split: str) -> int:
        """Return the number of tasks of the family *split*."""
        return len(self._runner.catalogue.in_family(split))

    def get_task(self, split: str, index: int) -> dict[str, Any]:
        """Return the task at *index*, from 0, of the family *split*."""
        return self.list_tasks(split)[index]

    def get_task_range(
        self, split: str, start: int | None = None, stop: int | None = None
    ) -> list[dict[str, Any]]:
        """Return the tasks of the family *split* from *start* to before *stop*."""
        return self.list_tasks(split)[start:stop]


class WorkflowEnvironment(RefoldEnvironment[WorkflowAction]):
    """An environment of workflows; of ``workflow/easy`` by default."""


class InboxEnvironment(RefoldEnvironment[InboxAction]):
    """An environment of inboxes; of ``inbox/easy`` by default."""

    def __init__(self, task: str = "inbox/easy", log: EventLog | None = None) -> None:
        super().__init__(task, log)


class Workflow2Environment(RefoldEnvironment[Workflow2Action]):
    """An environment of workflows of the rules version 2; of ``workflow/easy@2`` by default."""

    def __init__(self, task: str = "workflow/easy@2", log: EventLog | None = None) -> None:
        super().__init__(task, log)


class Inbox2Environment(RefoldEnvironment[Inbox2Action]):
    """An environment of inboxes of the rules version 2; of ``inbox/easy@2`` by default."""

    def __init__(self, task: str = "inbox/easy@2", log: EventLog | None = None) -> None:
        super().__init__(task, log)


def to_payload(action: Action) -> dict[str, Any]:
    """Return *action* as the JSON object that the server takes."""
    payload: dict[str, Any] = action.model_dump(exclude={"metadata"}, exclude_none=True)
    return payload


class RefoldClient(EnvClient[Action, RefoldObservation, RefoldState]):  # type: ignore[misc]
    """A client of a refold server that takes and returns the classes of this module."""

    def _step_payload(self, action: Action) -> dict[str, Any]:
        return to_payload(action)

    def _parse_result(self, payload: dict[str, Any]) -> StepResult[RefoldObservation]:
        observation = to_observation(payload)
        return StepResult(observation, reward=payload["reward"], done=payload["done"])

    def _parse_state(self, payload: dict[str, Any]) -> RefoldState:
        return RefoldState(**payload)


@cache
def _catalogue_with_default(task: str) -> TaskCatalogue:
    """Return the catalogue of all that ships, with *task* as default; or of the file *task*."""
    shipped = load_catalogue()
    try:
        return load_catalogue((), shipped.find(task).name)
    except UnknownName:
        return load_catalogue((task,))
