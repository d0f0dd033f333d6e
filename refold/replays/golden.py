"""
Goldens: recorded streams as text files, one JSON event a line, reviewed like code.

A golden passes if the rules, given its scenario, seed and actions, make the same lines again.
"""

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from refold.engine import Stream

GOLDEN_FOLDER = files("refold.replays") / "golden"


def golden_text(stream: Stream) -> str:
    """Return *stream* as the text of a golden: its stored events, one a line."""
    return "".join(f"{payload.decode()}\n" for payload in stream.payloads)


def read_golden(path: Path | Traversable) -> Stream:
    """
    Return the stream of the golden at *path*.

    Raises:
        LogDamaged: A line is not an event.
    """
    return Stream.read(path.read_bytes().splitlines(), episode=path.name)


def find_goldens(folder: Path | Traversable = GOLDEN_FOLDER) -> Iterator[Path | Traversable]:
    """Yield the goldens in *folder*, sorted by name."""
    # A folder on disk or inside of a zipped package: both have iterdir(), in no certain order.
    found = [path for path in folder.iterdir() if path.name.endswith(".jsonl")]
    yield from sorted(found, key=lambda path: path.name)
