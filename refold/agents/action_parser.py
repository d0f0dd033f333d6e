"""
Parse the action out of a model's reply.

Tolerates what models commonly write (thinking blocks, code fences, prose, several objects,
placeholders, wrong case) but never guesses: a reply without a valid action is reported as such,
with a reason. Parsing time is linear in the length of the text, whatever it holds.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NoReturn

import msgspec

from refold.agents.prompting import prompt_of
from refold.engine import Family, InvalidAction
from refold.engine.codec import codec_of
from refold.engine.exchanges import Reply, ToolCall

_LONGEST_REASON = 500  # letters; the reason goes back to the model, so it costs tokens
_MAX_DEPTH = 20  # far below the recursion limits of what encodes and decodes actions later
# A text of nothing but "{" would be decoded from each of them, quadratic in its length. So each
# attempt costs a flat 4 Ki letters on top of what it read, and 2 Mi letters are enough for all.
_MAX_WORK = 2**21
_WORK_PER_ATTEMPT = 2**12

_THINKING = re.compile(r"<(think|thinking|reasoning)>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_END_OF_THINKING = re.compile(r"</(?:think|thinking|reasoning)>", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"<[^<>]*>|\{[^{}]*\}|null|none|n/?a|string|\.\.\.|", re.IGNORECASE)
_EMPTY_ARGUMENTS = ("", "null", "None", "[]")
_KIND_FIELDS = ("action_type", "action", "type", "kind", "name", "tool")
_WRAPPER_FIELDS = (
    "tool_call",
    "function",
    "action",
    "arguments",
    "parameters",
    "params",
    "input",
)


class UnreadableReply(Exception):
    """A reply holds no valid action; the text tells the model why."""


def read_action(reply: Reply, family: Family, names: Mapping[str, str]) -> Any:
    """
    Return the first valid action in *reply*: tool calls are tried first, then the text.

    Args:
        reply: The model's reply.
        family: The family whose actions are expected.
        names: Existing ids by case-folded form, used to correct the case of names.

    Raises:
        UnreadableReply: No candidate is a valid action; the text says why the last one is not.
    """
    reason = "no JSON object was found"
    for tool, fields in _candidates(reply):
        try:
            return _build_action(tool, fields, family, names)
        except InvalidAction as error:
            reason = _replace_surrogates(str(error)[:_LONGEST_REASON])
    if reply.finish == "length":
        reason = f"{reason}; the answer was cut off at the limit of its length"
    raise UnreadableReply(reason)


def _candidates(reply: Reply) -> Iterator[tuple[str | None, dict[str, Any] | None]]:
    """Yield tool name (None for text) and fields of everything that may be meant as an action."""
    for call in reply.tool_calls:
        yield call.name, _decode_arguments(call)
    for fields in find_json_objects(_strip_thinking(reply.text)):
        yield None, fields


def _decode_arguments(call: ToolCall) -> dict[str, Any] | None:
    """Return the arguments of *call*, or None if they are not a JSON object."""
    text = call.arguments.strip()
    if text in _EMPTY_ARGUMENTS:  # how APIs spell a call without arguments
        return {}
    if text.startswith('"'):  # some models encode the arguments twice
        text = _decode_string(text)
    return next(find_json_objects(text), None)


def _strip_thinking(text: str) -> str:
    """Return the part of *text* that follows the model's thinking."""
    text = _THINKING.sub("", text)
    # Chat templates may put the opening tag into the prompt: then only the closing one is here.
    ends = [found.end() for found in _END_OF_THINKING.finditer(text)]
    return text[ends[-1] :] if ends else text


def find_json_objects(text: str) -> Iterator[dict[str, Any]]:
    """
    Yield the outermost JSON objects in *text*, in order.

    Raw line breaks and other control characters in strings are accepted. Stops early in a long
    text with too many objects or beginnings of objects; 512 at most are tried.
    """
    work = 0
    place = text.find("{")
    while place >= 0 and work < _MAX_WORK:
        value, end = _decode_object(text, place)
        work += _WORK_PER_ATTEMPT + end - place
        if value is not None:
            yield value
        place = text.find("{", place + 1 if value is None else end)


def _decode_object(text: str, place: int) -> tuple[dict[str, Any] | None, int]:
    """Return the object that begins at *place* (None if invalid) and where decoding stopped."""
    try:
        return _decoder.raw_decode(text, place)
    except json.JSONDecodeError as error:
        return None, error.pos
    except (ValueError, RecursionError):
        return None, place


def _decode_string(text: str) -> str:
    try:
        value, _ = _decoder.raw_decode(text)
    except ValueError:
        return text
    return str(value)


def _reject_constant(constant: str) -> NoReturn:
    raise ValueError(f"expected JSON, got {constant}")


_decoder = json.JSONDecoder(strict=False, parse_constant=_reject_constant)


def _build_action(
    tool: str | None, fields: dict[str, Any] | None, family: Family, names: Mapping[str, str]
) -> Any:
    if fields is None:
        raise InvalidAction(f"expected the arguments of tool {tool!r} as JSON, got something else")
    kind, rest, kinds = _action_shape(family)
    flat = _unwrap_arguments(fields)
    given = [tool, *(flat.get(name) for name in (kind, *_KIND_FIELDS))]
    action: dict[str, Any] = {
        kind: _find_kind([each for each in given if isinstance(each, str)], kinds)
    }
    if action[kind] is None:
        raise InvalidAction(f"expected an object with {kind!r}, got {', '.join(flat) or 'none'}")
    for name in rest:
        value = _correct_name(flat.get(name), names)
        if value is not None:
            action[name] = value
    if not _is_shallow(action, _MAX_DEPTH):
        raise InvalidAction("expected plain values in an action, got deeply nested ones")
    return codec_of(family.name, family.rules).action(action)


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


def _unwrap_arguments(fields: dict[str, Any]) -> dict[str, Any]:
    """Return *fields* with lower-case keys, nested arguments lifted to the top level."""
    flat = _lowercase_keys(fields)
    for name in _WRAPPER_FIELDS:
        inner = flat.get(name)
        # OpenAI's own format holds arguments as a string of JSON; models imitate it in text.
        if isinstance(inner, str) and inner.lstrip().startswith("{"):
            inner = next(find_json_objects(inner), None)
        if isinstance(inner, dict):
            flat |= _lowercase_keys(inner)
    return flat


def _lowercase_keys(fields: dict[str, Any]) -> dict[str, Any]:
    return {key.strip().lower(): value for key, value in fields.items()}


def _correct_name(value: Any, names: Mapping[str, str]) -> Any:
    """Return *value* in the spelling of an existing name; None for a placeholder like ``<id>``."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text.casefold() in names:
        return names[text.casefold()]
    if _PLACEHOLDER.fullmatch(text):
        return None
    return _replace_surrogates(value)


def _is_shallow(value: Any, levels: int) -> bool:
    """Return whether *value* is nested at most *levels* deep."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels >= 0 and all(_is_shallow(each, levels - 1) for each in inner)


def _replace_surrogates(text: str) -> str:
    """Return *text* with lone surrogates, which UTF-8 cannot encode, replaced by ``?``."""
    return text.encode("utf-8", "replace").decode()
