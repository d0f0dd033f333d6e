"""What there is: parameters, actions, an event, the state, and how each is shown."""

from collections.abc import Iterator, Mapping
from functools import singledispatch
from typing import Any, Literal

from attrs import frozen
from msgspec import Struct
from msgspec.structs import replace

from refold.engine import ActionTaken, EpisodeEnded, Event, StepRewarded
from refold.engine.phrases import say_shared
from refold.scenarios.spec import read_parameters


@frozen
class Parameters:
    """What a scenario file may set: both at least 1."""

    target: int
    most_rolls: int


def problems(parameters: Parameters) -> list[tuple[str, str]]:
    """Return every mistake that types cannot show, as (path, text)."""
    return list(_problems(parameters))


def _problems(parameters: Parameters) -> Iterator[tuple[str, str]]:
    if parameters.target < 1:
        yield ".target", f"expected at least 1, got {parameters.target}"
    if parameters.most_rolls < 1:
        yield ".most_rolls", f"expected at least 1, got {parameters.most_rolls}"


class Action(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Roll once more, or stop."""

    type: Literal["roll", "stop"]


class Rolled(Event, frozen=True):
    """The die showed *points*, 1 to 6, which makes *sum* so far."""

    points: int
    sum: int


class State(Struct, frozen=True, gc=False):
    """A game at one moment; *t* is the number of steps taken."""

    description: str
    parameters: Parameters
    seed: int
    sum: int = 0
    t: int = 0
    total: float = 0.0
    ended: str | None = None


class Observation(Struct, frozen=True, gc=False):
    """What the player sees: everything but the seed."""

    task: str
    target: int
    sum: int
    rolls_left: int


def initial(body: bytes, seed: int) -> State:
    """Return the state of the scenario *body* before the first roll."""
    return State(*read_parameters(body, Parameters, problems), seed)


def evolve(state: State, event: Event) -> State:
    """Return *state* after *event*: what the event says, nothing else."""
    match event:
        case Rolled(sum=sum):
            return replace(state, sum=sum)
        case StepRewarded(step=step, total=total):
            return replace(state, t=step + 1, total=total)
        case EpisodeEnded(reason=reason):
            return replace(state, ended=reason)
    return state


def observe(state: State) -> Observation:
    """Return what the player sees of *state*."""
    target, most = state.parameters.target, state.parameters.most_rolls
    return Observation(state.description, target, state.sum, most - state.t)


def view(state: State) -> Mapping[str, Any]:
    """Return what a watcher sees of *state*, as JSON data."""
    return {"t": state.t, "sum": state.sum, "target": state.parameters.target, "total": state.total}


@singledispatch
def say(thing: Any) -> str:
    """Return an action or an event in words."""
    return say_shared(thing)


@say.register
def _(action: Action) -> str:
    return action.type


@say.register
def _(event: ActionTaken) -> str:
    return say(event.action)


@say.register
def _(event: Rolled) -> str:
    return f"rolled {event.points}, {event.sum} in all"
