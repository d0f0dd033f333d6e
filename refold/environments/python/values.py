"""JSON data that ``to_json_value`` made, as Python values again."""

from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any

from refold.engine.errors import RefoldError

NONE = {"$null": True}
"""An action that is None, which JSON would write as null, no action at all."""


def from_json_value(value: Any) -> Any:
    """
    Return the value that *value*, JSON data of ``to_json_value`` or ``NONE``, stands for.

    Lists stay lists, whatever sequences they were.

    Raises:
        RefoldError: It stands for a value of which only the class is known, or for none.
    """
    if isinstance(value, list):
        return [from_json_value(each) for each in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((key, inner),) = value.items()
        if key in _TAGGED:
            return _read_tagged(key, inner)
    return {key: from_json_value(each) for key, each in value.items()}


def _read_tagged(tag: str, inner: Any) -> Any:
    try:
        return _TAGGED[tag](inner)
    except (LookupError, TypeError, ValueError) as error:
        raise RefoldError(f"value: expected what {tag!r} stands for, got {error}") from None


def _read_array(told: Mapping[str, Any]) -> Any:
    import numpy as np  # noqa: PLC0415 - most environments have no arrays

    dtype = np.dtype(told["dtype"])
    if dtype.kind not in "biufc":
        raise ValueError(f"an array of {dtype}")
    flat = np.frombuffer(b64decode(told["bytes"]), dtype.newbyteorder("<"))
    return flat.astype(dtype).reshape(told["shape"])


def _refuse(name: Any) -> Any:
    raise ValueError(f"an object of {name}, of which only the class was recorded")


_TAGGED: Mapping[str, Callable[[Any], Any]] = {
    "$null": lambda _: None,
    "$float": float,
    "$int": int,
    "$bytes": b64decode,
    "$text": lambda text: b64decode(text).decode("utf-8", "surrogatepass"),
    "$array": _read_array,
    "$map": lambda pairs: {
        _hashable(from_json_value(key)): from_json_value(each) for key, each in pairs
    },
    "$set": lambda values: {_hashable(from_json_value(each)) for each in values},
    "$type": _refuse,
}


def _hashable(value: Any) -> Any:
    return tuple(map(_hashable, value)) if isinstance(value, list) else value
