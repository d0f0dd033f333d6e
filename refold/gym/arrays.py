"""A family's numbers as Gymnasium has them: spaces, and arrays that lie in them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces

from refold.engine.presentation import Shape

Arrays = dict[str, Any]

_MOST = 2**31 - 1
_TYPES = {"category": np.int64, "flag": np.int8, "count": np.int64, "real": np.float64}


def space_of(shape: Shape) -> spaces.Space[Any]:
    """Return the space of an array of *shape*."""
    match shape.kind:
        case "category":
            return spaces.MultiDiscrete([int(shape.most)] * shape.length)
        case "flag":
            return spaces.MultiBinary(shape.length)
        case "count":
            return spaces.Box(0, _MOST, (shape.length,), np.int64)
        case "real":
            return spaces.Box(shape.least, shape.most, (shape.length,), np.float64)


def arrays_of(shapes: Mapping[str, Shape], values: Mapping[str, Sequence[float]]) -> Arrays:
    """Return *values* as arrays of *shapes*."""
    return {name: np.array(values[name], _TYPES[shape.kind]) for name, shape in shapes.items()}
