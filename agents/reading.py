"""
Reading an action out of what a model wrote.

Tolerant of what models do (thinking blocks, fences, prose, several objects, placeholders, wrong
case), never guessing: what is no action is said to be none, with a reason.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from engine import Family, InvalidAction
from engine.codec import codec_of
from engine.exchanges import Reply

MOST_OBJECTS = 50
DEEPEST = 20

_THINKING = re.compile(r"<(think|thinking|reasoning)>.*?(</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_PLACEHOLDER = re.compile(r"<[^<>]*>|\{[^{}]*\}|null|none|n/?a|string|\.\.\.|", re.IGNORECASE)
_KINDS = ("action_type", "action", "type", "kind", "name", "tool")
_INSIDE = ("arguments", "parameters", "params", "input")


class Unreadable(Exception):
    """No action could be read; the text says why, for the model."""


def read_action(reply: Reply, family: Family, names: Mapping[str, str]) -> Any:
    """
    Return the action that *reply* holds: of its tool calls, then of its text, the first valid.

    Args:
        reply: What the model answered.
        family: Whose actions are meant.
        names: Ids that exist, by their case-folded form, to mend wrong case.

    Raises:
        Unreadable: There is none, for a reason that the model can act on.
    """
    reason = "no JSON object was found"
    for value in _candidates(reply):
        try:
            return _action(value, family, names)
        except InvalidAction as error:
            reason = str(error)
    raise Unreadable(reason[:500])


def _candidates(reply: Reply) -> Iterator[dict[str, Any]]:
    for call in reply.tool_calls:
        arguments = next(objects(call.arguments or "{}"), {})
        yield {**arguments, "name": call.name}
    yield from objects(_THINKING.sub("", reply.text))


def objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects in *text*, outermost first to appear, at most 50."""
    found = 0
    place = text.find("{")
    while place >= 0 and found < MOST_OBJECTS:
        end = _end_of_object(text, place)
        value = _decode(text[place:end]) if end else None
        found += 1
        if isinstance(value, dict):
            yield value
        place = text.find("{", end if isinstance(value, dict) and end else place + 1)


def _decode(text: str) -> Any:
    try:
        return msgspec.json.decode(text.encode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError):
        return None


def _end_of_object(text: str, start: int) -> int | None:
    """Return where the object that begins at *start* ends; None if it does not, or is too deep."""
    depth = 0
    for token in re.compile(r'"(?:[^"\\]|\\.)*"|[{}]', re.DOTALL).finditer(text, start):
        if token[0] == "{":
            depth += 1
        elif token[0] == "}":
            depth -= 1
        if depth == 0:
            return token.end()
        if depth > DEEPEST:
            return None
    return None


def _action(value: dict[str, Any], family: Family, names: Mapping[str, str]) -> Any:
    fields = msgspec.structs.fields(family.action)
    kind, *rest = (field.encode_name for field in fields)
    flat = _flat(value)
    given = next((flat[name] for name in (kind, *_KINDS) if isinstance(flat.get(name), str)), None)
    if given is None:
        raise InvalidAction(f"expected an object with {kind!r}, got {', '.join(flat) or 'none'}")
    action = {kind: re.sub(r"[\s-]+", "_", given.strip().lower())}
    for name in rest:
        if name in flat and not _is_placeholder(flat[name]):
            action[name] = _mended(flat[name], names)
    return codec_of(family.name, family.rules).action(action)


def _flat(value: dict[str, Any]) -> dict[str, Any]:
    """Return *value* with lower-case keys, and what is nested as arguments taken out."""
    flat = {str(key).strip().lower(): inner for key, inner in value.items()}
    for name in ("action", *_INSIDE):
        inner = flat.get(name)
        if isinstance(inner, str) and inner.lstrip().startswith("{"):
            inner = _decode(inner)
        if isinstance(inner, dict):
            flat = {**flat, **{str(key).strip().lower(): each for key, each in inner.items()}}
    return flat


def _is_placeholder(value: Any) -> bool:
    return value is None or (isinstance(value, str) and bool(_PLACEHOLDER.fullmatch(value.strip())))


def _mended(value: Any, names: Mapping[str, str]) -> Any:
    if not isinstance(value, str):
        return value
    return names.get(value.strip().casefold(), value)
