"""
The verdict in a judge's reply: one JSON object with a word of the scale, or none.

A word that stands somewhere in prose is no verdict: it may be quoted from what was judged.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

_CODE_BLOCK = re.compile(r"\A```(?:json)?[ \t]*\n(?P<inside>.*)\n```\Z", re.DOTALL)
_LONGEST_REPLY = 64 * 1024  # letters; a reason and a word need no more


class Verdict(Struct, frozen=True):
    """A *word* of the scale, and the judge's *reason*, which may be empty."""

    word: str
    reason: str


class _TwoMeanings(ValueError):
    """An object has a key twice: readers differ in which of them counts."""


def read_verdict(reply: str, words: Sequence[str]) -> Verdict | None:
    """
    Return the verdict in *reply*; None if it is anything but one object with one of *words*.

    The object may stand in a code block. Upper and lower case of the word are the same.
    """
    text = reply[: _LONGEST_REPLY + 1].strip()
    block = _CODE_BLOCK.match(text)
    found = _object(block["inside"] if block else text)
    said, reason = found.get("verdict"), found.get("reason", "")
    if not isinstance(said, str) or not isinstance(reason, str):
        return None
    fitting = [word for word in words if word.casefold() == said.strip().casefold()]
    return Verdict(fitting[0], reason) if fitting else None


def _object(text: str) -> Mapping[str, Any]:
    """Return the JSON object that *text* is; an empty one if it is something else."""
    if len(text) > _LONGEST_REPLY:
        return {}
    try:
        value = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise _TwoMeanings
    return made
