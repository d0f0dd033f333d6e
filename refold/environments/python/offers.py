"""The actions that an object says it takes."""

import inspect
import sys
from typing import Any

from refold.engine.errors import RefoldError
from refold.scenarios.answered.events import Offer

_LONGEST_DOCUMENTATION = 6000  # letters
_ABOUT_CODE = "\n## Arguments"  # where Gymnasium's documentation turns to developers


def space_of(target: Any) -> Any:
    """Return the ``action_space`` of *target* if it is one of Gymnasium's, else None."""
    gymnasium = sys.modules.get("gymnasium")
    # Without Gymnasium, nothing can be one of its spaces.
    if gymnasium is None:
        return None
    space = getattr(target, "action_space", None)
    return space if isinstance(space, gymnasium.Space) else None


def offer_of(target: Any, *, documented: bool = False) -> Offer | None:
    """
    Return the actions that *target* says it takes, None if it says nothing.

    It may have ``tools`` or ``action_schema``, as ``Offer`` has them, and ``instructions``; or an
    ``action_space`` of Gymnasium's, of which its documentation tells more if *documented*.

    Raises:
        RefoldError: They are not as expected.
    """
    tools, schema = getattr(target, "tools", None) or (), getattr(target, "action_schema", None)
    instructions = getattr(target, "instructions", None) or ""
    space = space_of(target)
    if space is not None and not tools and schema is None:
        from refold.environments.gymnasium.spaces import schema_of  # noqa: PLC0415 - imports NumPy

        schema = schema_of(space)
        instructions = instructions or (_documentation(target) if documented else "")
    if not tools and schema is None and not instructions:
        return None
    return Offer(
        tools=_checked_tools(tools),
        schema=_checked_schema(schema),
        text=bool(getattr(target, "text", False)),
        instructions=str(instructions),
    )


def _checked_tools(tools: Any) -> tuple[dict[str, Any], ...]:
    named = isinstance(tools, list | tuple) and all(
        isinstance(each, dict) and isinstance(each.get("name"), str) for each in tools
    )
    if not named:
        raise RefoldError(
            "tools: expected a list of objects with a name, description and parameters, got "
            f"{tools!r:.100}"
        )
    return tuple(tools)


def _checked_schema(schema: Any) -> dict[str, Any] | None:
    if schema is not None and not isinstance(schema, dict):
        raise RefoldError(f"action_schema: expected a JSON schema, got {schema!r:.100}")
    return schema


def _documentation(target: Any) -> str:
    """Return what the class of the environment *target* says of it."""
    kind = type(getattr(target, "unwrapped", target))
    # Its own only: of a class without any, the base class would tell how to write one.
    text = inspect.cleandoc(vars(kind).get("__doc__") or "")
    return text.partition(_ABOUT_CODE)[0][:_LONGEST_DOCUMENTATION].strip()
