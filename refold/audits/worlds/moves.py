"""What the panel can do in an external environment, made of what that offers."""

import random
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from refold.agents.schema_values import fill
from refold.engine import RefoldError
from refold.engine.codec import encode
from refold.scenarios.answered.events import Offer
from refold.scenarios.answered.offer import OfferedActions, tool_action

MESSAGE = "message"
"""The kind of action that says something, where an environment is spoken to."""
UNKNOWN_TOOL = "no_such_tool"

_GREETING = "Hello."
_MOST_KINDS = 8
"""Actions of a schema that are kinds of their own; of more, so many from the first to the last."""
_NOT_ANY_TEXT = ("enum", "const", "pattern", "format")


class OfferMoves:
    """What *legal*, the actions that an environment offers, allow; nothing if there are none."""

    def __init__(self, legal: Sequence[Any]) -> None:
        self._offer = legal.offer if isinstance(legal, OfferedActions) else Offer()
        self._legal = legal

    def of_kind(self, kind: str) -> Sequence[Any]:
        """Return an action of *kind*: a call of that tool, that one action, or a greeting."""
        tool = self._tools.get(kind)
        if tool is not None:
            arguments = _any_value(_parameters(tool), kind)
            return [] if arguments is None else [tool_action(kind, arguments)]
        if kind == MESSAGE:
            return [{"content": _GREETING}]
        found = self._singles.get(kind)
        return [] if found is None else [found]

    def written(self, kind: str, text: str) -> Any:
        """Return an action of *kind* with *text* in each field that takes any; None without one."""
        tool = self._tools.get(kind)
        if tool is not None:
            arguments = _with_text(_parameters(tool), text, kind)
            return None if arguments is None else tool_action(kind, arguments)
        if kind == MESSAGE:
            return {"content": text}
        return _with_text(self._offer.schema or {}, text, kind)

    def refused(self) -> Any:
        """Return a call of a tool that there is not, or an action without what it needs."""
        if self._tools:
            return tool_action(UNKNOWN_TOOL, {})
        return None if self._offer.schema is None else {UNKNOWN_TOOL: True}

    @cached_property
    def _tools(self) -> Mapping[str, Mapping[str, Any]]:
        return {tool["name"]: tool for tool in self._offer.tools}

    @cached_property
    def _singles(self) -> Mapping[str, Any]:
        """Some of the actions that a schema allows, by their JSON."""
        if self._offer.tools or not self._legal:
            return {}
        last = len(self._legal) - 1
        few = min(_MOST_KINDS, len(self._legal))
        places = (place * last // max(few - 1, 1) for place in range(few))
        return {encode(self._legal[place]).decode(): self._legal[place] for place in places}

    @property
    def kinds(self) -> list[str]:
        """The kinds of action that there are."""
        return [*self._tools, *self._singles, *([MESSAGE] if self._offer.text else [])]

    @property
    def writing(self) -> list[str]:
        """The kinds that take a text: what is said, where one speaks to it, or else all."""
        if self._offer.text:
            return [MESSAGE]
        kinds = self.kinds or ["text"]
        return [kind for kind in kinds if self.written(kind, "") is not None]


def _parameters(tool: Mapping[str, Any]) -> Mapping[str, Any]:
    return tool.get("parameters") or {"type": "object"}


def _any_value(schema: Mapping[str, Any], name: str) -> Any:
    """Return a value that fits *schema*, the same for the same *name*; None if none is found."""
    try:
        return fill(schema, random.Random(name), real=True)
    except (RefoldError, RecursionError):
        return None


def _with_text(schema: Mapping[str, Any], text: str, name: str) -> Any:
    """Return a value that fits *schema*, with *text* where it takes any; None if it never does."""
    if _takes_text(schema):
        return text
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return None
    free = [key for key, inner in properties.items() if _takes_text(inner)]
    made = _any_value(schema, name) if free else None
    return {**made, **dict.fromkeys(free, text)} if isinstance(made, dict) else None


def _takes_text(schema: Any) -> bool:
    """Return whether any text fits *schema*, as far as its keywords tell."""
    if not isinstance(schema, dict) or any(name in schema for name in _NOT_ANY_TEXT):
        return False
    variants = schema.get("anyOf")
    if isinstance(variants, list):
        return any(map(_takes_text, variants))
    kind = schema.get("type")
    return kind == "string" or (isinstance(kind, list) and "string" in kind)
