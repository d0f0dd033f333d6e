"""Whether a value fits a JSON schema, as far as that can be said in one line."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from refold.engine.codec import encode


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: _is_number(value) and value % 1 == 0,
    "number": _is_number,
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}


def find_mismatch(value: Any, schema: Any, path: str = "$") -> str | None:
    """
    Return what of *value* does not fit the JSON schema *schema*, in words; None if all does.

    Looked at are types, ``enum``, ``const``, bounds of numbers, lengths of arrays, and what lies
    in objects and arrays. What a schema says otherwise is left to whoever wrote it.
    """
    return next(_mismatches(value, schema, path), None)


def _mismatches(value: Any, schema: Any, path: str) -> Iterator[str]:
    if not isinstance(schema, dict):
        return
    expected = _expected(value, schema)
    if expected is not None:
        yield f"{path}: expected {expected}, got {encode(value).decode():.100}"
    elif isinstance(value, dict):
        yield from _in_object(value, schema, path)
    elif isinstance(value, list):
        yield from _in_array(value, schema, path)


def _expected(value: Any, schema: dict[str, Any]) -> str | None:
    """Return what *schema* wants in the place of *value* itself; None if that fits."""
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    known = [kind for kind in kinds if kind in _TYPES]
    if known and not any(_TYPES[kind](value) for kind in known):
        return " or ".join(known)
    allowed = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if isinstance(allowed, list) and encode(value) not in map(encode, allowed):
        return f"one of {encode(allowed).decode():.200}"
    return _expected_bounds(value, schema)


def _expected_bounds(value: Any, schema: dict[str, Any]) -> str | None:
    size, low, high = value, "minimum", "maximum"
    if isinstance(value, list):
        size, low, high = len(value), "minItems", "maxItems"
    if not _is_number(size):
        return None
    least, most = schema.get(low), schema.get(high)
    if (_is_number(least) and size < least) or (_is_number(most) and size > most):
        what = "items" if isinstance(value, list) else "a number"
        return f"{what} from {least} to {most}"
    return None


def _in_object(value: dict[str, Any], schema: dict[str, Any], path: str) -> Iterator[str]:
    for name in schema.get("required") or ():
        if name not in value:
            yield f"{path}: expected {name!r}, got {', '.join(value) or 'nothing'}"
    for name, inner in (schema.get("properties") or {}).items():
        if name in value:
            yield from _mismatches(value[name], inner, f"{path}.{name}")


def _in_array(value: list[Any], schema: dict[str, Any], path: str) -> Iterator[str]:
    first = schema.get("prefixItems") or []
    for index, each in enumerate(value):
        inner = first[index] if index < len(first) else schema.get("items")
        yield from _mismatches(each, inner, f"{path}[{index}]")
