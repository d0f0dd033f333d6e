"""What a reset asks for, read from the arguments of a client, and which texts are accepted."""

import re
from collections.abc import Mapping
from typing import Any, TypeGuard

from attrs import frozen

from refold.agents.origins import NETWORK, mark_origin
from refold.engine.episode import LARGEST_SEED
from refold.server.sessions.errors import BadRequest

DEFAULT_AGENT = "openenv"
"""The agent's name in the log, unless the client gives one."""

# No control characters: names end up in terminals, access logs and HTTP headers.
TEXT_PATTERN = r"[^\x00-\x1f\x7f-\x9f]+"
"""What names and ids may consist of; also in the OpenAPI document."""

_LONGEST_ID = 255
_LONGEST_NAME = 100
# The protocol names none of these; clients and generations of OpenEnv use all of them.
_TASK_KEYS = ("task_id", "task", "task_name", "scenario")


@frozen
class ResetRequest:
    """
    The arguments of a reset.

    Attributes:
        task: Name of the task; None for the default task.
        seed: Random seed; None for the scenario's own.
        episode_id: The client's name for the episode; None to have one made up.
        agent: Name of the agent, for the log.
        run: Name of the run that the episode belongs to; empty for none.
    """

    task: str | None = None
    seed: int | None = None
    episode_id: str | None = None
    agent: str = DEFAULT_AGENT
    run: str = ""

    @classmethod
    def from_arguments(
        cls, arguments: Mapping[str, Any], *, trusted: bool = False
    ) -> "ResetRequest":
        """
        Return the request that *arguments* make; unknown keys are ignored, as OpenEnv does.

        Args:
            arguments: What the client sent.
            trusted: They are of this process: the agent's name is no claim of others.

        Raises:
            BadRequest: A value has the wrong type, or is out of bounds.
        """
        task = next((arguments[key] for key in _TASK_KEYS if arguments.get(key) is not None), None)
        if task is not None and not isinstance(task, str):
            raise BadRequest(f"expected a task's name, got {task!r:.100}", "task_id")
        agent = _read_text(arguments, "agent", _LONGEST_NAME) or DEFAULT_AGENT
        return cls(
            task=task,
            seed=_read_seed(arguments.get("seed")),
            episode_id=_read_text(arguments, "episode_id", _LONGEST_ID),
            agent=agent if trusted else mark_origin(agent, NETWORK),
            run=_read_text(arguments, "run", _LONGEST_NAME) or "",
        )


def is_valid_text(value: Any, longest: int) -> TypeGuard[str]:
    """Return whether *value* is a string of 1 to *longest* characters, none of them control."""
    return (
        isinstance(value, str) and len(value) <= longest and bool(re.fullmatch(TEXT_PATTERN, value))
    )


def _read_seed(value: Any) -> int | None:
    # `type`, since True is an int in Python; SQLite holds nothing above LARGEST_SEED.
    if value is None or (type(value) is int and 0 <= value <= LARGEST_SEED):
        return value
    raise BadRequest(f"expected a whole number 0 to {LARGEST_SEED}, got {value!r:.100}", "seed")


def _read_text(arguments: Mapping[str, Any], key: str, longest: int) -> str | None:
    value = arguments.get(key)
    if value is None:
        return None
    if not is_valid_text(value, longest):
        expected = f"expected 1 to {longest} letters, none of control"
        raise BadRequest(f"{expected}, got {value!r:.100}", key)
    return value
