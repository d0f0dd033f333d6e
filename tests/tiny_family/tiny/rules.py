"""What an action causes."""

import random
from collections.abc import Sequence

from refold.engine import ActionRefused, EpisodeEnded, Event, StepRewarded
from tiny.world import Action, Rolled, State


def decide(state: State, action: Action) -> Sequence[Event]:
    """Return everything that *action* causes, ``StepRewarded`` last."""
    if action.type == "roll":
        return _roll(state)
    if state.sum == 0:
        refused = ActionRefused("nothing_rolled")
        return [refused, *_end_of_time(state), _rewarded(state, {"refused": -0.1})]
    stopped = EpisodeEnded("terminated", "stopped")
    return [stopped, _rewarded(state, {"stopped": state.sum / state.parameters.target})]


def _roll(state: State) -> Sequence[Event]:
    points = random.Random(f"{state.seed}/{state.t}").randint(1, 6)
    rolled = Rolled(points, state.sum + points)
    if rolled.sum > state.parameters.target:
        return [rolled, EpisodeEnded("terminated", "bust"), _rewarded(state, {"bust": -1.0})]
    return [rolled, *_end_of_time(state), _rewarded(state, {"rolled": 0.01 * points})]


def _end_of_time(state: State) -> Sequence[Event]:
    over = state.t + 1 >= state.parameters.most_rolls
    return [EpisodeEnded("truncated", "most_rolls")] if over else []


def _rewarded(state: State, parts: dict[str, float]) -> StepRewarded:
    reward = sum(parts.values())
    return StepRewarded(state.t, reward, state.total + reward, parts)


def legal_actions(state: State) -> Sequence[Action]:
    """Return what would not be refused; nothing after the end."""
    if state.ended:
        return ()
    return (Action("roll"), Action("stop")) if state.sum else (Action("roll"),)
