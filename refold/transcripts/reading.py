"""
Reading files of strangers: lines, documents and values, each within bounds.

JSON that Python writes but the standard forbids is read too: NaN and infinities become tagged
texts, as everywhere in refold, and half surrogates the sign for what cannot be shown.
"""

import json
import math
from collections.abc import Iterator, Mapping
from typing import IO, Any, TypeVar

import msgspec
from msgspec import Raw, Struct

from refold.engine.errors import RefoldError
from refold.engine.text_marks import without_bom

LONGEST_LINE = 64 * 2**20
"""Bytes; a longer line is left out, without reading it into memory."""
LARGEST_DOCUMENT = 512 * 2**20
"""Bytes of a file, or of a part of an archive, that is read whole."""

_DEEPEST = 100
_PIECE = 2**20
_BROKEN = (msgspec.MsgspecError, UnicodeError, ValueError, RecursionError)

T = TypeVar("T")
Document = dict[str, Any]


def decode(data: bytes, where: str) -> Any:
    """
    Return the value of *data*, JSON.

    Raises:
        RefoldError: It is none, or nested more than 100 deep; errors call it *where*.
    """
    try:
        return msgspec.json.decode(data)
    except _BROKEN as error:
        return _decode_leniently(data, where, error)


def _decode_leniently(data: bytes, where: str, error: Exception) -> Any:
    try:
        return _mended(json.loads(data, parse_constant=_constant), _DEEPEST)
    except _BROKEN:
        raise RefoldError(f"{where}: expected JSON, got {_one_line(error)}") from None


def _constant(name: str) -> dict[str, str]:
    return {"$float": {"NaN": "nan", "Infinity": "inf"}.get(name, "-inf")}


def _mended(value: Any, levels: int) -> Any:
    """Return *value* with valid Unicode only, of at most *levels* levels."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, float) and not math.isfinite(value):  # such as 1e999
        return {"$float": str(value)}
    if levels <= 0:
        raise ValueError("nested too deep")
    if isinstance(value, dict):
        return {_mended(key, 1): _mended(each, levels - 1) for key, each in value.items()}
    if isinstance(value, list):
        return [_mended(each, levels - 1) for each in value]
    return value


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:200]


def fit(value: Any, kind: type[T], where: str) -> T:
    """
    Return *value*, JSON data, as a *kind*.

    Raises:
        RefoldError: It does not fit; the text says where in it, and what was expected there.
    """
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        text = _one_line(error)
        raise RefoldError(f"{where}: {text[:1].lower()}{text[1:]}") from None


def rest(value: Mapping[Any, Any], kind: type[Struct]) -> dict[str, Any]:
    """Return the members of *value* that *kind* has no field for."""
    known = kind.__struct_encode_fields__
    return {name: each for name, each in value.items() if name not in known}


def number(value: Any) -> float | None:
    """Return *value* as a number, True and False as 1 and 0; None if it is none."""
    return float(value) if isinstance(value, int | float) and abs(value) < 1e300 else None


def read_lines(file: IO[bytes], where: str) -> Iterator[tuple[str, bytes | None]]:
    """Yield place and content of each line that is not empty; None for one that is too long."""
    number = 0
    while line := file.readline(LONGEST_LINE):
        number += 1
        place = f"line {number}"
        if not line.endswith(b"\n") and len(line) == LONGEST_LINE and _skip_line(file):
            yield place, None
            continue
        if number == 1:
            line = without_bom(line, where)
        if line.strip():
            yield place, line


def _skip_line(file: IO[bytes]) -> bool:
    """Read to the end of the line, and return whether there was more of it."""
    more = file.readline(_PIECE)
    found = bool(more.strip())
    while more and not more.endswith(b"\n"):
        more = file.readline(_PIECE)
    return found


def decode_line(line: bytes | None, where: str) -> Any:
    """Return the value of a *line* that ``read_lines`` gave; raises as ``decode`` does."""
    if line is None:
        raise RefoldError(f"{where}: expected at most {LONGEST_LINE} bytes, got more")
    return decode(line, where)


def read_document(file: IO[bytes], where: str) -> bytes:
    """
    Return the content of *file*.

    Raises:
        RefoldError: It is larger than ``LARGEST_DOCUMENT``.
    """
    data = file.read(LARGEST_DOCUMENT + 1)
    if len(data) > LARGEST_DOCUMENT:
        raise RefoldError(f"{where}: expected at most {LARGEST_DOCUMENT} bytes, got more")
    return without_bom(data, where)


def split(data: bytes, where: str) -> Document:
    """
    Return the members of *data*, a JSON object, each still to be read with ``value``.

    Raises:
        RefoldError: It is no JSON object.
    """
    try:
        return dict(msgspec.json.decode(data, type=dict[str, Raw]))
    except _BROKEN:
        found = decode(data, where)
    if not isinstance(found, dict):
        raise RefoldError(f"{where}: expected a JSON object, got another value")
    return found


def value(member: Any, where: str) -> Any:
    """Return the value of a *member* that ``split`` or ``items`` gave."""
    return decode(bytes(member), where) if isinstance(member, Raw) else member


def items(member: Any, where: str) -> list[Any]:
    """
    Return the items of a *member*, a list, each still to be read with ``value``.

    Raises:
        RefoldError: It is no list.
    """
    if isinstance(member, Raw):
        try:
            return list(msgspec.json.decode(bytes(member), type=list[Raw]))
        except _BROKEN:
            member = decode(bytes(member), where)
    if not isinstance(member, list):
        raise RefoldError(f"{where}: expected a list, got another value")
    return member
