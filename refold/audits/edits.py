"""Edits of JSON data, one value at a time."""

from collections.abc import Iterator, Mapping
from typing import Any


def edits_of(value: Any) -> Iterator[Any]:
    """
    Yield *value*, JSON data, with one of its texts, numbers or truth values changed, for each.

    Numbers become one more, one less, and far more; lists and objects keep their length.
    """
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from ({**value, name: other} for other in edits_of(inner))
    elif isinstance(value, list | tuple):
        for at, inner in enumerate(value):
            yield from ([*value[:at], other, *value[at + 1 :]] for other in edits_of(inner))
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield from (value + 1, value - 1, 10 * value + 10)
    elif isinstance(value, str):
        yield f"{value}?"
