"""
How the mock model chooses without knowing the rules: any valid answer, at random.

It calls one of the tools, gives a value of the JSON schema, or takes one of the actions that the
system message lists: as JSON schemas, or as objects with ``"..."`` where values belong, or
``"one|other"`` where these are the values. Strings are ids and names that were shown.
"""

import random
import re
from collections.abc import Iterator
from typing import Any

from refold.agents.lenient_json import find_json_objects
from refold.agents.mock.requests import Request
from refold.agents.schema_values import fill
from refold.scenarios.writing import NAME, unquote

# Prompts list ids and names line by line; ``id:`` is how some show a single thing.
_LISTED = re.compile(rf"^(?:[ \t]*[-*]|id:) ({NAME})", re.MULTILINE)
_WORD = re.compile(rf"({NAME})(\s*:)?")
_LONGEST_NAME = 80
_PLACEHOLDER = "..."


def choose_call(request: Request, dice: random.Random) -> tuple[str, dict[str, Any]]:
    """
    Return the name of one of the tools of *request*, and arguments that fit it.

    Raises:
        RefoldError: No arguments fit it.
    """
    function = dice.choice([tool.function for tool in request.tools or ()])
    return function.name, fill(function.parameters or {}, dice, _names(request))


def choose_value(request: Request, dice: random.Random) -> Any:
    """
    Return a value of the JSON schema that *request* asks for, or else ``choose_form``.

    Raises:
        RefoldError: No value fits it.
    """
    form = request.response_format
    if form and form.json_schema:
        return fill(form.json_schema.schema, dice, _names(request))
    return choose_form(request, dice) or {}


def choose_form(request: Request, dice: random.Random) -> dict[str, Any] | None:
    """
    Return one of the JSON objects in the system message, filled in; None if it has none.

    Raises:
        RefoldError: It is a schema that no value fits.
    """
    system = (each.text for each in request.messages if each.role in ("system", "developer"))
    forms = [found.value for found in find_json_objects("\n".join(system))]
    return _filled(dice.choice(forms), dice, _names(request)) if forms else None


def _filled(form: Any, dice: random.Random, names: list[str]) -> Any:
    if isinstance(form, dict) and form.get("type") == "object" and "properties" in form:
        return fill(form, dice, names)
    if isinstance(form, dict):
        return {key: _filled(value, dice, names) for key, value in form.items()}
    if isinstance(form, list):
        return [_filled(value, dice, names) for value in form]
    if form == _PLACEHOLDER:
        return fill({"type": "string"}, dice, names)
    return dice.choice(form.split("|")) if isinstance(form, str) and "|" in form else form


def _names(request: Request) -> list[str]:
    """Return the names in the newest message that shows any, in order."""
    for message in reversed(request.messages):
        if message.role in ("user", "tool") and (names := list(_shown(message.text))):
            return names
    return []


def _shown(text: str) -> Iterator[str]:
    """Yield the names of list items, else what is quoted and no key of an object."""
    quoted = (word for word, colon in _WORD.findall(text) if word[0] == '"' and not colon)
    for name in dict.fromkeys(_LISTED.findall(text) or quoted):
        if len(name) <= _LONGEST_NAME:
            yield unquote(name)
