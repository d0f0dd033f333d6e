"""
Building the episodes of files: what an import does before anything is stored.

It depends on the files alone, so other processes can do it. A file is dealt out whole or, if it is
large, piece by piece. What is too large to wait for its turn is left to be built when that comes.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import IO

from attrs import field, frozen

from refold.engine.closing import Closing
from refold.engine.errors import RefoldError
from refold.engine.log.left_out import LeftOut
from refold.jobs import Run, Tell, spread
from refold.transcripts.episodes import Recorded, record_trial
from refold.transcripts.formats import FORMATS, REFOLD
from refold.transcripts.sources import Piece, Source
from refold.transcripts.trial import Trial

_LARGE = 2**20  # bytes of a file of which pieces are dealt out one by one
_MOST_WAITING = 4 * 2**20  # bytes of the episodes of a part
_BLOCK = 4  # parts: an episode is much to send, and to keep until its turn


@frozen
class TrialFile:
    """
    A file with trials, which any process can open.

    Attributes:
        path: Where it is.
        where: What errors call a file of refold's own.
        name: What reports and origins call it.
        folder: The folder that it lies in, where others may belong to it; None if it has none.
        kind: Its format: one of ``FORMATS``, or ``REFOLD``, of which nothing is built.
        digest: Hex SHA-256 of its bytes.
        run: Name of the run that its episodes belong to.
    """

    path: str
    where: str
    name: str
    folder: Path | None
    kind: str
    digest: str
    run: str


@frozen
class Part:
    """The piece of that 0-based *number* of a file; all of them if None."""

    file: TrialFile
    number: int | None = None


@frozen
class Built:
    """
    What became of a trial, or of something that cannot be read.

    Attributes:
        place: The place of its piece in the file; empty if the file itself cannot be read on.
        version: Version of the format, as far as the file tells it.
        recorded: The episode; None if there is none.
        id: Its id, if no equal one of the file comes before it.
        problem: Why there is none.
        left: How often each field was not kept.
        unknown: How often each field was kept that is not understood.
    """

    place: str
    version: str = ""
    recorded: Recorded | None = None
    id: str = ""
    problem: str = ""
    left: Mapping[str, int] = field(factory=dict)
    unknown: Mapping[str, int] = field(factory=dict)


_Found = Iterable[Built] | None


def build(pieces: Iterable[Piece], kind: str) -> Iterator[Built]:
    """Yield what becomes of each trial of *pieces*, of a file of the format *kind*, in order."""
    try:
        for piece in pieces:
            try:
                trials = list(piece.read())
            except RefoldError as error:
                yield Built(piece.place, problem=str(error))
            else:
                yield from (_build(piece, trial, kind) for trial in trials)
    except RefoldError as error:  # the file as a whole, or what follows in it
        yield Built("", problem=str(error))


def _build(piece: Piece, trial: Trial, kind: str) -> Built:
    # Only names of formats: what a stranger's file names must not choose a world to open.
    given = trial.environment if trial.environment in FORMATS else kind
    try:
        recorded = record_trial(trial, given if given != "harbor" else "atif")
    except RefoldError as error:
        return Built(piece.place, problem=str(error))
    left, unknown = dict(trial.left), dict(trial.unknown)
    return Built(piece.place, piece.version, recorded, recorded.id(0), "", left, unknown)


def build_files(
    files: Iterable[TrialFile], *, jobs: int, tell: Tell
) -> Iterator[tuple[TrialFile, Iterable[Built]]]:
    """
    Yield *files*, each as often as it has parts, with what becomes of the trials in a part.

    Nothing becomes of a file of refold's own. Go through what is given before taking the next.

    Args:
        files: The files, in order.
        jobs: Number of processes that build.
        tell: Takes lines to be printed, in order.

    Raises:
        WorkerLost: A process was killed.
        RefoldError: A file cannot be opened any longer; what taking a file raises.
    """
    with _Reader() as reader:
        alone = jobs == 1
        parts = (part for file in files for part in ([Part(file)] if alone else _parts_of(file)))
        built = spread(
            parts,
            reader.build_each,
            BuildElsewhere(),
            jobs=jobs,
            left_out=LeftOut(),  # what cannot be read is among what is built
            tell=tell,
            block=_BLOCK,
        )
        for part, found in built:
            yield part.file, reader.build(part) if found is None else found


def _parts_of(file: TrialFile) -> Iterator[Part]:
    """Yield the parts of *file* that are dealt out to other processes, in order."""
    with _open(file) as opened:
        if file.kind == REFOLD or os.fstat(opened.fileno()).st_size <= _LARGE:
            yield Part(file)
            return
        number = 0
        try:
            for _ in _pieces(file, opened):
                yield Part(file, number)
                number += 1
        except RefoldError:  # told by who comes to that piece
            yield Part(file, number)


class BuildElsewhere:
    """Builds the episodes of parts in another process."""

    @contextmanager
    def __call__(self, _left_out: LeftOut, _tell: Tell) -> Iterator[Run[Part, _Found]]:
        """Return what builds them: a list for each part, or None if it is too large to wait."""
        with _Reader() as reader:
            yield partial(_build_each, reader)


def _build_each(reader: "_Reader", parts: Iterable[Part]) -> Iterator[tuple[Part, _Found]]:
    for part in parts:
        yield part, _waiting(reader.build(part))


def _waiting(built: Iterable[Built]) -> Sequence[Built] | None:
    waiting, size = [], 0
    for each in built:
        size += sum(map(len, each.recorded.payloads)) if each.recorded else len(each.problem)
        if size > _MOST_WAITING:
            return None
        waiting.append(each)
    return waiting


class _Reader(Closing):
    """Reads parts of files, of each file in their order."""

    def __init__(self) -> None:
        self._opened = ExitStack()
        self._file: TrialFile | None = None
        self._pieces: Iterator[Piece] = iter(())
        self._number = 0

    def close(self) -> None:
        """Close the file that was read last."""
        self._opened.close()

    def build_each(self, parts: Iterable[Part]) -> Iterator[tuple[Part, _Found]]:
        """Yield each of *parts* with what becomes of its trials, built as it is taken."""
        for part in parts:
            yield part, self.build(part)

    def build(self, part: Part) -> Iterator[Built]:
        """Yield what becomes of the trials of *part*."""
        if part.file.kind == REFOLD:
            return iter(())
        if part.number is None or part.file != self._file:
            self._opened.close()
            opened = self._opened.enter_context(_open(part.file))
            self._file, self._pieces, self._number = part.file, _pieces(part.file, opened), 0
        pieces = self._pieces if part.number is None else self._piece(part.number)
        return build(pieces, part.file.kind)

    def _piece(self, number: int) -> Iterator[Piece]:
        for piece in self._pieces:
            self._number += 1
            if self._number > number:
                yield piece
                return
        raise RefoldError("expected the file as it was, got a shorter one")


def _pieces(file: TrialFile, opened: IO[bytes]) -> Iterator[Piece]:
    return FORMATS[file.kind](Source(opened, file.name, file.folder))


def _open(file: TrialFile) -> IO[bytes]:
    try:
        return open(file.path, "rb")
    except OSError as error:
        problem = f"{file.name}: expected a file that can be read, got {error.strerror}"
        raise RefoldError(problem) from None
