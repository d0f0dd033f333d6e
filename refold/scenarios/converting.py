"""How ``strict`` reads and writes data: by cattrs, which is slow to import."""

from collections.abc import Callable, Iterator, Mapping
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import attrs
from cattrs import BaseValidationError, ClassValidationError, Converter, IterableValidationError
from cattrs.errors import ForbiddenExtraKeysError
from cattrs.gen import make_dict_unstructure_fn, override

T = TypeVar("T")

LARGEST = 2**63 - 1
"""Whole numbers are kept within what JSON readers and SQLite take."""

_ROUNDS = 20  # a stand-in may lack values of its own, which the next round puts in


class _Mistake(Exception):
    """A value of the wrong type: what was expected and got, and a stand-in of the right type."""

    def __init__(self, text: str, stand_in: Any) -> None:
        super().__init__(text)
        self.stand_in = stand_in


def read(value: Any, kind: type[T], path: str) -> tuple[T | None, list[tuple[str, str]]]:
    """Return what ``strict.structure`` does; each mistake is its path and a text."""
    problems: list[tuple[str, str]] = []
    for _ in range(_ROUNDS):
        try:
            return converter.structure(value, kind), problems
        except (BaseValidationError, _Mistake) as error:
            problems = problems or list(_problems(error, path))
            value = _mended(value, error)
    return None, problems


def _problems(error: BaseException, path: str) -> Iterator[tuple[str, str]]:
    match error:
        case ClassValidationError():
            fields, rest = error.group_exceptions()
            for inner, field in fields:
                yield from _problems(inner, f"{path}.{field.name}")
            for inner in rest:
                yield from _class_problem(inner, error.cl, path)
        case IterableValidationError():
            for inner, item in error.group_exceptions()[0]:
                yield from _problems(inner, f"{path}[{item.index}]")
        case KeyError():
            yield path, "expected a value, got none"
        case _Mistake():
            yield path, str(error)
        case _:
            yield path, f"expected another value, got one that does not fit ({error})"


def _class_problem(error: BaseException, kind: type, path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(error, ForbiddenExtraKeysError):
        yield from _problems(error, path)
        return
    known = ", ".join(sorted(field.name for field in attrs.fields(kind)))
    for key in sorted(error.extra_fields):
        yield f"{path}.{key}", f"expected one of the keys {known}; got {key!r}"


def _mended(value: Any, error: BaseException) -> Any:
    """Return *value* with stand-ins in the places of *error*, and without unknown keys."""
    match error:
        case ClassValidationError():
            fields, rest = error.group_exceptions()
            mended = dict(value)
            for inner, field in fields:
                mended[field.name] = _mended(mended.get(field.name), inner)
            for inner in rest:
                for key in getattr(inner, "extra_fields", ()):
                    del mended[key]
            return mended
        case IterableValidationError():
            items = list(value)
            for inner, item in error.group_exceptions()[0]:
                assert isinstance(item.index, int), "a list has indexes, whatever cattrs may name"
                items[item.index] = _mended(items[item.index], inner)
            return items
        case _Mistake():
            return error.stand_in
        case _:
            return None  # of no type but None's: a mistake with a stand-in in the next round


_WORDS: dict[Any, str] = {str: "a text", int: "a whole number", float: "a number", bool: "a truth"}
_STAND_INS: dict[Any, Any] = {str: "?", int: 1, float: 1.0, bool: True}


def _shown(value: Any) -> str:
    try:
        return f"{value!r:.100}"
    except (ValueError, RecursionError):  # more digits, or more tables in tables, than Python shows
        return f"a huge {type(value).__name__}"


def _exact(value: Any, kind: Any) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind is float and number:
        return float(value)
    if type(value) is not kind:
        raise _Mistake(f"expected {_WORDS[kind]}, got {_shown(value)}", _STAND_INS[kind])
    if kind is int and not -LARGEST <= value <= LARGEST:
        raise _Mistake(f"expected a whole number of at most {LARGEST}, got a larger one", 1)
    return value


def _literal(value: Any, kind: Any) -> Any:
    choices = get_args(kind)
    if not isinstance(value, str) or value not in choices:
        text = f"expected one of {', '.join(sorted(choices))}; got {_shown(value)}"
        raise _Mistake(text, choices[0])
    return value


def _sequence(value: Any, kind: Any) -> Any:
    if not isinstance(value, list | tuple):
        raise _Mistake(f"expected a list, got {_shown(value)}", [])
    items: Any = list[get_args(kind)[0]]  # type: ignore[misc]  # known at run time only
    return tuple(converter.structure(list(value), items))


def _optional(value: Any, kind: Any) -> Any:
    (inner,) = [each for each in get_args(kind) if each is not type(None)]
    return None if value is None else converter.structure(value, inner)


def _table(value: Any, _kind: Any) -> Any:
    if not isinstance(value, Mapping):
        raise _Mistake(f"expected a table, got {_shown(value)}", {})
    return dict(value)


def _has_origin(origin: Any) -> Callable[[Any], bool]:
    return lambda kind: get_origin(kind) is origin


def _is_optional(kind: Any) -> bool:
    return get_origin(kind) in (Union, UnionType) and type(None) in get_args(kind)


def _class(kind: Any, converter: Converter) -> Any:
    inner = converter.gen_structure_attrs_fromdict(kind)

    def structure_class(value: Any, kind: Any) -> Any:
        return inner(_table(value, kind), kind)

    return structure_class


def _is_omitted(attribute: Any) -> bool:
    return bool(attribute.metadata.get("refold_omitted"))


def _unstructure_class(kind: Any, converter: Converter) -> Any:
    fields = attrs.fields(kind)
    omitted = {each.name: override(omit_if_default=True) for each in fields if _is_omitted(each)}
    return make_dict_unstructure_fn(kind, converter, **omitted)  # type: ignore[arg-type]


def _text_or_list(value: Any, _kind: Any) -> Any:
    return value if isinstance(value, str) else _sequence(value, tuple[str, ...])


def _make_converter() -> Converter:
    converter = Converter(forbid_extra_keys=True)
    converter.register_unstructure_hook_factory(attrs.has, _unstructure_class)
    converter.register_structure_hook_func(
        lambda kind: kind == str | tuple[str, ...], _text_or_list
    )
    for kind in (str, int, float, bool):
        converter.register_structure_hook(kind, _exact)
    converter.register_structure_hook_func(_has_origin(Literal), _literal)
    converter.register_structure_hook_func(_has_origin(tuple), _sequence)
    converter.register_structure_hook_func(_is_optional, _optional)
    converter.register_structure_hook_func(_has_origin(Mapping), _table)
    converter.register_structure_hook_factory(attrs.has, _class)
    return converter


converter = _make_converter()
