"""
A manifest of a log: what its episodes are, in a text that can be signed and compared later.

A hash chain covers the events of one episode. A manifest covers the rest too: which episodes
there are, the columns that stand beside their chains, and the grades saved for them. One line for
each episode, so that two manifests can be compared with any tool; the first line holds a hash
over all others.
"""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any, Literal

import msgspec
from attrs import frozen

from refold.engine import EpisodeInfo, EventLog, RefoldError
from refold.engine.codec import encode
from refold.engine.errors import UnknownEpisode
from refold.engine.log.info import record_fields

LARGEST_MANIFEST = 256 * 2**20
"""Bytes; a manifest may come from a stranger."""


class _Head(msgspec.Struct, tag_field="type", tag="manifest", forbid_unknown_fields=True):
    """The first line: *sha256* over the lines that follow, each with its line end."""

    version: Literal[1]
    episodes: int
    sha256: str


_read_head = msgspec.json.Decoder(_Head).decode
_read_row = msgspec.json.Decoder(dict[str, Any]).decode


@frozen
class Mismatch:
    """
    A difference between a manifest and a log.

    Attributes:
        episode: Id of the episode.
        problem: What differs, in words.
    """

    episode: str
    problem: str


def manifest_lines(log: EventLog) -> Iterator[bytes]:
    """
    Yield the manifest of *log*, a line at a time, oldest episode first; equal logs, equal bytes.

    Raises:
        LogDamaged: The end of an episode cannot be read.
    """
    rows = [encode(_row(log, info)) + b"\n" for info in log.episodes()]
    yield encode(_Head(1, len(rows), sha256(b"".join(rows)).hexdigest())) + b"\n"
    yield from rows


def _row(log: EventLog, info: EpisodeInfo) -> dict[str, Any]:
    """Return what a manifest says of an episode: its columns, its digest and its grades."""
    grades = sorted(sha256(each).hexdigest() for each in log.grades(info.id))
    return {**record_fields(info), "events": info.events, "digest": info.digest, "grades": grades}


def read_manifest(content: bytes, where: str) -> list[dict[str, Any]]:
    """
    Return the rows of the manifest *content*, which was read from the file *where*.

    Raises:
        RefoldError: It is no manifest, or was altered since it was written.
    """
    first, _, rest = content.replace(b"\r\n", b"\n").partition(b"\n")
    try:
        head = _read_head(first)
        rows = [_read_row(line) for line in rest.splitlines()]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RefoldError(f"{where}: expected a manifest of refold, got {error}") from None
    found = sha256(rest).hexdigest()
    if found != head.sha256 or len(rows) != head.episodes:
        raise RefoldError(
            f"{where}: expected {head.episodes} episodes of sha256 {head.sha256[:12]}, "
            f"got {len(rows)} of {found[:12]}; the manifest was altered"
        )
    return rows


def compare_with_log(rows: Iterable[Mapping[str, Any]], log: EventLog) -> Iterator[Mismatch]:
    """
    Yield each difference between a manifest's *rows* and *log*, in the manifest's order.

    Episodes that the log holds beside those are not a difference: a log grows.
    """
    for row in rows:
        id = str(row.get("id"))
        try:
            info = log.find(id)
            now = _row(log, info) if info.id == id else None
        except UnknownEpisode:
            now = None
        except RefoldError as error:
            yield Mismatch(id, str(error))
            continue
        if now is None:
            yield Mismatch(id, "expected an episode of the log, got none")
        elif now != row:
            yield Mismatch(id, _describe(row, now))


def _describe(row: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Return the first field in which a manifest's *row* differs from the log's row *now*."""
    name = next(each for each in {**now, **row} if row.get(each) != now.get(each))
    if name == "grades":
        return f"grades: expected the {len(row['grades'])} saved ones that it had, got others"
    return f"{name}: expected {row.get(name)!r:.100}, got {now.get(name)!r:.100}"
