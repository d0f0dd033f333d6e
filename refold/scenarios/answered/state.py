"""The state of an answered episode: the environment's last answer, and what counts."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct

from refold.scenarios.answered.events import Offer
from refold.scenarios.answered.parameters import AnsweredParameters, problems
from refold.scenarios.spec import read_parameters


class State(Struct, frozen=True):
    """
    What is known after an event; only the last answer, as a history would grow with each step.

    Attributes:
        parameters: The scenario's.
        description: The scenario's, for the agent.
        seed: The episode's.
        offer: The actions that the environment takes; None until it began.
        begun: Whether it began.
        asked: Whether an action waits for its answer.
        observation: The last one.
        info: What came with it.
        reward: Reward of the last answer; None where there was none.
        how: How the environment's last answer ended the episode: ``terminated``, ``truncated`` or
            None.
        fault: Why the environment gave no answer; None if it did.
        step: Number of whole steps.
        total: Sum of their rewards.
        scores: Value of each score given, by name.
        ended: Why the episode has ended; None while it runs.
    """

    parameters: AnsweredParameters
    description: str
    seed: int
    offer: Offer | None = None
    begun: bool = False
    asked: bool = False
    observation: Any = None
    info: Any = None
    reward: float | None = None
    how: str | None = None
    fault: str | None = None
    step: int = 0
    total: float = 0.0
    scores: Mapping[str, float | None] = {}
    ended: str | None = None


@lru_cache(maxsize=64)  # the episodes of a run share their scenario's bytes
def _read(body: bytes) -> tuple[str, AnsweredParameters]:
    return read_parameters(body, AnsweredParameters, problems)


def initial(body: bytes, seed: int) -> State:
    """Return the state before anything has happened."""
    description, parameters = _read(body)
    return State(parameters, description, seed)
