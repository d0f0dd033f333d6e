"""``python:FILE.py:FACTORY``: whatever a Python function makes that has ``reset`` and ``step``."""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from functools import partial
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import Any

from refold.engine.errors import RefoldError
from refold.engine.world import World
from refold.environments.kind import Environment, answered_scenario, no_world
from refold.environments.objects import ObjectWorld
from refold.environments.options import read_options
from refold.scenarios import Scenario
from refold.scenarios.answered.parameters import AnsweredParameters


class PythonEnvironment(Environment):
    """Objects made by Python functions, of a file or of an importable module."""

    def describe(self, address: str) -> Scenario:
        """Return the scenario of the object at *address*, whose code is not run."""
        place, options = read_options(address)
        file, factory = _split(place)
        if file.endswith(".py") and not Path(file).is_file():
            raise RefoldError(f"python:{address}: expected a Python file, got none called {file!r}")
        name = f"{Path(file).name if file.endswith('.py') else file}:{factory}"
        parameters = AnsweredParameters(environment="python", name=name, options=options)
        return answered_scenario(f"python:{name}", parameters)

    def open(self, parameters: AnsweredParameters, addresses: Sequence[str]) -> World:
        """Return the world of the object that *parameters* name, if one of *addresses* is its."""
        for address in addresses:
            place, _ = read_options(address)
            file, factory = _split(place)
            shown = Path(file).name if file.endswith(".py") else file
            if f"{shown}:{factory}" == parameters.name:
                make = load_function(file, factory)
                return ObjectWorld(
                    partial(make, **parameters.options),
                    by=_version_of(file),
                    volatile=parameters.volatile,
                )
        raise no_world("python", parameters.name)


def _split(place: str) -> tuple[str, str]:
    file, colon, factory = place.rpartition(":")
    if not colon or not file or not factory.isidentifier():
        raise RefoldError(f"python: expected FILE.py:FUNCTION or MODULE:FUNCTION, got {place!r}")
    return file, factory


def load_function(file: str, name: str) -> Callable[..., Any]:
    """
    Return the function *name* of a Python *file*, or of a module, which is run for it.

    Raises:
        RefoldError: It cannot be run, or has no such function.
    """
    try:
        module = _run(Path(file)) if file.endswith(".py") else importlib.import_module(file)
    except Exception as error:  # the code is the user's: anything may happen
        raise RefoldError(f"{file}: expected Python that runs, got {error!r:.300}") from error
    made = getattr(module, name, None)
    if not callable(made):
        raise RefoldError(f"{file}: expected a function {name!r}, got none")
    function: Callable[..., Any] = made
    return function


def _run(path: Path) -> Any:
    folder = str(path.resolve().parent)
    if folder not in sys.path:  # so that the file can import its neighbours, as a script can
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise RefoldError(f"{path}: expected a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _version_of(file: str) -> dict[str, str]:
    if file.endswith(".py"):
        return {Path(file).name: sha256(Path(file).read_bytes()).hexdigest()[:12]}
    package = file.partition(".")[0]
    for name in packages_distributions().get(package, []):
        try:
            return {name: version(name)}
        except PackageNotFoundError:
            continue
    return {}


PYTHON = PythonEnvironment()
