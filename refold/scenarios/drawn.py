"""
What scenario files say of worlds that are drawn: a size with its knobs, or a world in full.

The families whose first event holds a whole world share this.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

import msgspec
from attrs import frozen

from refold.scenarios.spec import read_parameters
from refold.scenarios.strict import Problem, beside, structure

K = TypeVar("K")
W = TypeVar("W")


@frozen
class DrawnParameters:
    """
    Parameters of a scenario; exactly one of them is given.

    Attributes:
        draw: ``size``, and any knobs in place of the size's own. Each episode draws its world
            from its seed.
        world: The world, the same for every seed.
    """

    draw: Mapping[str, Any] | None = None
    world: Mapping[str, Any] | None = None


@frozen
class Setup:
    """What a scenario says: the task in words, and how its worlds come about."""

    instructions: str
    parameters: DrawnParameters


@frozen
class Drawing(Generic[K, W]):
    """
    How a family comes to its worlds.

    Attributes:
        knobs: attrs class of the knobs; ``size`` and ``split`` are among them.
        sizes: The knobs of each size.
        kind: msgspec class of the worlds.
        draw: Returns the world of knobs and a seed.
        knob_problems: Yields mistakes in knobs of the right types.
        world_problems: Yields mistakes in a world of the right types.
    """

    knobs: type[K]
    sizes: Mapping[str, Mapping[str, Any]]
    kind: type[W]
    draw: Callable[[K, int], W]
    knob_problems: Callable[[K], Iterator[Problem]]
    world_problems: Callable[[W], Iterator[Problem]]

    def problems(self, parameters: DrawnParameters) -> list[Problem]:
        """Return every mistake in *parameters* as (path below the parameters, text)."""
        if (parameters.draw is None) == (parameters.world is None):
            return [("", "expected either draw or world, got both or neither")]
        if parameters.draw is not None:
            knobs, problems = self._knobs(parameters.draw)
            further = self.knob_problems(knobs) if knobs is not None else ()
            return problems + beside(problems, ((f".draw{at}", text) for at, text in further))
        try:
            world = self._world(parameters.world)
        except msgspec.ValidationError as error:
            text, _, at = str(error).partition(" - at `$")
            return [(f".world{at.rstrip('`')}", text[:1].lower() + text[1:])]
        return [(f".world{at}", text) for at, text in self.world_problems(world)]

    def world(self, parameters: DrawnParameters, seed: int) -> W:
        """Return the world of an episode with *seed*; *parameters* are without problems."""
        knobs = self.knobs_of(parameters)
        return self._world(parameters.world) if knobs is None else self.draw(knobs, seed)

    def knobs_of(self, parameters: DrawnParameters) -> K | None:
        """Return the knobs by which worlds are drawn; None where the world is given."""
        return None if parameters.draw is None else self._knobs(parameters.draw)[0]

    def read(self, body: bytes) -> Setup:
        """
        Return what the scenario with the canonical JSON *body* says.

        Raises:
            ScenarioError: It is no scenario of this family, or an impossible one.
        """
        return Setup(*read_parameters(body, DrawnParameters, self.problems))

    def _knobs(self, draw: Mapping[str, Any]) -> tuple[K | None, list[Problem]]:
        # An unknown size has no knobs to go by: those of any, for the sake of further mistakes.
        own = self.sizes.get(str(draw.get("size")), next(iter(self.sizes.values())))
        return structure({"split": "all", **own, **draw}, self.knobs, ".draw")

    def _world(self, given: Any) -> W:
        return msgspec.convert(given, self.kind)
