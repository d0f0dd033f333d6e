"""Grades in a file that ``refold grade --json`` wrote, read one at a time."""

import json
import re
from collections.abc import Iterator
from math import isfinite
from typing import IO, Any

import msgspec

from refold.engine import RefoldError
from refold.engine.text_marks import without_bom
from refold.graders import Grade

_CHUNK = 2**20
_LARGEST_ITEM = 16 * 2**20  # letters; a file of something else must not be read into memory whole
_OPENING = re.compile(r'\s*\{\s*"grades"\s*:\s*\[')
_SEPARATORS = re.compile(r"[\s,]*")


def read_grades(file: IO[str], where: str) -> Iterator[tuple[str, Grade]]:
    """
    Yield id and grade of each episode in *file*, the output of ``refold grade --json``.

    Raises:
        RefoldError: *file* holds something else, or an item that is too large. Grades yielded
            before are valid.
    """
    for number, item in enumerate(_read_items(file, where)):
        path = f"{where} $.grades[{number}]"
        try:
            id = msgspec.convert(item["episode"], str)
            grade = msgspec.convert(item, Grade)
        except (KeyError, TypeError, msgspec.ValidationError) as error:
            raise RefoldError(f"{path}: expected a grade of an episode, got {error}") from None
        numbers = (grade.score, *grade.counts.values(), *(part.points for part in grade.parts))
        if not all(map(isfinite, numbers)):
            raise RefoldError(f"{path}: expected finite numbers, got another")
        yield id, grade


def _read_items(file: IO[str], where: str) -> Iterator[Any]:
    """
    Yield the items of the list under ``grades``, decoded one at a time.

    ``json.load`` would hold the whole file in memory.
    """
    decode = json.JSONDecoder().raw_decode
    text = _read_chunk(file, where)
    beginning = _OPENING.match(text)
    if beginning is None:
        problem = f"expected what `refold grade --json` writes, got {text[:20]!r}"
        raise RefoldError(f"{where}: {problem}")
    at = beginning.end()
    while not text.startswith("]", at := _skip(_SEPARATORS, text, at)):
        try:
            item, end = decode(text, at)
        except (json.JSONDecodeError, RecursionError):
            item, end = None, len(text)
        # An item that ends where the text does may be a number cut short: read on first.
        if end < len(text):
            yield item
            at = end
            continue
        more = _read_chunk(file, where)
        if not more or len(text) - at > _LARGEST_ITEM:
            raise RefoldError(
                f"{where}: expected JSON to its end, got a broken grade; write it again"
            )
        text, at = text[at:] + more, 0


def _skip(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _read_chunk(file: IO[str], where: str) -> str:
    try:
        return file.read(_CHUNK)
    except UnicodeDecodeError as error:
        without_bom(error.object, where)  # names UTF-16
        raise RefoldError(f"{where}: expected UTF-8, got something else") from None
