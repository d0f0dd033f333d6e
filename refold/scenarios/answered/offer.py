"""The actions that an environment takes, as far as they can be counted."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product
from typing import Any, overload

from refold.scenarios.answered.events import Offer
from refold.scenarios.answered.state import State

MOST_ACTIONS = 1000
"""Actions that are counted; of more, the first."""


class OfferedActions(Sequence[Any]):
    """
    The actions of an offer that can be counted, in a fixed order.

    Few of many where numbers, texts or lists can be anything.

    Attributes:
        offer: What they were made of, to draw others from.
    """

    def __init__(self, offer: Offer) -> None:
        self.offer = offer
        self._actions = list(islice(_actions(offer), MOST_ACTIONS))

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Any]: ...
    def __getitem__(self, place: int | slice) -> Any:
        return self._actions[place]

    def __len__(self) -> int:
        return len(self._actions)


def legal_actions(state: State) -> Sequence[Any]:
    """Return the actions on offer that can be counted; none before the start or after the end."""
    if state.ended is not None or state.offer is None:
        return []
    return OfferedActions(state.offer)


def tool_action(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the action that calls the tool *name* with *arguments*."""
    return {"tool_calls": [{"name": name, "arguments": dict(arguments)}]}


def _actions(offer: Offer) -> Iterator[Any]:
    for tool in offer.tools:
        for arguments in _values(tool.get("parameters") or {"type": "object"}):
            yield tool_action(tool["name"], arguments)
    if offer.schema is not None:
        yield from _values(offer.schema)


def _values(schema: Any) -> Iterator[Any]:
    """Yield values that fit *schema*: all where they can be counted, else its least and most."""
    if not isinstance(schema, dict):
        return
    if "const" in schema:
        yield schema["const"]
    elif isinstance(schema.get("enum"), list):
        yield from schema["enum"]
    else:
        yield from _values_of_type(schema)


def _values_of_type(schema: dict[str, Any]) -> Iterator[Any]:
    match schema.get("type"):
        case "boolean":
            yield from (False, True)
        case "null":
            yield None
        case "integer":
            low, high = schema.get("minimum"), schema.get("maximum")
            if isinstance(low, int) and isinstance(high, int):
                yield from range(low, high + 1)
        case "number":
            low, high = schema.get("minimum"), schema.get("maximum")
            if isinstance(low, int | float) and isinstance(high, int | float):
                yield from dict.fromkeys((float(low), (low + high) / 2, float(high)))
        case "array":
            yield from _arrays(schema)
        case "object":
            yield from _objects(schema)


def _arrays(schema: dict[str, Any]) -> Iterator[list[Any]]:
    each = schema.get("prefixItems")
    if not isinstance(each, list):
        length = schema.get("minItems")
        if not isinstance(length, int) or schema.get("maxItems") != length or length > 16:
            return
        each = [schema.get("items")] * length
    for values in product(*(_few(inner) for inner in each)):
        yield list(values)


def _objects(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    properties = schema.get("properties") or {}
    names = [name for name in schema.get("required") or () if name in properties]
    for values in product(*(_few(properties[name]) for name in names)):
        yield dict(zip(names, values, strict=True))


def _few(schema: Any) -> list[Any]:
    """Return the values of a part: not so many that their combinations take long to make."""
    return list(islice(_values(schema), MOST_ACTIONS))
