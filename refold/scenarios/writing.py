"""
How observations become text: regular, and so that no text of a scenario can fake what is not there.

Every line begins with what the prompt itself put there: a heading, a key, a dash or ``>``. Names
and texts from elsewhere stand behind that on one line, or have each of their lines marked. So a
heading inside an e-mail is never a heading of the prompt, for a model or for a program.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

ObservationT = TypeVar("ObservationT")

_BARE_NAME = re.compile(r"[\w@:+/.-]+")
_INVISIBLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def write_sections(
    parts: Mapping[str, Callable[[ObservationT], Iterable[str]]], observation: ObservationT
) -> str:
    """Return the lines that each of *parts* has for *observation*, under its title, if any."""
    written = []
    for title, lines_of in parts.items():
        lines = list(lines_of(observation))
        if lines:
            written.append("\n".join((f"## {title}", *lines)))
    return "\n\n".join(written)


def format_name(text: str) -> str:
    """Return *text* bare if it holds only letters, digits and ``@:+/.-_``, else quoted."""
    return text if _BARE_NAME.fullmatch(text) else quote(text)


def format_names(texts: Iterable[str]) -> str:
    """Return *texts* as names, with commas between them."""
    return ", ".join(map(format_name, texts))


def quote(text: str) -> str:
    """Return *text* as a JSON string: in double quotes, on one line, nothing lost."""
    written = json.dumps(text, ensure_ascii=False)
    return _INVISIBLE.sub(lambda match: f"\\u{ord(match[0]):04x}", written)


def flatten(text: str) -> str:
    """Return *text* on one line: each run of white space, line breaks included, as one space."""
    return " ".join(text.split())


def mark_lines(text: str) -> str:
    """Return *text* with ``> `` before each line, whatever its lines end with; one at least."""
    lines = text.splitlines() or [""]
    return "\n".join(f"> {line}".rstrip() for line in lines)


def format_number(value: float) -> str:
    """Return *value* in its shortest form, to 12 digits: ``2`` for 2.0, ``0.3`` for 0.1 + 0.2."""
    return f"{value:.12g}"
