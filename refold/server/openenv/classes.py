"""
The scenarios as OpenEnv's own classes, for programs that import environments in process.

Needs the extra ``openenv``, which is heavy; nothing else of refold imports this module. The
environments play by the same code as the server, so what they return is what a client gets.
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
from refold.server.sessions.catalogue import TaskCatalogue, load_catalogue, task_row
from refold.server.sessions.runner import ResetRequest, SessionRunner
from refold.server.sessions.store import Session

ActionT = TypeVar("ActionT", bound=Action)


class WorkflowAction(Action):  # type: ignore[misc]  # openenv is untyped where it is missing
    """What an agent of a workflow may choose."""

    action_type: Literal["delegate", "retry", "wait", "synthesize", "abort"]
    subtask_id: str | None = None
    agent_name: str | None = None


class InboxAction(Action):  # type: ignore[misc]
    """What an agent of an inbox may choose."""

    type: Literal["respond", "escalate", "archive"]
    email_id: str | None = None
    content: str = ""
    rationale: str = ""


class RefoldObservation(Observation):  # type: ignore[misc]
    """What every observation holds; the family's own fields stand in *seen*."""

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
    """How an episode stands."""

    task_id: str | None = None
    family: str | None = None
    seed: int | None = None
    total_reward: float = 0.0
    done: bool = False
    end_reason: str | None = None


_COMMON_FIELDS = RefoldObservation.model_fields.keys() - {"seen"}


def to_observation(envelope: dict[str, Any]) -> RefoldObservation:
    """Return an envelope, as it goes over the wire, as a typed observation."""
    fields = envelope["observation"]
    return RefoldObservation(
        **{key: value for key, value in fields.items() if key in _COMMON_FIELDS},
        seen={key: value for key, value in fields.items() if key not in _COMMON_FIELDS},
        reward=envelope["reward"],
        done=envelope["done"],
    )


class RefoldEnvironment(Environment, Generic[ActionT]):  # type: ignore[misc]
    """
    An environment of the scenarios that ship, in process.

    Args:
        task: The task of a reset that names none.
        log: Where to record; in memory only if None. One writer for
            each process: environments of one log share an opened ``EventLog``.
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
        """Begin an episode; ``task_id`` names the task."""
        request = {**arguments, "seed": seed, "episode_id": episode_id}
        return self._decode(self._runner.reset(self._session, ResetRequest.from_arguments(request)))

    def step(
        self, action: ActionT, timeout_s: float | None = None, **_arguments: Any
    ) -> RefoldObservation:
        """Take *action*; raises ``EpisodeOver`` after the end. Steps never wait."""
        del timeout_s
        return self._decode(self._runner.step(self._session, to_payload(action)))

    def _decode(self, envelope: bytes) -> RefoldObservation:
        return to_observation(msgspec.json.decode(envelope))

    @property
    def state(self) -> RefoldState:
        """How the episode stands."""
        return RefoldState(**msgspec.to_builtins(self._runner.state(self._session)))

    def get_metadata(self) -> EnvironmentMetadata:
        """Return name and description."""
        return EnvironmentMetadata(name="refold", description="Scenarios of refold.")

    def list_splits(self) -> list[str]:
        """Return the families."""
        return list(dict.fromkeys(family.name for family in self._runner.catalogue.families))

    def list_tasks(self, split: str) -> list[dict[str, Any]]:
        """Return the tasks of the family *split*, easiest first."""
        scenarios = self._runner.catalogue.in_family(split)
        return [msgspec.to_builtins(task_row(scenario)) for scenario in scenarios]

    def num_tasks(self, split: str) -> int:
        """Return how many there are."""
        return len(self._runner.catalogue.in_family(split))

    def get_task(self, split: str, index: int) -> dict[str, Any]:
        """Return the one at *index*."""
        return self.list_tasks(split)[index]

    def get_task_range(
        self, split: str, start: int | None = None, stop: int | None = None
    ) -> list[dict[str, Any]]:
        """Return those from *start* to before *stop*."""
        return self.list_tasks(split)[start:stop]


class WorkflowEnvironment(RefoldEnvironment[WorkflowAction]):
    """Workflows; ``workflow/easy`` unless another is asked for."""


class InboxEnvironment(RefoldEnvironment[InboxAction]):
    """Inboxes; ``inbox/easy`` unless another is asked for."""

    def __init__(self, task: str = "inbox/easy", log: EventLog | None = None) -> None:
        super().__init__(task, log)


def to_payload(action: Action) -> dict[str, Any]:
    """Return *action* as it goes over the wire."""
    payload: dict[str, Any] = action.model_dump(exclude={"metadata"}, exclude_none=True)
    return payload


class RefoldClient(EnvClient[Action, RefoldObservation, RefoldState]):  # type: ignore[misc]
    """A client of a served refold that takes and returns the classes of this module."""

    def _step_payload(self, action: Action) -> dict[str, Any]:
        return to_payload(action)

    def _parse_result(self, payload: dict[str, Any]) -> StepResult[RefoldObservation]:
        observation = to_observation(payload)
        return StepResult(observation, reward=payload["reward"], done=payload["done"])

    def _parse_state(self, payload: dict[str, Any]) -> RefoldState:
        return RefoldState(**payload)


@cache
def _catalogue_with_default(task: str) -> TaskCatalogue:
    """Return all that ships with *task* as the default, or the file *task*."""
    shipped = load_catalogue()
    try:
        return load_catalogue((), shipped.find(task).name)
    except UnknownName:
        return load_catalogue((task,))
