"""What a format's module reads from, and what it gives: a file, and trials piece by piece."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Protocol

from attrs import frozen

from refold.transcripts.trial import Trial


@frozen
class Source:
    """
    A file to read.

    Attributes:
        file: Open, at its beginning, and seekable.
        name: What errors call it.
        folder: The folder that it lies in, where others may belong to it; None if it has none.
    """

    file: IO[bytes]
    name: str
    folder: Path | None = None


@frozen
class Piece:
    """
    A part of a file that can be read, or fail, by itself.

    Attributes:
        place: Where it is, such as ``line 3``.
        read: Reads its trials, or raises ``RefoldError``.
        version: Version of the format, as far as the file tells it.
    """

    place: str
    read: Callable[[], Iterable[Trial]]
    version: str = ""


class Format(Protocol):
    """Reads the files of one format."""

    def __call__(self, source: Source) -> Iterator[Piece]:
        """
        Yield the pieces of *source*.

        Raises:
            RefoldError: It cannot be read at all.
        """
