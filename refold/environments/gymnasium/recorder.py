"""
A recorder around an environment of Gymnasium.

It hands on what it is given and what is answered, as it is.
"""

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np

from refold.engine.values import to_json_value
from refold.environments.answers import answered, began, failed
from refold.environments.gymnasium.generators import generator_state
from refold.environments.gymnasium.spaces import recordable_action
from refold.environments.python.offers import offer_of
from refold.environments.python.results import read_reset, read_step
from refold.environments.python.values import NONE
from refold.environments.recording.recordings import Recording
from refold.scenarios.answered.events import EnvironmentAnswered, EnvironmentBegan

_OWN = ("env", "_recording", "_track", "_by")


class RecordedEnv(gymnasium.Wrapper[Any, Any, Any, Any]):
    """
    An environment whose episodes are recorded.

    Attributes that it does not have are those of the environment.
    """

    def __init__(self, env: Any, recording: Recording, by: Mapping[str, str]) -> None:
        super().__init__(env)
        self._recording = recording
        self._track = recording.track()
        self._by = by

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in _OWN:  # not made yet, as in a copy
            raise AttributeError(name)
        return getattr(self.env, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_") or name in _OWN or hasattr(type(self), name):
            super().__setattr__(name, value)
        else:
            setattr(self.env, name, value)

    @property
    def spec(self) -> Any:  # type: ignore[override]  # nothing sets it, there either
        """The environment's: one that is made of it is not recorded."""
        return self.env.spec

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Reset the environment, and record that an episode begins."""
        generator = None if seed is not None else to_json_value(_generator_of(self.env))
        arguments = None if options is None else to_json_value({"options": options})
        try:
            given = self.env.reset(seed=seed, options=options)
        except Exception as error:
            self._begin(EnvironmentBegan(fault=failed(error)), seed)
            raise
        observation, info = read_reset(given)
        self._begin(
            began(
                observation,
                offer=offer_of(self.env),
                info=info,
                by=self._by,
                generator=generator,
                arguments=arguments,
            ),
            seed,
        )
        return given

    def _begin(self, answer: EnvironmentBegan, seed: int | None) -> None:
        self._track.begin(answer, seed)
        self._recording.count(1)

    def step(self, action: Any) -> Any:
        """Step the environment, and record action and answer."""
        if not self._track.open:
            return self.env.step(action)
        # Before the step, which may change an array in place.
        taken = json_action(self.env.action_space, action)
        try:
            given = self.env.step(action)
        except Exception as error:
            self._track.step(taken, EnvironmentAnswered(fault=failed(error)))
            self._recording.count(1)
            raise
        self._track.step(taken, answered(**read_step(given)))
        self._recording.count(1)
        return given

    def close(self) -> None:
        """Truncate the open episode, if there is one, and close the environment."""
        self._recording.close()
        self.env.close()


def json_action(space: Any, action: Any) -> Any:
    """Return *action*, which a program gave to an environment of *space*, as JSON data but null."""
    if type(action) is np.int64:  # as nearly all actions are
        return int(action)
    return NONE if action is None else to_json_value(recordable_action(space, action))


def _generator_of(env: Any) -> Any:
    try:
        return generator_state(env.np_random)
    except AttributeError:
        return generator_state(None)
