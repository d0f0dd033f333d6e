"""
Find JSON objects in a text, those that models get slightly wrong included.

Valid JSON is read as such. What is not is read once more as what the model evidently meant:
comments, trailing commas, single, curved or full-width quotes, keys without quotes, Python's
``None`` and ``True``, invisible characters. Nothing is made up: an object that is not closed is
none. Libraries that do this either complete what is missing (json-repair) or take seconds for a
long text (json5), so this is a tokenizer of our own. Reading takes time linear in the text.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

# A text of nothing but "{" would be decoded from each of them, quadratic in its length. So each
# attempt costs a flat 4 Ki letters on top of what it read, and 2 Mi letters are enough for all.
_MAX_WORK = 2**21
_WORK_PER_ATTEMPT = 2**12
_WORK_PER_LENIENT_LETTER = 4  # reading leniently is slower
_MAX_DEPTH = 64

_SPACE = r"[\s\ufeff\u200b-\u200d\u2060]"
_TOKEN = re.compile(
    rf"""(?:{_SPACE}++|//[^\n]*+|\#[^\n]*+|/\*.*?(?:\*/|\Z))*+
    (?:(?P<string>"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|<\|"\|>.*?<\|"\|>
        |[“”„‟＂][^“”„‟＂"]*+[“”„‟＂"]|[‘’][^‘’']*+[‘’'])
    |(?P<mark>[][{{}}(),:=])
    |(?P<number>-?\d[\w.+-]*+|-Infinity)
    |(?P<word>[^\W\d][\w$-]*+(?:\.\w++)*+))?""",
    re.VERBOSE | re.DOTALL,
)
_INSIDE_QUOTES = re.compile(r'\\.|"', re.DOTALL)
_CLOSING = {"{": "}", "(": ")", "[": "]"}
_WORDS = {
    "true": "true",
    "True": "true",
    "false": "false",
    "False": "false",
    "null": "null",
    "None": "null",
    "undefined": "null",
    "NaN": "NaN",
    "Infinity": "Infinity",
}


class Found(NamedTuple):
    """An object and where it stands: ``text[begin:end]``."""

    value: dict[str, Any]
    begin: int
    end: int


class Repeated:
    """Stands for the value of a key that an object holds more than once, with other values."""

    def __repr__(self) -> str:
        return "a key that stands here twice"


REPEATED = Repeated()


def join_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return *pairs* as an object; the value of a key with different ones is ``REPEATED``."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        for key, value in pairs:
            if fields[key] is not REPEATED and fields[key] != value:
                fields[key] = REPEATED
    return fields


def find_json_objects(text: str) -> Iterator[Found]:
    """
    Yield the outermost JSON objects in *text*, in order.

    Raw line breaks and other control characters in strings are accepted. Stops early in a long
    text with too many objects or beginnings of objects; 512 at most are tried.
    """
    work = 0
    place = text.find("{")
    while place >= 0 and work < _MAX_WORK:
        value, end, cost = _decode_object(text, place)
        work += _WORK_PER_ATTEMPT + cost
        if value is not None:
            yield Found(value, place, end)
        place = text.find("{", place + 1 if value is None else end)


def first_object(text: str) -> dict[str, Any] | None:
    """Return the JSON object that begins with the first ``{`` in *text*; None if it is none."""
    found = next(find_json_objects(text), None)
    # An object inside of one that cannot be read is not what was meant.
    return found.value if found and found.begin == text.find("{") else None


def decode_string(text: str) -> str:
    """Return the JSON string that *text* begins with; *text* itself if there is none."""
    try:
        value, _ = _decoder.raw_decode(text)
    except ValueError:
        return text
    return str(value)


def _decode_object(text: str, place: int) -> tuple[dict[str, Any] | None, int, int]:
    """Return the object at *place* (None if there is none), its end, and the letters read."""
    try:
        value, end = _decoder.raw_decode(text, place)
    except json.JSONDecodeError as error:
        read = error.pos - place
    except (ValueError, RecursionError):
        return None, place, 0
    else:
        return value, end, end - place
    value, end = decode_leniently(text, place)
    return value, end, read + _WORK_PER_LENIENT_LETTER * (end - place)


def decode_leniently(text: str, place: int) -> tuple[dict[str, Any] | None, int]:
    """
    Return the object at *place* (None if there is none) and where reading it stopped.

    The arguments of a call, as in ``(a="x", b=None)``, are an object as well.
    """
    pieces: list[str] = []
    open_marks: list[str] = []
    last = ""
    while True:
        token = _next_token(text, place)
        place = token.end()
        piece = _translate(token, text, open_marks)
        if piece is None or (last == "{" and piece in "{["):
            return None, place
        if last == "," and piece in "}]":
            pieces.pop()
        pieces.append(piece)
        last = piece
        if not open_marks:
            return _decode_strictly("".join(pieces)), place


def _next_token(text: str, place: int) -> re.Match[str]:
    """Return the token after spaces and comments; without groups if there is none."""
    token = _TOKEN.match(text, place)
    assert token is not None  # all of its parts are optional
    return token


def _decode_strictly(text: str) -> dict[str, Any] | None:
    try:
        value = _decoder.decode(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _translate(token: re.Match[str], text: str, open_marks: list[str]) -> str | None:
    """Return *token* as JSON, None if it has no place there; *open_marks* follows the nesting."""
    kind = token.lastgroup
    if kind is None:
        return None
    written = token[kind]
    if kind == "mark":
        return _translate_mark(written, open_marks)
    if kind == "string":
        return _quote(written)
    if kind == "number":
        return written
    is_key = open_marks[-1:] != ["["] and _is_key(text, token.end())
    return json.dumps(written) if is_key else _WORDS.get(written)


def _is_key(text: str, place: int) -> bool:
    return _next_token(text, place)["mark"] in (":", "=")


def _translate_mark(mark: str, open_marks: list[str]) -> str | None:
    if mark in _CLOSING:
        # Parentheses are those of a call, so they stand around everything or nowhere.
        if len(open_marks) > _MAX_DEPTH or (mark == "(" and open_marks):
            return None
        open_marks.append(mark)
        return "[" if mark == "[" else "{"
    if mark in "}])":
        if not open_marks or _CLOSING[open_marks.pop()] != mark:
            return None
        return "]" if mark == "]" else "}"
    return ":" if mark == "=" else mark


def _quote(written: str) -> str:
    """Return a string token in JSON's quotes."""
    if written[0] in "\"'":
        return f'"{_INSIDE_QUOTES.sub(_escape_quote, written[1:-1])}"'
    if written[0] == "<":
        return json.dumps(written.removeprefix('<|"|>').removesuffix('<|"|>'))
    return '"' + written[1:-1].replace('"', '\\"') + '"'


def _escape_quote(found: re.Match[str]) -> str:
    if found[0] == "\\'":
        return "'"
    return '\\"' if found[0] == '"' else found[0]


_decoder = json.JSONDecoder(strict=False, object_pairs_hook=join_pairs)
