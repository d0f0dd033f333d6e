"""
Build an action of a family from the fields that a model gave.

Corrected is what has one meaning only: the case of keys, kinds and existing names, placeholders
for values that are left out, arguments nested in a wrapper. All else is refused with a reason.
"""

import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

from refold.agents.lenient_json import REPEATED, first_object, join_pairs
from refold.agents.prompting import prompt_of
from refold.engine import Family, InvalidAction
from refold.engine.codec import codec_of

_MAX_DEPTH = 20  # far below the recursion limits of what encodes and decodes actions later
_PLACEHOLDER = re.compile(r"<[^<>]*>|\{[^{}]*\}|null|none|n/?a|string|\.\.\.|", re.IGNORECASE)
_INVISIBLE = re.compile("[\u200b-\u200d\u2060\ufeff]")
_KIND_FIELDS = ("action_type", "action", "type", "kind", "name", "tool", "tool_name", "function")
_WRAPPER_FIELDS = (
    "tool_call",
    "function",
    "action",
    "arguments",
    "parameters",
    "params",
    "input",
    "action_input",
    "tool_input",
    "args",
    "kwargs",
)


def build_action(
    tool: str | None, fields: dict[str, Any] | None, family: Family, names: Mapping[str, str]
) -> Any:
    """
    Return the action that *fields* describe, of the kind that *tool* or they themselves name.

    Args:
        tool: Name of the tool that was called; None if there was no call, or it does not say.
        fields: What the model gave; None if it could not be read.
        family: The family whose actions are expected.
        names: Existing ids by case-folded form.

    Raises:
        InvalidAction: They describe none; the text tells the model why.
    """
    if fields is None:
        raise InvalidAction(
            f"expected the arguments of tool {tool!r} as a JSON object, got something else"
        )
    kind, rest, kinds = _action_shape(family)
    flat = _unwrap_arguments(fields, kinds)
    _refuse_repeated(flat, (kind, *rest, *(() if tool or kind in flat else _KIND_FIELDS)))
    action: dict[str, Any] = {kind: _find_kind(_given_kinds(tool, flat, kind), kinds)}
    if action[kind] is None:
        raise InvalidAction(f"expected an object with {kind!r}, got {', '.join(flat) or 'none'}")
    for name in rest:
        value = _correct_name(flat.get(name), names)
        if value is not None:
            action[name] = value
    if not _is_plain(action, _MAX_DEPTH):
        raise InvalidAction("expected plain values in an action, got deeply nested ones or NaN")
    return codec_of(family.name, family.rules).action(action)


def is_attempt(fields: dict[str, Any], family: Family) -> bool:
    """Return whether *fields* are meant as an action of *family*, valid or not."""
    kind, _, kinds = _action_shape(family)
    flat = _unwrap_arguments(fields, kinds)
    return kind in flat or _find_kind(_given_kinds(None, flat, kind), kinds) in kinds.values()


def _given_kinds(tool: str | None, flat: Mapping[str, Any], kind: str) -> list[str]:
    given = [tool, *(flat.get(name) for name in (kind, *_KIND_FIELDS))]
    return [each for each in given if isinstance(each, str)]


def _refuse_repeated(flat: Mapping[str, Any], used: Sequence[str]) -> None:
    for name in used:
        if flat.get(name) is REPEATED:
            raise InvalidAction(f"expected {name!r} once, got it twice with different values")


@cache
def _action_shape(family: Family) -> tuple[str, Sequence[str], Mapping[str, str]]:
    """Return the kind's field, the other fields, and the kinds by normalized name."""
    kind, *rest = (field.encode_name for field in msgspec.structs.fields(family.action))
    return kind, rest, {_normalize_name(tool.name): tool.name for tool in prompt_of(family).tools}


def _find_kind(given: Sequence[str], kinds: Mapping[str, str]) -> str | None:
    """Return the first of *given* that names an action kind, in the family's spelling."""
    for text in given:
        folded = _normalize_name(text)
        # Models write "functions.delegate" or "Action.DELEGATE" for "delegate".
        kind = kinds.get(folded) or kinds.get(folded.rpartition(".")[2])
        if kind is not None:
            return kind
    return _normalize_name(given[0]) if given else None


def _normalize_name(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip().casefold())


def _unwrap_arguments(fields: dict[str, Any], kinds: Mapping[str, str]) -> dict[str, Any]:
    """Return *fields* with lower-case keys, nested arguments lifted to the top level."""
    flat = _lowercase_keys(fields)
    for name in _WRAPPER_FIELDS:
        inner = flat.get(name)
        # OpenAI's own format holds arguments as a string of JSON; models imitate it in text.
        if isinstance(inner, str) and inner.lstrip().startswith("{"):
            inner = first_object(inner)
        if isinstance(inner, dict):
            flat |= _lowercase_keys(inner)
    name, inner = next(iter(flat.items())) if len(flat) == 1 else ("", None)
    if isinstance(inner, dict) and _normalize_name(name) in kinds:  # {"wait": {}}
        return {**_lowercase_keys(inner), _KIND_FIELDS[0]: name}
    return flat


def _lowercase_keys(fields: dict[str, Any]) -> dict[str, Any]:
    return join_pairs([(key.strip().lower(), value) for key, value in fields.items()])


def _correct_name(value: Any, names: Mapping[str, str]) -> Any:
    """Return *value* in the spelling of an existing name; None for a placeholder like ``<id>``."""
    if not isinstance(value, str):
        return value
    text = _INVISIBLE.sub("", value).strip()
    if text.casefold() in names:
        return names[text.casefold()]
    if _PLACEHOLDER.fullmatch(text):
        return None
    # Lone surrogates cannot be encoded as UTF-8, so no log can hold them.
    return value.encode("utf-8", "replace").decode()


def _is_plain(value: Any, levels: int) -> bool:
    """Return whether *value* is nested at most *levels* deep and holds finite numbers only."""
    if isinstance(value, float) and not math.isfinite(value):
        return False
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels >= 0 and all(_is_plain(each, levels - 1) for each in inner)
