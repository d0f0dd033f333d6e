"""
A recorder around several environments of Gymnasium that are stepped together.

Each environment's episodes are recorded as its own, whenever it is reset.
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
from refold.environments.gymnasium_recorder import json_action
from refold.environments.recordings import Recording
from refold.environments.spaces import schema_of
from refold.scenarios.answered.events import EnvironmentAnswered, EnvironmentBegan, Offer

_AT_ONCE = "it was reset in the step that ended the episode before, where nobody could see it"
_SHARED = "its generator is one for all environments that are stepped together"


class RecordedVectorEnv(gymnasium.vector.VectorWrapper):
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
        if name.startswith("__") or name == "env":  # not made yet, as in a copy
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
            answer = EnvironmentBegan(fault=failed(error))
            self._begin({place: (answer, seeds[place]) for place in places})
            raise
        observations, infos = self._split(*given)
        begun = {}
        for place in places:
            told = observations[place], infos[place], generators.get(place), arguments
            begun[place] = self._beginning(*told), seeds[place]
        self._begin(begun)
        self._ended[mask] = False
        return given

    def _begin(self, answers: Mapping[int, tuple[EnvironmentBegan, int | None]]) -> None:
        for place, (answer, seed) in answers.items():
            self._tracks[place].begin(answer, seed)
        self._recording.count(len(answers))

    def step(self, actions: Any) -> Any:
        """Step the environments, and record the action and answer of each."""
        space = self.env.single_action_space
        taken = [json_action(space, each) for each in iterate(self.env.action_space, actions)]
        generators = self._generators(np.flatnonzero(self._ended & self._resets_next).tolist())
        try:
            given = self.env.step(actions)
        except Exception as error:
            for track, action in zip(self._tracks, taken, strict=True):
                track.step(action, EnvironmentAnswered(fault=failed(error)))
            self._recording.count(len(taken))
            raise
        self._record(taken, generators, given)
        self._recording.count(len(taken))
        return given

    def _record(self, taken: Sequence[Any], generators: Mapping[int, Any], given: Any) -> None:
        """Record what each has answered; *generators* are those of the ones that were reset."""
        batch, *results, told = given
        observations, infos = self._split(batch, told)
        # As Python's own numbers, which take a fraction of the time.
        rewards, terminations, truncations = (each.tolist() for each in results)
        ended = np.logical_or(terminations, truncations)
        finals = told.get("final_obs") if isinstance(told, Mapping) else None
        for place, track in enumerate(self._tracks):
            observation, info = observations[place], infos[place]
            if place in generators:  # this step has reset it
                track.begin(self._beginning(observation, info, generators[place]))
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
        self._ended = ended

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


def info_at(told: Mapping[str, Any], place: int) -> dict[str, Any]:
    """Return the info of the environment at *place* of *told*, Gymnasium's info of several."""
    return dict(_info_at(told, place))


def _info_at(told: Mapping[str, Any], place: int) -> Iterator[tuple[str, Any]]:
    for name, values in told.items():
        mask = told.get(f"_{name}")
        if mask is None or not mask[place]:  # masks themselves have none
            continue
        yield name, info_at(values, place) if isinstance(values, Mapping) else values[place]
