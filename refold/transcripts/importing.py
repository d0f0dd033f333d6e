"""
Storing the trials of a file as episodes, one by one, in memory that does not grow with the file.

The same trial is stored once, however often its file is imported. What cannot be read is told, and
the others go in.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import IO

from attrs import define, evolve, field, frozen

from refold.engine import EpisodeInfo, EventLog, RefoldError
from refold.engine.log.origins import Origin
from refold.transcripts.building import Built, TrialFile, build
from refold.transcripts.episodes import Recorded
from refold.transcripts.formats import FORMATS
from refold.transcripts.sources import Source

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

    def add(self, built: Built) -> None:
        """Count what was not kept or understood of what was *built*."""
        self.not_kept.update(built.left)
        self.not_understood.update(built.unknown)


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
        self._file: TrialFile | None = None
        self._equal: Counter[str] = Counter()

    def read(self, source: Source, kind: str, *, run: str) -> Iterator[Stored]:
        """
        Store each trial of *source*, whose format is *kind*, as an episode of *run*; yield it.

        Raises:
            RefoldError: Something in it cannot be read, and this is strict.
        """
        digest = digest_of(source.file)
        file = TrialFile("", "", source.name, source.folder, kind, digest, run)
        self._file = None  # another one, even if it is named and filled alike
        yield from self.store(file, build(FORMATS[kind](source), kind))

    def store(self, file: TrialFile, built: Iterable[Built]) -> Iterator[Stored]:
        """
        Store what was *built* of *file*, or of its next part, and yield each episode.

        Raises:
            RefoldError: Something in it cannot be read, and this is strict.
        """
        if file != self._file:
            self._file, self._equal = file, Counter()
        for each in built:
            if each.recorded is None:
                self._leave_out(each, file.name)
                continue
            self.report.add(each)
            self._equal[each.id] += 1
            equal = self._equal[each.id] - 1
            id = each.recorded.id(equal) if equal else each.id
            origin = Origin(file.name, file.digest, file.kind, each.version, each.place)
            yield self._store(id, each.recorded, origin, file.run)

    def _leave_out(self, each: Built, name: str) -> None:
        told = " ".join(each.problem.split())
        problem = told if told.startswith(name) else f"{name} {each.place}: {told}"
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
