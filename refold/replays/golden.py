"""
Goldens: recorded streams as text files, one JSON event a line, reviewed like code.

A golden passes if the rules, given its scenario, seed and actions, make the same lines again.
"""

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from refold.engine import EpisodeEnded, LogDamaged, RefoldError, Stream
from refold.engine.text_marks import without_bom

GOLDEN_FOLDER = files("refold.replays") / "golden"


def golden_text(stream: Stream) -> str:
    """Return *stream* as the text of a golden: its stored events, one a line."""
    return "".join(f"{payload.decode()}\n" for payload in stream.payloads)


def read_golden(path: Path | Traversable) -> Stream:
    """
    Return the stream of the golden at *path*.

    Raises:
        RefoldError: It is no file, or UTF-16.
        LogDamaged: A line is not an event, or the last ones are missing.
    """
    if not path.is_file():  # a named pipe might never have a writer
        raise RefoldError(f"golden {path.name}: expected a file, got something else")
    try:
        content = without_bom(path.read_bytes(), path.name)
    except OSError as error:
        problem = f"golden {path.name}: expected a readable file, got {error.strerror}"
        raise RefoldError(problem) from None
    stream = Stream.read(content.splitlines(), episode=path.name)
    # Each prefix of whole steps is what its rules make: only the end shows that none is missing.
    if not has_ended(stream):
        problem = "expected episode_ended, got the end of the file, which was cut short"
        raise LogDamaged(path.name, len(stream), problem)
    return stream


def has_ended(stream: Stream) -> bool:
    """Return whether the episode has an end, without which it can be no golden."""
    return any(isinstance(event, EpisodeEnded) for event in reversed(stream))


def find_goldens(folder: Path | Traversable = GOLDEN_FOLDER) -> Iterator[Path | Traversable]:
    """Yield the goldens in *folder*, sorted by name."""
    # A folder on disk or inside of a zipped package: both have iterdir(), in no certain order.
    found = [path for path in folder.iterdir() if path.name.endswith(".jsonl")]
    yield from sorted(found, key=lambda path: path.name)
