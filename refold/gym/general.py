"""Actions and observations as numbers, for a family that brings none of its own."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product
from sys import float_info
from typing import Any

import msgspec
from msgspec import inspect

from refold.engine import Family
from refold.engine.presentation import Choice, Numbers, Shape

MOST_CHOICES = 1000
LEAST_PLACES = 64
_MOST = float_info.max  # infinite bounds are warned of by Gymnasium


def general_numbers(family: Family) -> Numbers:
    """
    Return numbers for *family*, made of its action type and of what its agent sees.

    Each action has a number of its own where its fields can be enumerated. Otherwise number N is
    the Nth legal action of the moment; numbers beyond the last begin again. Observations are all
    numbers that the first observation holds, in their order.
    """

    def choices(start: Any) -> Sequence[Choice]:
        actions = _all_actions(family.action)
        if actions is not None:
            return [_always(action) for action in actions]
        places = max(LEAST_PLACES, 2 * len(family.legal_actions(start)))
        return [_legal_action(family, place) for place in range(places)]

    def shapes(start: Any) -> Mapping[str, Shape]:
        count = len(dict(_numbers(msgspec.to_builtins(family.observe(start)))))
        return {"numbers": Shape("real", count, least=-_MOST, most=_MOST)} if count else {}

    def values(state: Any) -> Mapping[str, Sequence[float]]:
        return {
            "numbers": list(dict(_numbers(msgspec.to_builtins(family.observe(state)))).values())
        }

    return Numbers(choices=choices, shapes=shapes, values=values)


def _all_actions(kind: type[Any]) -> list[Any] | None:
    """Return every action of the type *kind*; None if there is no end of them, or too many."""
    fields = inspect.type_info(kind)
    assert isinstance(fields, inspect.StructType), "an action is a struct"
    ranges = [_values_of(field.type) for field in fields.fields]
    if any(each is None for each in ranges):
        return None
    names = [field.name for field in fields.fields]
    made = [
        kind(**dict(zip(names, each, strict=True)))
        for each in islice(product(*(each or () for each in ranges)), MOST_CHOICES + 1)
    ]
    return made if len(made) <= MOST_CHOICES else None


def _values_of(kind: inspect.Type) -> Sequence[Any] | None:
    match kind:
        case inspect.LiteralType(values=values):
            return values
        case inspect.BoolType():
            return (False, True)
        case inspect.NoneType():
            return (None,)
        case inspect.UnionType(types=types):
            parts = [_values_of(each) for each in types]
            return None if None in parts else [value for part in parts for value in part or ()]
    return None


def _always(action: Any) -> Choice:
    return lambda state: action


def _legal_action(family: Family, place: int) -> Choice:
    def choice(state: Any) -> Any:
        legal = family.legal_actions(state)
        return legal[place % len(legal)] if legal else None

    return choice


def _numbers(value: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """Yield path and value of each number in *value*, none of lists: those change in length."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _numbers(inner, f"{path}.{key}")
    elif isinstance(value, bool | int | float):
        yield path, float(value)
