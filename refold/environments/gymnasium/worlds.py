"""``gymnasium:ID``: environments that are registered with Gymnasium."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from typing import Any

import gymnasium
import numpy as np
from gymnasium.envs.registration import EnvSpec, registry

from refold.engine.errors import RefoldError
from refold.engine.world import World
from refold.environments.answers import failed
from refold.environments.kind import Environment, answered_scenario, no_world
from refold.environments.options import read_options, refuse_wrappers, world_name
from refold.environments.packages import version_of
from refold.environments.python.files import import_module
from refold.environments.python.objects import ObjectWorld
from refold.environments.python.values import from_json_value
from refold.scenarios import Criterion, Scenario
from refold.scenarios.answered.parameters import AnsweredParameters

_LISTING = 'python -c "import gymnasium; gymnasium.pprint_registry()" lists them'


class GymnasiumEnvironment(Environment):
    """
    Registered environments, with options for ``gymnasium.make``.

    An id such as ``MODULE:NAME-v0`` is of a module that is imported to register it.
    """

    def names(self, address: str) -> Sequence[str]:
        """Return *address* itself."""
        if not address:
            raise RefoldError(f"gymnasium: expected an id, as in gymnasium:CartPole-v1; {_LISTING}")
        return [address]

    def describe(self, address: str) -> Scenario:
        """Return the scenario of the environment at *address*, which is not made."""
        name, options = read_options(address)
        parameters = AnsweredParameters(environment="gymnasium", name=name, options=options)
        return scenario_of(parameters, _find_spec(name))

    def open(self, parameters: AnsweredParameters, addresses: Sequence[str]) -> World:
        """Return a fresh environment; a module is imported only if one of *addresses* names it."""
        refuse_wrappers(parameters)
        named = [read_options(each)[0] for each in addresses]
        name = next((each for each in named if _means(each, parameters.name)), None)
        if name is None and not _is_harmless(parameters):
            raise no_world("gymnasium", parameters.name)
        spec = _find_spec(parameters.name if name is None else name)
        return ObjectWorld(
            partial(gymnasium.make, spec, **from_json_value(parameters.options)),
            by=versions_of_spec(spec),
            volatile=parameters.volatile,
        )


def scenario_of(parameters: AnsweredParameters, spec: EnvSpec) -> Scenario:
    """Return the scenario of an environment, scored by what *spec* says of its rewards."""
    return answered_scenario(
        world_name(parameters),
        parameters,
        description=f"Act in the Gymnasium environment {spec.id} until it ends.",
        criterion=Criterion("reward", 1.0, "reward", reward_range(spec)),
    )


def reward_range(spec: EnvSpec) -> Mapping[str, float]:
    """
    Return which sums of rewards are worth 0 and 1, as ``low`` and ``high``.

    The high one is the threshold from which on the environment counts as solved; 1 where it has
    none. The low one is 0 below a threshold above 0. Below others, where each step costs: as if
    each step cost 1, up to the limit of steps; where that is not lower, or there is no limit, twice
    the threshold, or -1 for a threshold of 0. A scenario file sets others.
    """
    high = 1.0 if spec.reward_threshold is None else float(spec.reward_threshold)
    if high > 0:
        return {"low": 0.0, "high": high}
    steps = -float(spec.max_episode_steps or 0)
    return {"low": steps if steps < high else (2 * high or -1.0), "high": high}


def versions_of_spec(spec: EnvSpec) -> dict[str, str]:
    """Return the version of each package that an environment needs, by name."""
    point = spec.entry_point
    module = point.partition(":")[0] if isinstance(point, str) else point.__module__
    versions = {"gymnasium": gymnasium.__version__, "numpy": np.__version__}
    return {**versions, **version_of(str(module))}


def _means(address: str, name: str) -> bool:
    """Return whether *address* names *name*: it may say which module registers that."""
    return name in (address, address.rpartition(":")[2])


def _is_harmless(parameters: AnsweredParameters) -> bool:
    """Return whether an environment may be opened that only a log names, perhaps a stranger's."""
    return ":" not in parameters.name and all(map(_is_plain, parameters.options.values()))


def _is_plain(option: Any) -> bool:
    """Return whether *option* can name neither a file nor a module."""
    if isinstance(option, str):
        return not set(option) & set(":/\\")
    if isinstance(option, list):
        return all(map(_is_plain, option))
    return option is None or isinstance(option, bool | int | float)


def _find_spec(name: str) -> EnvSpec:
    module, colon, id = name.rpartition(":")
    if colon:
        try:
            import_module(module)
        except Exception as error:  # the code is the user's: anything may happen
            raise RefoldError(
                f"gymnasium:{name}: expected a module {module!r} that can be imported, got "
                f"{failed(error)}"
            ) from error
    spec: EnvSpec | None = registry.get(id)
    if spec is None:
        near = get_close_matches(id, registry, n=3, cutoff=0.6)
        hint = f"did you mean {', '.join(near)}?" if near else _LISTING
        raise RefoldError(f"gymnasium:{name}: expected a registered id, got {id!r:.200}; {hint}")
    return spec


GYMNASIUM = GymnasiumEnvironment()
