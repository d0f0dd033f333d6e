"""Which scenario a Gymnasium environment is that a program has made."""

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium
from gymnasium.envs.registration import EnvSpec, registry
from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv, VectorEnv, VectorWrapper

from refold.engine.codec import encode
from refold.engine.values import to_json_value
from refold.environments.gymnasium_recorder import RecordedEnv
from refold.environments.gymnasium_vector_recorder import RecordedVectorEnv
from refold.environments.gymnasium_worlds import scenario_of, versions_of_spec
from refold.environments.options import WRAPPERS
from refold.environments.python_worlds import class_scenario
from refold.scenarios import Scenario
from refold.scenarios.answered.parameters import AnsweredParameters

_LEFT_OUT = {
    "render_mode",  # for people who watch
    *("num_envs", "vectorization_mode", "vector_kwargs", "wrappers"),  # of several environments
}

Described = tuple[type[RecordedEnv] | type[RecordedVectorEnv], Scenario, dict[str, str]]


def describe(env: Any) -> Described:
    """Return the recorder for *env*, the scenario that it is, and what it is made by."""
    if not isinstance(env, VectorEnv):
        return RecordedEnv, *_describe(env, env.spec, [])
    base, around = _unwrap(env, VectorWrapper)
    if isinstance(base, SyncVectorEnv):
        return RecordedVectorEnv, *_describe(base.envs[0], base.envs[0].spec, around)
    if isinstance(base, AsyncVectorEnv):
        return RecordedVectorEnv, *_describe(base, base.get_attr("spec")[0], around)
    return RecordedVectorEnv, *_describe(base, base.spec, around)


def _unwrap(env: Any, wrapper: type[Any]) -> tuple[Any, list[str]]:
    """Return what lies in all wrappers, and the names of these, the innermost first."""
    around: list[str] = []
    while isinstance(env, wrapper):
        around.insert(0, type(env).__name__)
        env = env.env
    return env, around


def _describe(
    env: Any, spec: EnvSpec | None, around: Sequence[str]
) -> tuple[Scenario, dict[str, str]]:
    if spec is None:  # made by its class
        base, inner = _unwrap(env, gymnasium.Wrapper)
        return class_scenario(type(base), wrappers=[*inner, *around])
    wrappers = [*(each.name for each in spec.additional_wrappers), *around]
    options = {**_options(spec), **({WRAPPERS: wrappers} if wrappers else {})}
    parameters = AnsweredParameters(
        environment="gymnasium", name=spec.id, options=dict(sorted(options.items()))
    )
    return scenario_of(parameters, spec), versions_of_spec(spec)


def _options(spec: EnvSpec) -> Mapping[str, Any]:
    """Return the options for ``gymnasium.make`` that an environment was made with."""
    registered = registry.get(spec.id)
    usual = {} if registered is None else to_json_value(registered.kwargs)
    made = {name: each for name, each in spec.kwargs.items() if name not in _LEFT_OUT}
    options = {
        name: value
        for name, value in to_json_value(made).items()
        if name not in usual or encode(usual[name]) != encode(value)
    }
    if registered is not None and spec.max_episode_steps != registered.max_episode_steps:
        # What Gymnasium takes for no limit is -1.
        options["max_episode_steps"] = spec.max_episode_steps or -1
    elif registered is not None:
        options.pop("max_episode_steps", None)
    return options
