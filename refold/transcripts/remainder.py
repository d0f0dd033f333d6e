"""
What a format has no field for: the difference between a trial and what is read back of it.

An export measures it, and formats with room for foreign fields keep it there, so that an import
gives back the trial whole. It holds for the file as it was written only: of one that was edited
since, what can be read counts.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from refold.engine.codec import encode
from refold.engine.errors import RefoldError
from refold.transcripts.reading import fit
from refold.transcripts.trial import Trial

KEY = "refold"
"""Where formats that take foreign fields keep it."""

_MOST_NAMES = 3
_DERIVED = ("name", "environment")  # of the scenario: made of what is counted, or of the format

Patch = dict[str, Any]
Path = tuple[str, ...]


class Remainder(Struct, forbid_unknown_fields=True):
    """
    The difference.

    Attributes:
        of: First 16 hex digits of the SHA-256 of what is read back, as canonical JSON.
        patch: What makes the trial of it.
    """

    of: str
    patch: Patch


def remainder_of(trial: Trial, read: Trial) -> Remainder:
    """Return what *trial* says beyond *read*, the trial that is read back of it."""
    have = plain(read)
    return Remainder(_digest(have), _difference(have, plain(trial)) or {})


def with_remainder(read: Trial, given: Any, where: str) -> Trial:
    """
    Return the trial that was exported, of *read* and the remainder *given* by its file.

    If the file was edited since, *read* itself.

    Raises:
        RefoldError: It is no remainder, or does not fit.
    """
    told = fit(given, Remainder, where)
    have = plain(read)
    if told.of != _digest(have):
        read.left[f"extra.{KEY}"] += 1
        return read
    try:
        whole = _patched(have, told.patch)
    except (LookupError, TypeError, ValueError, RecursionError):
        problem = f"{where}: expected what an export of refold wrote, got another value"
        raise RefoldError(problem) from None
    return fit(whole, Trial, where)


def fields_in(remainder: Remainder) -> Counter[str]:
    """Return how often each field of a trial is in *remainder*, as paths of a few names."""
    paths = (path for path in _paths(remainder.patch, ()) if path[0] not in _DERIVED)
    return Counter(".".join(path[:_MOST_NAMES]) for path in paths)


def plain(trial: Trial) -> dict[str, Any]:
    """Return *trial* as JSON data, without what it counts."""
    # Through its bytes, as tuples and numbers may differ from those of what was read.
    found: dict[str, Any] = msgspec.json.decode(encode(trial))
    return {name: each for name, each in found.items() if name not in ("left", "unknown")}


def _digest(data: Mapping[str, Any]) -> str:
    return sha256(encode(data)).hexdigest()[:16]


def _difference(have: Any, want: Any) -> Patch | None:
    """Return the patch that makes *want* of *have*; None if they are the same JSON."""
    if type(have) is dict and type(want) is dict:
        shared = [name for name in want if name in have]
        inside = {name: _difference(have[name], want[name]) for name in shared}
        new = {name: {"is": each} for name, each in want.items() if name not in have}
        gone = [name for name in have if name not in want]
        return _patch({**_real(inside), **new}, gone)
    if type(have) is list and type(want) is list and len(have) == len(want):
        pairs = zip(have, want, strict=True)
        return _patch(_real({str(at): _difference(*pair) for at, pair in enumerate(pairs)}), [])
    return None if encode(have) == encode(want) else {"is": want}


def _real(inside: Mapping[str, Patch | None]) -> dict[str, Patch]:
    return {name: each for name, each in inside.items() if each is not None}


def _patch(inside: dict[str, Patch], gone: list[str]) -> Patch | None:
    found: Patch = {"in": inside} if inside else {}
    return {**found, **({"without": gone} if gone else {})} or None


def _patched(have: Any, patch: Patch) -> Any:
    if "is" in patch:
        return patch["is"]
    if isinstance(have, list):
        changed = {int(at): each for at, each in patch.get("in", {}).items()}
        return [_patched(each, changed.get(at, {})) for at, each in enumerate(have)]
    inside = patch.get("in", {})
    if not isinstance(have, dict):
        if inside:
            raise TypeError
        return have
    kept = {name: each for name, each in have.items() if name not in patch.get("without", ())}
    return {
        **kept,
        **{name: _patched(kept.get(name), each) for name, each in inside.items()},
    }


def _paths(patch: Patch, above: Path) -> Iterator[Path]:
    """Yield the path of each value that the patch adds; items of lists have no number in it."""
    if patch.get("is") not in (None, "", [], {}):
        yield above
    for name, each in patch.get("in", {}).items():
        item = name.isdigit() and above
        yield from _paths(each, (*above[:-1], f"{above[-1]}[]") if item else (*above, name))
