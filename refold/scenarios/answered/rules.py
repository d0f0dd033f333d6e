"""Answered rules, version 1: what follows from an environment's answer."""

import math
from collections.abc import Sequence
from typing import Any

from refold.engine import EpisodeEnded, Event, StepRewarded
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.scenarios.answered.state import State

WORLD_ENDED = "world"
"""Reason of an episode that the environment ended."""
STEP_LIMIT = "max_steps"
"""Reason of an episode that the scenario's own limit ended."""


def decide(state: State, _action: Any) -> Sequence[Event]:
    """Return what follows from the answer in *state*: an end, if it is one, and the reward."""
    if state.asked:
        raise ValueError("an action without an answer")
    reward = state.reward or 0.0
    total = state.total + reward
    fault = state.fault is not None
    if not math.isfinite(total):  # a sum of huge rewards: no number any more
        fault, reward, total = True, 0.0, state.total
    parts = {} if state.reward is None or fault else {"reward": reward}
    events: list[Event] = [StepRewarded(state.step, reward, total, parts)]
    if fault:
        events.insert(0, EpisodeEnded("truncated", INSTRUMENT_FAILED))
    elif state.how == "terminated":
        events.insert(0, EpisodeEnded("terminated", WORLD_ENDED))
    elif state.how is not None:
        events.insert(0, EpisodeEnded("truncated", WORLD_ENDED))
    elif state.step + 1 == state.parameters.max_steps:
        events.insert(0, EpisodeEnded("truncated", STEP_LIMIT))
    return events
