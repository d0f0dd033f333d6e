"""Paths into JSON data: ``$.orders[0].id``; ``[]`` stands for any element of a list."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d{0,9})\]")
_ANY = -1

Steps = tuple[str | int, ...]


@lru_cache(maxsize=256)
def read_path(path: str) -> Steps | None:
    """Return the keys and indexes of *path*, -1 for any index; None if it is no path."""
    if not path.startswith("$"):
        return None
    steps: list[str | int] = []
    at = 1
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None:
            return None
        index = found[2]
        steps.append(found[1] if index is None else int(index) if index else _ANY)
        at = found.end()
    return tuple(steps)


def values_at(value: Any, steps: Iterable[str | int]) -> Iterator[Any]:
    """Yield what lies in *value*, JSON data, at *steps*: several values only if one is any."""
    found = [value]
    for step in steps:
        found = [inner for each in found for inner in _inner(each, step)]
    yield from found


def _inner(value: Any, step: str | int) -> list[Any]:
    if isinstance(step, str):
        return [value[step]] if isinstance(value, dict) and step in value else []
    if not isinstance(value, list):
        return []
    return value if step == _ANY else value[step : step + 1]


def same_value(a: Any, b: Any) -> bool:
    """Return whether two values of JSON are equal: 1 is 1.0, but not true, nor "1"."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same_value(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same_value, a, b))
    return bool(a == b)
