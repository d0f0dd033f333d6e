"""
The logs of workers on a node's disk: where they lie, and what is left in those of dead workers.

A folder for each run, named after its first episode, so that a run which is resumed finds what its
last driver did not get. It belongs to the user alone.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from refold.engine import EventLog, RefoldError, Stream
from refold.engine.episode_ids import check_id
from refold.engine.events import EpisodeEnded
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.fleet.bundles import Result, pack
from refold.graders import grade


def folder_of(run: str) -> Path:
    """
    Return this node's folder for the shards of the run whose first episode is *run*; made if new.

    Raises:
        RefoldError: Somebody else owns it, or *run* is no id.
    """
    name = check_id(run)  # a log may come from a stranger, and this becomes a path
    folder = Path(tempfile.gettempdir()) / f"refold-fleet-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise RefoldError(
            f"{folder}: expected a folder that is yours alone, got another; remove it, or set "
            "TMPDIR on this node"
        )
    shards = folder / name
    shards.mkdir(exist_ok=True)
    return shards


def new_shard(folder: Path) -> EventLog:
    """Return a new log in *folder*."""
    return EventLog(folder / f"{token_hex(8)}.db")


def remove(run: str) -> None:
    """Remove all shards of a run from this node."""
    shutil.rmtree(folder_of(run), ignore_errors=True)


def gather(run: str, wanted: Mapping[str, int]) -> bytes:
    """
    Return a bundle of what this node's shards of *run* have of the episodes *wanted*.

    Those are ids, each with the number of events that are known. Of several ways that an episode
    continued, the one that ended counts, or else the longest. What cannot be read is left out.
    """
    found: dict[str, tuple[bool, int, Result]] = {}
    for path in sorted(folder_of(run).glob("*.db")):
        # A shard may be half made or damaged: its worker was killed.
        with suppress(RefoldError), EventLog(path, readonly=True) as shard:
            for result in read_results(shard, wanted):
                rank = (result.played, len(result.payloads), result)
                if result.id not in found or rank[:2] > found[result.id][:2]:
                    found[result.id] = rank
    return pack(tuple(result for _, _, result in found.values()))


def read_results(shard: EventLog, wanted: Mapping[str, int]) -> Iterator[Result]:
    """Yield what *shard* has of the episodes *wanted*; those that have ended count as played."""
    for id, first in wanted.items():
        with suppress(RefoldError):
            if shard.holds(id):
                stream = shard.events(id)
                if len(stream) > first:
                    yield result_of(id, first, stream, played=end_of(stream) is not None)


def result_of(
    id: str, first: int, stream: Stream, *, played: bool, left: str | None = None
) -> Result:
    """Return what became of the episode *id*, from seq *first* on, with its grade if *played*."""
    end = end_of(stream)
    # An episode that the API's faults ended says nothing about the agent, so it gets no grade.
    counts = played and (end is None or end.reason != INSTRUMENT_FAILED)
    given = grade(stream).to_json() if counts else None
    return Result(id, first, stream.payloads[first:], stream.digest, played, left, given)


def end_of(stream: Stream) -> EpisodeEnded | None:
    """Return how *stream* ended; None if it continues."""
    return next((event for event in reversed(stream) if isinstance(event, EpisodeEnded)), None)
