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

_BARE = r"[\w@:+/.-]+"
_QUOTED = r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u(?![dD][89a-fA-F])[0-9a-fA-F]{4})*"'
NAME = f"(?:{_QUOTED}|{_BARE})"
"""Pattern of what ``name`` and ``quoted`` write; half a surrogate pair, in no log, is none."""

_BARE_NAME = re.compile(_BARE)
_UNSEEN = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def sections(
    parts: Mapping[str, Callable[[ObservationT], Iterable[str]]], observation: ObservationT
) -> str:
    """Return the lines that each of *parts* has for *observation*, under its title, if any."""
    written = []
    for title, lines_of in parts.items():
        lines = list(lines_of(observation))
        if lines:
            written.append("\n".join((f"## {title}", *lines)))
    return "\n\n".join(written)


def name(text: str) -> str:
    """Return *text* bare if it holds only letters, digits and ``@:+/.-_``, else quoted."""
    return text if _BARE_NAME.fullmatch(text) else quoted(text)


def names(texts: Iterable[str]) -> str:
    """Return *texts* as names, with commas between them."""
    return ", ".join(map(name, texts))


def quoted(text: str) -> str:
    """Return *text* as a JSON string: in double quotes, on one line, nothing lost."""
    written = json.dumps(text, ensure_ascii=False)
    return _UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", written)


def unquoted(written: str) -> str:
    """Return the text that ``name`` or ``quoted`` wrote as *written*, which fits ``NAME``."""
    return str(json.loads(written)) if written.startswith('"') else written


def flat(text: str) -> str:
    """Return *text* on one line: each run of white space, line breaks included, as one space."""
    return " ".join(text.split())


def marked(text: str) -> str:
    """Return *text* with ``> `` before each line, whatever its lines end with; one at least."""
    lines = text.splitlines() or [""]
    return "\n".join(f"> {line}".rstrip() for line in lines)


def number(value: float) -> str:
    """Return *value* in its shortest form, to 12 digits: ``2`` for 2.0, ``0.3`` for 0.1 + 0.2."""
    return f"{value:.12g}"
