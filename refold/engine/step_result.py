"""What a step returns to whoever took it."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from refold.engine.events import Event


class StepResult(Struct, frozen=True):
    """
    The result of one step.

    Attributes:
        observation: What the agent may see now.
        reward: The step's reward, raw.
        breakdown: Its parts by name.
        error: Error class if the rules refused the action, else None.
        events: The step's events, the action first.
        terminated: The environment ended the episode in this step.
        truncated: A limit ended the episode in this step.
    """

    observation: Any
    reward: float
    breakdown: Mapping[str, float]
    error: str | None
    events: Sequence[Event]
    terminated: bool
    truncated: bool
