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
from msgspec import UNSET, Struct, field

from refold.engine.codec import encode
from refold.engine.errors import RefoldError
from refold.transcripts.reading import fit
from refold.transcripts.trial import Trial

KEY = "refold"
"""Where formats that take foreign fields keep it."""

_MOST_NAMES = 3
_DERIVED = ("name", "environment")  # of the scenario: made of what is counted, or of the format

Path = tuple[str, ...]


class Patch(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """
    What makes one JSON value of another.

    Attributes:
        inside: Patches of members, by name, or of items, by number.
        without: Names of members that are gone.
        value: The other value as a whole, whatever the first was.
    """

    inside: dict[str, "Patch"] = field(name="in", default_factory=dict)
    without: list[str] = []
    value: Any = field(name="is", default=UNSET)


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
    return Remainder(_digest(have), _difference(have, plain(trial)) or Patch())


def with_remainder(read: Trial, given: Any, where: str) -> Trial | None:
    """
    Return the trial that was exported, of *read* and the remainder *given* by its file.

    None if the file was edited since: then only what can be read counts.

    Raises:
        RefoldError: It is no remainder, or does not fit.
    """
    told = fit(given, Remainder, where)
    have = plain(read)
    if told.of != _digest(have):
        return None
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
        new = {name: Patch(value=each) for name, each in want.items() if name not in have}
        shared = {name: _difference(have[name], want[name]) for name in want if name in have}
        return _patch({**shared, **new}, [name for name in have if name not in want])
    if type(have) is list and type(want) is list and len(have) == len(want):
        pairs = enumerate(zip(have, want, strict=True))
        return _patch({str(at): _difference(*pair) for at, pair in pairs}, [])
    if type(have) is str and type(want) is str:  # most of what there is
        return None if have == want else Patch(value=want)
    # 1, 1.0 and true are equal, but not the same JSON.
    return None if encode(have) == encode(want) else Patch(value=want)


def _patch(inside: Mapping[str, Patch | None], gone: list[str]) -> Patch | None:
    real = {name: each for name, each in inside.items() if each is not None}
    return Patch(inside=real, without=gone) if real or gone else None


def _patched(have: Any, patch: Patch) -> Any:
    if patch.value is not UNSET:
        return patch.value
    if isinstance(have, list):
        changed = {int(at): each for at, each in patch.inside.items()}
        return [
            _patched(each, changed[at]) if at in changed else each for at, each in enumerate(have)
        ]
    if not isinstance(have, dict):
        raise TypeError("a patch of the members of what has none")
    kept = {name: each for name, each in have.items() if name not in patch.without}
    return {**kept, **{name: _patched(kept.get(name), each) for name, each in patch.inside.items()}}


def _paths(patch: Patch, above: Path) -> Iterator[Path]:
    """Yield the path of each value that the patch adds; items of lists have no number in it."""
    if patch.value not in (UNSET, None, "", [], {}):
        yield above
    for name, each in patch.inside.items():
        item = name.isdigit() and above
        yield from _paths(each, (*above[:-1], f"{above[-1]}[]") if item else (*above, name))
