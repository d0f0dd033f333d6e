"""The reducer of answered episodes: the next state, for each type of event."""

from typing import Any

from msgspec.structs import replace

from refold.engine import ActionTaken, EpisodeEnded, StepRewarded
from refold.engine.family import Reducer
from refold.scenarios.answered.events import EnvironmentAnswered, EnvironmentBegan, ScoreGiven
from refold.scenarios.answered.state import State


def _begin(state: State, event: EnvironmentBegan) -> State:
    if state.begun:
        raise ValueError("an environment begins once")
    return replace(
        state,
        begun=True,
        observation=event.observation,
        offer=event.offer,
        info=event.info,
        fault=event.fault,
    )


def _ask(state: State, _event: ActionTaken[Any]) -> State:
    if not state.begun:
        raise ValueError("an environment begins before it is given an action")
    return replace(state, asked=True)


def _answer(state: State, event: EnvironmentAnswered) -> State:
    if not state.asked:
        raise ValueError("an answer follows an action")
    how = "terminated" if event.terminated else "truncated" if event.truncated else None
    return replace(
        state,
        asked=False,
        observation=event.observation,
        info=event.info,
        reward=event.reward,
        how=how,
        fault=event.fault,
    )


def _give_score(state: State, event: ScoreGiven) -> State:
    return replace(state, scores={**state.scores, event.name: event.value})


REDUCER: Reducer[State] = {
    EnvironmentBegan: _begin,
    ActionTaken: _ask,
    EnvironmentAnswered: _answer,
    ScoreGiven: _give_score,
    StepRewarded: lambda state, event: replace(
        state, step=event.step + 1, total=event.total, asked=False
    ),
    EpisodeEnded: lambda state, event: replace(state, ended=event.reason),
}
