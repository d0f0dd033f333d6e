"""
Format observations as text in which no text from a scenario can pass for the prompt's own.

Every line begins with something that the prompt itself put there: a heading, a key, a dash or
``>``. Names and texts from elsewhere follow on the same line, or have each of their lines marked.
So a heading inside an e-mail is never a heading of the prompt, to a model or to a program.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

ObservationT = TypeVar("ObservationT")

_BARE = r"[\w@:+/.-]+"
_QUOTED = r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u(?![dD][89a-fA-F])[0-9a-fA-F]{4})*"'
NAME = f"(?:{_QUOTED}|{_BARE})"
"""Pattern of what ``format_name`` and ``quote`` write; no log holds half a surrogate pair."""

_BARE_NAME = re.compile(_BARE)
_INVISIBLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def write_sections(
    parts: Mapping[str, Callable[[ObservationT], Iterable[str]]], observation: ObservationT
) -> str:
    """Return *observation* as text: a titled section for each of *parts* that has any lines."""
    written = []
    for title, lines_of in parts.items():
        lines = list(lines_of(observation))
        if lines:
            written.append("\n".join((f"## {title}", *lines)))
    return "\n\n".join(written)


def format_name(text: str) -> str:
    """Return *text* as it is if it holds only letters, digits and ``@:+/.-_``, else quoted."""
    return text if _BARE_NAME.fullmatch(text) else quote(text)


def format_names(texts: Iterable[str]) -> str:
    """Return *texts* formatted as names, separated by commas."""
    return ", ".join(map(format_name, texts))


def quote(text: str) -> str:
    """Return *text* as a JSON string: in double quotes, on one line, lossless."""
    # Readable letters stay as they are; what JSON leaves in but a reader cannot see is escaped.
    written = json.dumps(text, ensure_ascii=False)
    return _INVISIBLE.sub(lambda match: f"\\u{ord(match[0]):04x}", written)


def unquote(written: str) -> str:
    """Return the text that ``format_name`` or ``quote`` wrote as *written*, which fits ``NAME``."""
    return str(json.loads(written)) if written.startswith('"') else written


def flatten(text: str) -> str:
    """Return *text* on one line, each run of white space as one space."""
    return " ".join(text.split())


def mark_lines(text: str) -> str:
    """Return *text* with ``> `` before each line, whatever ends its lines; at least one line."""
    lines = text.splitlines() or [""]
    return "\n".join(f"> {line}".rstrip() for line in lines)


def format_number(value: float) -> str:
    """Return *value* in its shortest form, to 12 digits: ``2`` for 2.0, ``0.3`` for 0.1 + 0.2."""
    return f"{value:.12g}"
