"""
Gymnasium's spaces of actions: as JSON schemas, and actions to and from JSON.

A number goes into a space's own type, as agents write numbers without one. An array of another
type, which only a program gives, is kept with its type: an environment may compute otherwise with
it.
"""

import math
import re
from collections.abc import Mapping
from functools import singledispatch
from typing import Any

import numpy as np
from gymnasium import Space, spaces

from refold.engine.errors import InvalidAction
from refold.engine.values import MOST_NUMBERS, array_value, to_json_value
from refold.environments.python.values import from_json_value

Schema = dict[str, Any]
_ARRAYS = (spaces.Box, spaces.MultiBinary, spaces.MultiDiscrete)


@singledispatch
def schema_of(_space: Any) -> Schema:
    """Return the JSON schema of the actions of a space; one of anything for unknown spaces."""
    return {}


@schema_of.register
def _(space: spaces.Discrete) -> Schema:
    return _range(space.start, int(space.start) + int(space.n) - 1, whole=True)


@schema_of.register
def _(space: spaces.MultiBinary) -> Schema:
    return _nested({"type": "integer", "minimum": 0, "maximum": 1}, space.shape)


@schema_of.register
def _(space: spaces.MultiDiscrete) -> Schema:
    least = space.start.astype(np.int64)
    return _bounded(least, least + space.nvec - 1, whole=True)


@schema_of.register
def _(space: spaces.Box) -> Schema:
    return _bounded(space.low, space.high, whole=space.dtype.kind in "biu")


@schema_of.register
def _(space: spaces.Text) -> Schema:
    return {
        "type": "string",
        "minLength": space.min_length,
        "maxLength": space.max_length,
        "pattern": f"^[{re.escape(''.join(sorted(space.character_set)))}]*$",
    }


@schema_of.register
def _(space: spaces.Dict) -> Schema:
    return {
        "type": "object",
        "properties": {str(key): schema_of(inner) for key, inner in space.spaces.items()},
        "required": [str(key) for key in space.spaces],
        "additionalProperties": False,
    }


@schema_of.register
def _(space: spaces.Tuple) -> Schema:  # type: ignore[type-arg]  # singledispatch takes plain classes
    return _exactly(*map(schema_of, space.spaces))


@schema_of.register
def _(space: spaces.Sequence) -> Schema:
    return {"type": "array", "items": schema_of(space.feature_space)}


@schema_of.register
def _(space: spaces.OneOf) -> Schema:  # type: ignore[type-arg]  # as above
    choices = enumerate(space.spaces)
    return {"oneOf": [_exactly({"const": place}, schema_of(inner)) for place, inner in choices]}


def _range(low: Any, high: Any, *, whole: bool) -> Schema:
    schema: Schema = {"type": "integer" if whole else "number"}
    for name, bound in (("minimum", low), ("maximum", high)):
        if math.isfinite(bound):
            schema[name] = int(bound) if whole else float(bound)
    return schema


def _bounded(low: Any, high: Any, *, whole: bool) -> Schema:
    """Return the schema of arrays between the arrays *low* and *high*."""
    low, high = np.asarray(low), np.asarray(high)
    if not low.size:
        return _nested({"type": "number"}, low.shape)
    # Bounds of each single number would make a schema longer than any action.
    if low.size > MOST_NUMBERS or (low.min() == low.max() and high.min() == high.max()):
        return _nested(_range(low.min(), high.max(), whole=whole), low.shape)
    return _exactly(*(_bounded(*pair, whole=whole) for pair in zip(low, high, strict=True)))


def _nested(inner: Schema, shape: tuple[int, ...]) -> Schema:
    for length in reversed(shape):
        inner = {"type": "array", "items": inner, "minItems": length, "maxItems": length}
    return inner


def _exactly(*parts: Schema) -> Schema:
    return {
        "type": "array",
        "prefixItems": list(parts),
        "items": False,
        "minItems": len(parts),
        "maxItems": len(parts),
    }


def read_action(space: Space[Any], action: Any) -> Any:
    """
    Return *action*, JSON data, as *space* has it, in its type and shape.

    It need not lie within the bounds of *space*.

    Raises:
        InvalidAction: It has not the form of the space's actions.
    """
    try:
        return _read(space, from_json_value(action))
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidAction(f"action: expected one of {space}, got {error}") from None


def check_action(space: Space[Any], taken: Any) -> None:
    """Raise ``InvalidAction`` if *taken*, of ``read_action``, does not lie in *space*."""
    if not space.contains(taken):
        raise InvalidAction(f"action: expected one of {space}, got {to_json_value(taken)!r:.200}")


def _read(space: Any, value: Any) -> Any:
    # An array whose type was recorded is what the environment was given.
    if isinstance(value, np.ndarray):
        return value
    match space:
        case spaces.Discrete():
            return space.dtype.type(_whole(value))
        case spaces.Box() | spaces.MultiBinary() | spaces.MultiDiscrete():
            return _read_array(space, value)
        case spaces.Dict():
            return _read_dict(space, value)
        case spaces.Tuple():
            return tuple(_read(*pair) for pair in zip(space.spaces, _listed(value), strict=True))
        case spaces.Sequence():
            read = [_read(space.feature_space, each) for each in _listed(value)]
            return np.stack(read) if space.stack and read else tuple(read)
        case spaces.OneOf():
            place, inner = _listed(value)
            return np.int64(_whole(place)), _read(space.spaces[_whole(place)], inner)
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise ValueError(f"{value!r:.100}, no whole number")
    return int(value)


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r:.100}, no list")
    return value


def _read_array(space: Any, value: Any) -> Any:
    given = np.asarray(value)
    if given.dtype.kind not in "biuf":
        raise ValueError(f"{value!r:.100}, no numbers")
    if given.shape != space.shape:
        raise ValueError(f"numbers of the shape {given.shape}")
    with np.errstate(over="ignore", invalid="ignore"):
        cast = given.astype(space.dtype)
    if space.dtype.kind in "biu" and not np.array_equal(cast, given):
        raise ValueError(f"{value!r:.100}, which {space.dtype} does not hold")
    return cast


def _read_dict(space: Any, value: Any) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r:.100}, no object")
    names = {str(key): key for key in space.spaces}
    if names.keys() != {str(key) for key in value}:
        raise ValueError(f"an object with {', '.join(sorted(map(str, value))) or 'nothing'}")
    read = {str(key): each for key, each in value.items()}
    return {key: _read(space.spaces[key], read[name]) for name, key in names.items()}


def recordable_action(space: Any, action: Any) -> Any:
    """
    Return *action*, which a program gave to an environment of *space*, as what is recorded of it.

    Arrays whose type ``read_action`` would not find again are marked with it.
    """
    if isinstance(space, spaces.Dict) and isinstance(action, Mapping):
        return {str(key): recordable_action(space.get(key), action[key]) for key in action}
    if isinstance(space, spaces.Tuple) and isinstance(action, tuple):
        if len(action) == len(space.spaces):
            return [recordable_action(*pair) for pair in zip(space.spaces, action, strict=True)]
        return action
    if isinstance(space, _ARRAYS) and isinstance(action, int | float | list | tuple | np.number):
        action = np.asarray(action)
    if isinstance(action, np.ndarray) and _is_marked(space, action):
        return array_value(action)
    return action


def _is_marked(space: Any, action: Any) -> bool:
    if action.dtype.kind not in "biufc":
        return False
    if isinstance(space, spaces.Sequence) and space.stack:
        return bool(action.dtype != space.feature_space.dtype)
    if not isinstance(space, _ARRAYS):
        return bool(action.ndim)  # a number of a Discrete space in an array of its own
    if action.shape != space.shape:
        return True
    both_whole = action.dtype.kind in "iu" and space.dtype.kind in "iu"
    return bool(action.dtype != space.dtype and not both_whole)
