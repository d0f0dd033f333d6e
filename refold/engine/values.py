"""JSON data: values from outside as JSON that reads back equal, and where two values differ."""

import math
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

import msgspec
from attrs import frozen

from refold.engine.errors import RefoldError

MOST_NUMBERS = 1000
"""Numbers of an array that are written as a list; a larger array is written as its bytes."""
LARGEST_VALUE = 16 * 2**20
"""Bytes of one value's JSON."""

_DEEPEST = 100
_INTEGERS = range(-(2**63), 2**64)
_encode = msgspec.json.Encoder(order="deterministic").encode


def to_json_value(value: Any) -> Any:
    """
    Return *value* as JSON data that encodes to the same bytes, and reads back as such.

    What JSON has no form for becomes an object with one key that begins with ``$``: ``$float`` for
    NaN and infinities, ``$int`` for integers beyond 64 bits, ``$bytes`` and ``$text`` (not valid
    Unicode) in base64, ``$array`` for arrays of more than ``MOST_NUMBERS`` numbers (type, shape
    and little-endian bytes), ``$map`` for keys that are no texts, ``$set``, and ``$type`` for
    anything else: only its class, as nothing more of it is known to stay equal.

    Raises:
        RefoldError: It is nested more than 100 deep, or holds itself.
    """
    return _plain(value, _DEEPEST)


def encode_value(value: Any, what: str) -> bytes:
    """
    Return the canonical JSON of *value*, JSON data that errors call *what*.

    Raises:
        RefoldError: It is larger than ``LARGEST_VALUE``.
    """
    encoded = _encode(value)
    if len(encoded) > LARGEST_VALUE:
        raise RefoldError(
            f"{what}: expected at most {LARGEST_VALUE} bytes of JSON, got {len(encoded)}; "
            "record less of it"
        )
    return encoded


def _plain(value: Any, levels: int) -> Any:
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind is int:
        return value if value in _INTEGERS else {"$int": str(value)}
    if kind is float:
        return value if math.isfinite(value) else {"$float": str(value)}
    if kind is str:
        return _plain_text(value)
    if levels <= 0:
        raise RefoldError(f"value: expected one nested at most {_DEEPEST} deep, got a deeper one")
    if kind is list or kind is tuple:
        return [_plain(each, levels - 1) for each in value]
    if kind is dict:
        return _plain_map(value, levels - 1)
    return _plain_object(value, levels - 1)


def _plain_text(text: str) -> Any:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate, which no UTF-8 can hold
        return {"$text": b64encode(text.encode("utf-8", "surrogatepass")).decode()}
    return str(text)


def _plain_map(value: Mapping[Any, Any], levels: int) -> Any:
    if all(type(key) is str and key.isprintable() for key in value):
        return {key: _plain(each, levels) for key, each in value.items()}
    if all(isinstance(key, str) and isinstance(_plain_text(key), str) for key in value):
        return {str(key): _plain(each, levels) for key, each in value.items()}
    return {"$map": [[_plain(key, levels), _plain(each, levels)] for key, each in value.items()]}


def _plain_object(value: Any, levels: int) -> Any:
    """Return the JSON data of what is of none of JSON's own types, by what it can do."""
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return _plain_array(value, levels)
    if isinstance(value, bytes | bytearray | memoryview):
        return {"$bytes": b64encode(bytes(value)).decode()}
    if isinstance(value, Mapping):
        return _plain_map(value, levels)
    if isinstance(value, Set):
        return {"$set": sorted((_plain(each, levels) for each in value), key=_encode)}
    if isinstance(value, bool | int | float | str):  # a subclass, such as an enumeration's
        return _plain(_base_value(value), levels)
    if isinstance(value, Sequence):
        return [_plain(each, levels) for each in value]
    if hasattr(value, "model_dump"):  # of Pydantic
        return _plain(value.model_dump(), levels)
    try:
        return _plain(msgspec.to_builtins(value, str_keys=False), levels)
    except (TypeError, ValueError, RecursionError):
        return {"$type": f"{type(value).__module__}.{type(value).__qualname__}"}


def _base_value(value: Any) -> Any:
    return next(kind for kind in (int, float, str) if isinstance(value, kind))(value)


def _plain_array(value: Any, levels: int) -> Any:
    """Return an array or a scalar of NumPy, or of what behaves like it, as JSON data."""
    if not hasattr(value, "tobytes"):  # such as of PyTorch, on any device
        value = value.detach().cpu().numpy() if hasattr(value, "detach") else value.__array__()
    size = math.prod(value.shape)
    if size <= MOST_NUMBERS or value.dtype.kind not in "biufc":
        return _plain(value.tolist(), levels + 1)
    return array_value(value)


def array_value(array: Any) -> dict[str, Any]:
    """Return a NumPy *array* of numbers as JSON data that keeps its type: ``$array``."""
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return {
        "$array": {
            "dtype": str(array.dtype.name),
            "shape": list(array.shape),
            "bytes": b64encode(little.tobytes()).decode(),
        }
    }


@frozen
class ValueDifference:
    """One value of JSON data that differs; *path* as in ``$.workers.alpha[0]``."""

    path: str
    a: Any
    b: Any

    @property
    def general_path(self) -> str:
        """The path without the indexes: one place of many observations."""
        return re.sub(r"\[\d+\]", "[]", self.path)


_MISSING = object()


def value_differences(a: Any, b: Any, path: str = "$") -> Iterator[ValueDifference]:
    """
    Yield where two JSON values differ, entering objects, and lists of equal length.

    1, 1.0 and true are three values, as they are three texts; what is missing is told as None.
    """
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        for key in dict.fromkeys((*a, *b)):
            left, right = a.get(key, _MISSING), b.get(key, _MISSING)
            yield from value_differences(left, right, f"{path}.{key}")
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for index, (left, right) in enumerate(zip(a, b, strict=True)):
            yield from value_differences(left, right, f"{path}[{index}]")
    elif a is not b and (_MISSING in (a, b) or a != b or _encode(a) != _encode(b)):
        yield ValueDifference(path, *(None if each is _MISSING else each for each in (a, b)))
