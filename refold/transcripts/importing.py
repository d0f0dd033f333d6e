"""
Storing the trials of a file as episodes, one by one, in memory that does not grow with the file.

The same trial is stored once, however often its file is imported. What cannot be read is told, and
the others go in.
"""

from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from typing import IO

from attrs import define, evolve, field, frozen

from refold.engine import EpisodeInfo, EventLog, RefoldError
from refold.engine.log.origins import Origin
from refold.transcripts.episodes import Recorded, record_trial
from refold.transcripts.formats import FORMATS
from refold.transcripts.sources import Piece, Source
from refold.transcripts.trial import Trial

_BLOCK = 2**20


@frozen
class Stored:
    """
    An episode of an import.

    Attributes:
        info: Its row in the log, and what it comes to.
        recorded: What it was made of.
        new: Whether the log did not hold it before.
    """

    info: EpisodeInfo
    recorded: Recorded
    new: bool


@define
class Report:
    """
    What an import did not keep or understand, and what it left out.

    Attributes:
        not_kept: How often each field of a source was not kept, by its path.
        not_understood: How often each field was kept under its own name, without a meaning.
        problems: Each trial that could not be read, in a line.
    """

    not_kept: Counter[str] = field(factory=Counter)
    not_understood: Counter[str] = field(factory=Counter)
    problems: list[str] = field(factory=list)

    def add(self, trial: Trial) -> None:
        """Count what *trial* says was not kept or understood."""
        self.not_kept.update(trial.left)
        self.not_understood.update(trial.unknown)


class Importer:
    """
    Imports files into one log.

    Args:
        log: Where the episodes go.
        strict: Whether a trial that cannot be read is an error, instead of being left out.

    Attributes:
        report: What was not kept, not understood, or left out.
    """

    def __init__(self, log: EventLog, *, strict: bool = False) -> None:
        self.report = Report()
        self._log = log
        self._strict = strict
        self._epochs: Counter[tuple[str, str, str]] = Counter()

    def read(self, source: Source, kind: str, *, run: str) -> Iterator[Stored]:
        """
        Store each trial of *source*, whose format is *kind*, as an episode of *run*; yield it.

        Raises:
            RefoldError: Something in it cannot be read, and this is strict.
        """
        digest = digest_of(source.file)
        equal: Counter[str] = Counter()
        for piece, trial in self._trials(FORMATS[kind](source), source.name):
            recorded = self._record(piece, trial, kind, source.name)
            if recorded is None:
                continue
            self.report.add(trial)
            id = recorded.id(0)
            equal[id] += 1
            if equal[id] > 1:
                id = recorded.id(equal[id] - 1)
            origin = Origin(source.name, digest, kind, piece.version, piece.place)
            yield self._store(id, recorded, origin, run)

    def _trials(self, pieces: Iterator[Piece], name: str) -> Iterator[tuple[Piece, Trial]]:
        for piece in self._readable(pieces, name):
            try:
                trials = list(piece.read())
            except RefoldError as error:
                self._leave_out(str(error), piece.place, name)
            else:
                yield from ((piece, trial) for trial in trials)

    def _readable(self, pieces: Iterator[Piece], name: str) -> Iterator[Piece]:
        try:
            yield from pieces
        except RefoldError as error:  # the file as a whole, or what follows in it
            self._leave_out(str(error), "", name)

    def _record(self, piece: Piece, trial: Trial, kind: str, name: str) -> Recorded | None:
        # Only names of formats: what a stranger's file names must not choose an environment to
        # open.
        given = trial.environment if trial.environment in FORMATS else kind
        try:
            return record_trial(trial, given if given != "harbor" else "atif")
        except RefoldError as error:
            self._leave_out(str(error), piece.place, name)
            return None

    def _leave_out(self, text: str, place: str, name: str) -> None:
        told = " ".join(text.split())
        problem = told if told.startswith(name) else f"{name} {place}: {told}"
        if self._strict:
            raise RefoldError(f"{problem}; without --strict, the others are imported")
        self.report.problems.append(problem)

    def _store(self, id: str, recorded: Recorded, origin: Origin, run: str) -> Stored:
        rollout = (run, recorded.scenario, recorded.agent)
        epoch = self._epochs[rollout] if recorded.epoch is None else recorded.epoch
        self._epochs[rollout] += 1
        info = recorded.info(id, run=run, epoch=epoch)
        new = not self._log.holds(id)
        if new:
            tail = self._log.begin(info, recorded.payloads, end=True)
            info = evolve(info, digest=tail.head.hex())
            self._log.save_origin(id, origin)
        return Stored(info, recorded, new)


def digest_of(file: IO[bytes]) -> str:
    """Return the hex SHA-256 of *file*, which is at its beginning, and leave it there."""
    digest = sha256()
    while block := file.read(_BLOCK):
        digest.update(block)
    file.seek(0)
    return digest.hexdigest()
