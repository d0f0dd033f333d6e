"""
Which environments may be opened. A log never opens one by itself: logs come from strangers.

Opened are those that the user named, and, where they may be opened by name, those that a scenario
names completely and that run nothing which is not installed.
"""

from collections.abc import Sequence

from refold.engine.definition import header_of
from refold.engine.errors import NoWorld
from refold.engine.registry import ENVIRONMENTS, plugin
from refold.engine.world import World
from refold.scenarios.answered.parameters import AnsweredParameters, problems
from refold.scenarios.spec import read_parameters


class Worlds:
    """
    Opens the environments of scenarios, as far as that is allowed: an ``OpenWorld``.

    Args:
        named: What the user named, as in ``python:my_env.py:make``.
        by_name: Whether others may be opened too, where the scenario alone says which it is:
            registered Gymnasium environments and tasks of installed benchmarks.
    """

    def __init__(self, named: Sequence[str] = (), *, by_name: bool = True) -> None:
        self._named = [name.partition(":")[::2] for name in named]
        self._by_name = by_name

    def __call__(self, scenario: bytes) -> World:
        """
        Return a fresh environment of the *scenario*, its canonical JSON.

        Raises:
            NoWorld: It may not be opened.
            RefoldError: It cannot be opened.
        """
        header = header_of(scenario)
        if header.family != "answered":
            raise NoWorld(
                f"scenario {header.name}: expected an external environment, got one of refold's own"
            )
        _, parameters = read_parameters(scenario, AnsweredParameters, problems)
        kind = parameters.environment
        addresses = [address for named, address in self._named if named == kind]
        if not addresses and not self._by_name:
            raise NoWorld(
                f"scenario {header.name}: expected its environment to be named; "
                f"--world {kind}:… names one"
            )
        environment = plugin(ENVIRONMENTS, kind, "environment")
        world: World = environment.open(parameters, addresses)
        return world
