"""
Recorders around Gymnasium's environments, one or several in step.

They hand on what they are given and what is answered, as it is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv
from gymnasium.vector.utils import iterate

from refold.engine.values import to_json_value
from refold.environments.answers import answered, began, failed
from refold.environments.generators import generator_state, lost
from refold.environments.offers import offer_of
from refold.environments.python_values import NONE
from refold.environments.recordings import Recording
from refold.environments.results import read_reset
from refold.environments.spaces import recordable_action, schema_of
from refold.scenarios.answered.events import EnvironmentAnswered, EnvironmentBegan, Offer

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
        observation, reward, terminated, truncated, info = given
        answer = answered(
            observation, reward, terminated=terminated, truncated=truncated, info=info
        )
        self._track.step(taken, answer)
        self._recording.count(1)
        return given

    def close(self) -> None:
        """Truncate the open episode, if there is one, and close the environment."""
        self._recording.close()
        self.env.close()


def json_action(space: Any, action: Any) -> Any:
    """Return *action*, which a program gave to a world of *space*, as JSON data but null."""
    if type(action) is np.int64:  # as nearly all actions are
        return int(action)
    return NONE if action is None else to_json_value(recordable_action(space, action))


class RecordedVectorEnv(gymnasium.vector.VectorWrapper[Any, Any, Any, Any, Any]):
    """
    Environments in step, each of whose episodes is recorded.

    Attributes that it does not have are those of the environments.
    """

    def __init__(self, env: Any, recording: Recording, by: Mapping[str, str]) -> None:
        super().__init__(env)
        self._recording = recording
        self._by = by
        self._tracks = [recording.track() for _ in range(env.num_envs)]
        self._ended = np.zeros(env.num_envs, np.bool_)
        mode = getattr(env.metadata.get("autoreset_mode"), "value", None)
        self._resets_next = mode in (None, "NextStep")  # of Gymnasium 1.0, which has no other
        self._resets_at_once = mode == "SameStep"
        self._offer = Offer(schema=schema_of(env.single_action_space))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in _OWN:
            raise AttributeError(name)
        return getattr(self.env, name)

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> Any:
        """Reset the environments, and record an episode of each that begins."""
        given_options = dict(options or {})
        chosen = given_options.pop("reset_mask", None)
        mask = np.ones(self.num_envs, np.bool_) if chosen is None else np.array(chosen, np.bool_)
        seeds = self._seeds(seed)
        places = [int(place) for place in np.flatnonzero(mask)]
        unseeded = [place for place in places if seeds[place] is None]
        generators = self._generators(unseeded)
        arguments = to_json_value({"options": given_options}) if given_options else None
        try:
            given = self.env.reset(seed=seed, options=options)
        except Exception as error:
            for place in places:
                self._tracks[place].begin(EnvironmentBegan(fault=failed(error)), seeds[place])
            self._recording.count(len(places))
            raise
        observations, infos = self._split(*given)
        for place in places:
            answer = self._beginning(
                observations[place], infos[place], generators.get(place), arguments
            )
            self._tracks[place].begin(answer, seeds[place])
        self._ended[mask] = False
        self._recording.count(len(places))
        return given

    def step(self, actions: Any) -> Any:
        """Step the environments, and record the action and answer of each."""
        space = self.env.single_action_space
        taken = [json_action(space, each) for each in iterate(self.env.action_space, actions)]
        beginning = np.flatnonzero(self._ended).tolist() if self._resets_next else []
        generators = self._generators(beginning)
        try:
            given = self.env.step(actions)
        except Exception as error:
            for track, action in zip(self._tracks, taken, strict=True):
                track.step(action, EnvironmentAnswered(fault=failed(error)))
            self._recording.count(len(taken))
            raise
        for place in beginning:
            self._ended[place] = False
        self._record(taken, beginning, generators, given)
        self._recording.count(len(taken))
        return given

    def _record(
        self, taken: Sequence[Any], beginning: Sequence[int], generators: Any, given: Any
    ) -> None:
        batch, *results, told = given
        observations, infos = self._split(batch, told)
        # As Python's own numbers, which take a fraction of the time.
        rewards, terminations, truncations = (each.tolist() for each in results)
        ended = np.logical_or(terminations, truncations)
        finals = told.get("final_obs") if isinstance(told, Mapping) else None
        for place, track in enumerate(self._tracks):
            observation, info = observations[place], infos[place]
            if place in beginning:
                track.begin(self._beginning(observation, info, generators.get(place)))
                continue
            final = bool(ended[place]) and self._resets_at_once
            answer = answered(
                finals[place] if final and finals is not None else observation,
                rewards[place],
                terminated=terminations[place],
                truncated=truncations[place],
                info=info.pop("final_info", {}) if final else info,
            )
            track.step(taken[place], answer)
            if final:
                info.pop("final_obs", None)
                track.begin(self._beginning(observation, info, lost(_AT_ONCE)))
        self._ended = ended if not self._resets_at_once else self._ended

    def close(self, **kwargs: Any) -> None:
        """Truncate the open episodes, and close the environments."""
        self._recording.close()
        self.env.close(**kwargs)

    def _beginning(
        self, observation: Any, info: Any, generator: Any, arguments: Any = None
    ) -> EnvironmentBegan:
        return began(
            observation,
            offer=self._offer,
            info=info,
            by=self._by,
            generator=generator,
            arguments=arguments,
        )

    def _split(self, batch: Any, told: Any) -> tuple[list[Any], list[dict[str, Any]]]:
        """Return observation and info of each environment."""
        observations = list(iterate(self.env.observation_space, batch))
        if isinstance(told, Mapping):
            return observations, [info_at(told, place) for place in range(self.num_envs)]
        return observations, [dict(each) for each in told]  # as a wrapper of Gymnasium makes it

    def _seeds(self, seed: Any) -> list[int | None]:
        """Return the seed of each environment, None for one that begins without, or unknown."""
        if seed is None or not self._separate:
            return [None] * self.num_envs
        if isinstance(seed, Iterable):
            return [None if each is None else int(each) for each in seed]
        return [seed + place for place in range(self.num_envs)]

    @property
    def _separate(self) -> bool:
        """Whether each environment is one of its own, with a generator of its own."""
        return isinstance(self.env.unwrapped, SyncVectorEnv | AsyncVectorEnv)

    def _generators(self, places: Sequence[int]) -> dict[int, Any]:
        """Return the state of the generator of each environment at *places*, as JSON data."""
        if not places:
            return {}
        if not self._separate:
            return dict.fromkeys(places, lost(_SHARED))
        several: Any = self.env.unwrapped
        found = several.get_attr("np_random")
        return {place: to_json_value(generator_state(found[place])) for place in places}


_AT_ONCE = "it was reset in the step that ended the episode before, where nobody could see it"
_SHARED = "its generator is one for all environments that are stepped together"


def _generator_of(env: Any) -> Any:
    try:
        return generator_state(env.np_random)
    except AttributeError:
        return generator_state(None)


def info_at(told: Mapping[str, Any], place: int) -> dict[str, Any]:
    """Return the info of the environment at *place* of *told*, Gymnasium's info of several."""
    return dict(_info_at(told, place))


def _info_at(told: Mapping[str, Any], place: int) -> Iterator[tuple[str, Any]]:
    for name, values in told.items():
        mask = told.get(f"_{name}")
        if mask is None or not mask[place]:  # masks themselves have none
            continue
        yield name, info_at(values, place) if isinstance(values, Mapping) else values[place]
