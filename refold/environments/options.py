"""Options in an address: ``NAME?key=value&key=value``."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from refold.engine.errors import NoWorld, RefoldError
from refold.scenarios.answered.parameters import AnsweredParameters
from refold.scenarios.spec import MOST_LETTERS

WRAPPERS = "$wrappers"
"""Option that holds the names of wrappers that a program has put around an environment."""


def read_options(address: str) -> tuple[str, dict[str, Any]]:
    """
    Return the part before ``?`` of *address*, and the options after it, sorted by name.

    A value is JSON if it can be read as such (``false``, ``8``, ``[1,2]``), else a text.

    Raises:
        RefoldError: An option has no value, or is given twice.
    """
    place, _, query = address.partition("?")
    options: dict[str, Any] = {}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError as error:
        raise RefoldError(f"{address}: expected NAME?key=value&key=value, got {error}") from None
    for name, value in pairs:
        if name in options:
            raise RefoldError(f"{address}: expected each option once, got {name!r} twice")
        options[name] = _value(value)
    return place, dict(sorted(options.items()))


def format_options(options: Mapping[str, Any]) -> str:
    """Return *options* as the end of an address, ``?key=value``; empty if there are none."""
    pairs = (
        f"{name}={value if isinstance(value, str) else msgspec.json.encode(value).decode()}"
        for name, value in sorted(options.items())
    )
    told = "&".join(pairs)
    return f"?{told}" if told else ""


def world_name(parameters: AnsweredParameters) -> str:
    """
    Return the scenario's name: as the user names the environment, with wrappers after a ``+``.

    It has at most ``MOST_LETTERS`` letters.
    """
    options = {name: each for name, each in parameters.options.items() if name != WRAPPERS}
    wrappers = (f"+{each}" for each in parameters.options.get(WRAPPERS, ()))
    place = f"{parameters.environment}:{parameters.name}{format_options(options)}"
    return "".join((place, *wrappers))[:MOST_LETTERS]


def refuse_wrappers(parameters: AnsweredParameters) -> None:
    """
    Check that the environment of *parameters* can be made by its name.

    Raises:
        NoWorld: A program has put wrappers around it.
    """
    wrappers = parameters.options.get(WRAPPERS)
    if wrappers:
        raise NoWorld(
            f"{parameters.environment}:{parameters.name}: expected an environment without wrappers "
            f"of a program's own, got {', '.join(map(str, wrappers))}, which no name makes again; "
            "record the environment inside of them"
        )


def _value(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return {"True": True, "False": False, "None": None}.get(text, text)
