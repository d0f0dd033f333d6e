"""
What travels between driver and workers: episodes as stored bytes, compressed.

A bundle comes from another machine, so whoever opens one takes nothing in it for true: sizes are
bounded, types checked, and hashes computed again.
"""

import zlib
from typing import TypeVar

import msgspec
from msgspec import Struct

from refold.engine import EpisodeRecord, RefoldError

T = TypeVar("T")

_LARGEST = 2**30  # bytes, unpacked; an episode of a model takes about a tenth of a megabyte


class Job(Struct, array_like=True, frozen=True):
    """An episode to be played on: its row in the run's log, and the payloads of its events."""

    record: EpisodeRecord
    payloads: tuple[bytes, ...]


class Result(Struct, array_like=True, frozen=True):
    """
    What became of an episode.

    Attributes:
        id: Its id.
        first: Seq of the first of the payloads: what the driver has ends before it, or later.
        payloads: The stored bytes of the events from there on.
        digest: Hex head of the hash chain after them.
        played: Whether the agent has played it as far as it plays.
        left: Why it cannot be played now, though others can; None if it can.
        grade: Its grade as canonical JSON, None for none.
    """

    id: str
    first: int
    payloads: tuple[bytes, ...]
    digest: str
    played: bool = False
    left: str | None = None
    grade: bytes | None = None


def pack(value: tuple[Job, ...] | tuple[Result, ...]) -> bytes:
    """Return *value* as a bundle."""
    return zlib.compress(msgspec.msgpack.encode(value))


def unpack(bundle: bytes, kind: type[T]) -> tuple[T, ...]:
    """
    Return the jobs or results, as *kind* says, in a *bundle*.

    Raises:
        RefoldError: There are none in it, or more than a gigabyte.
    """
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(bundle, _LARGEST)
        if not unpacker.eof:
            raise _no_bundle(f"one that is cut off or above {_LARGEST} bytes")
        # Made here, not once for all: Ray pickles the globals of what it sends to workers.
        return msgspec.msgpack.decode(content, type=tuple[kind, ...])  # type: ignore[valid-type]
    except (zlib.error, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _no_bundle(str(error)) from None


def _no_bundle(got: str) -> RefoldError:
    return RefoldError(f"bundle: expected episodes of a worker, got {got}; resume the run")
