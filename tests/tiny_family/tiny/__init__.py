"""A game of dice: roll as often as you dare, and stop as near to the target as you can."""

import random
from importlib.resources import files
from typing import Literal

from attrs import frozen
from msgspec import Struct
from msgspec.structs import replace

from refold.engine import ActionRefused, EpisodeEnded, Event, Family, StepRewarded
from refold.scenarios.spec import read_parameters


@frozen
class Parameters:
    target: int


class Action(Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["roll", "stop"]


class Rolled(Event, frozen=True):
    points: int
    sum: int


class State(Struct, frozen=True):
    target: int
    sum: int = 0
    step: int = 0
    total: float = 0.0
    over: bool = False
    seed: int = 0


def decide(state, action):
    if action.type == "stop" and not state.sum:
        return [ActionRefused("nothing_rolled"), rewarded(state, "refused", -0.1)]
    if action.type == "stop":
        near = rewarded(state, "near", state.sum / state.target)
        return [EpisodeEnded("terminated", "stopped"), near]
    points = random.Random(f"{state.seed}/{state.step}").randint(1, 6)
    rolled = Rolled(points, state.sum + points)
    if rolled.sum > state.target:
        return [rolled, EpisodeEnded("terminated", "bust"), rewarded(state, "bust", -1.0)]
    return [rolled, rewarded(state, "rolled", 0.0)]


def rewarded(state, name, reward):
    return StepRewarded(state.step, reward, state.total + reward, {name: reward})


def legal_actions(state):
    return [] if state.over else [Action("roll"), Action("stop")][: 2 if state.sum else 1]


FAMILY = Family(
    name="tiny",
    rules=1,
    parameters=Parameters,
    action=Action,
    events=(Rolled,),
    initial=lambda body, seed: State(read_parameters(body, Parameters)[1].target, seed=seed),
    decide=decide,
    reducer={
        Rolled: lambda state, event: replace(state, sum=event.sum),
        StepRewarded: lambda state, event: replace(state, step=event.step + 1, total=event.total),
        EpisodeEnded: lambda state, event: replace(state, over=True),
    },
    observe=lambda state: {"sum": state.sum, "target": state.target},
    legal_actions=legal_actions,
    scenarios=("one",),
    folder=files(__name__),
)
