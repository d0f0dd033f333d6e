"""``python:FILE.py:FUNCTION``: whatever a Python function makes that has ``reset`` and ``step``."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from refold.engine.errors import RefoldError
from refold.engine.world import World
from refold.environments.kind import Environment, answered_scenario, no_world
from refold.environments.options import WRAPPERS, read_options, refuse_wrappers, world_name
from refold.environments.packages import version_of
from refold.environments.python.files import (
    check_options,
    is_file,
    load_function,
    split_place,
    versions_of_source,
)
from refold.environments.python.objects import ObjectWorld
from refold.environments.python.values import from_json_value
from refold.scenarios import Scenario
from refold.scenarios.answered.parameters import AnsweredParameters


class PythonEnvironment(Environment):
    """Objects made by Python functions or classes, of a file or of an importable module."""

    def describe(self, address: str) -> Scenario:
        """Return the scenario of the object at *address*, whose code is not run."""
        place, options = read_options(address)
        source, function = split_place(place)
        if is_file(source) and not Path(source).is_file():
            raise RefoldError(f"python:{address}: expected a Python file, got none called {source}")
        name = _shown(source, function)
        parameters = AnsweredParameters(environment="python", name=name, options=options)
        return answered_scenario(world_name(parameters), parameters)

    def open(self, parameters: AnsweredParameters, addresses: Sequence[str]) -> World:
        """Return the one of the object that *parameters* name, if one of *addresses* is its."""
        refuse_wrappers(parameters)
        for address in addresses:
            source, function = split_place(read_options(address)[0])
            if _shown(source, function) == parameters.name:
                make = load_function(source, function)
                options = from_json_value(parameters.options)
                check_options(make, options, f"python:{parameters.name}")
                return ObjectWorld(
                    partial(make, **options),
                    by=versions_of_source(source),
                    volatile=parameters.volatile,
                )
        raise no_world("python", parameters.name)


def class_scenario(
    kind: type[Any], wrappers: Sequence[str] = ()
) -> tuple[Scenario, dict[str, str]]:
    """
    Return the scenario of the objects that *kind* makes without arguments, and what it is of.

    *wrappers* are names of what a user has put around such an object, the innermost first.
    """
    source = kind.__module__
    if source == "__main__":  # of a script, which can be named by its file
        file = getattr(sys.modules[source], "__file__", None)
        source = Path(file).name if file else source
    name = f"{source}:{kind.__qualname__}"
    parameters = AnsweredParameters(
        environment="python", name=name, options={WRAPPERS: list(wrappers)} if wrappers else {}
    )
    return answered_scenario(world_name(parameters), parameters), version_of(kind.__module__)


def _shown(source: str, function: str) -> str:
    """Return how logs name a function: by the file's name, wherever that lies."""
    return f"{Path(source).name if is_file(source) else source}:{function}"


PYTHON = PythonEnvironment()
