"""
Several logs in one: stored bytes are copied, and what is the same is kept once.

An episode is known by id and digest. One that another log holds further on is kept in the longer
form. An id that names different episodes stays with the first log's; the others get a number
behind it, and the forks of those follow.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import count
from typing import Literal

from attrs import define, evolve, field, frozen

from refold.engine import EpisodeInfo, EventLog, RefoldError
from refold.engine.chain import chain_heads
from refold.engine.log.audit import Audit
from refold.replays.verification import misfiled

_LONGEST_ID = 64


@frozen
class Source:
    """A log to merge: itself, and its file."""

    log: EventLog
    file: Audit


@frozen
class Merged:
    """
    What becomes of one episode of one log.

    Attributes:
        log: Path of the log.
        episode: Its id there.
        digest: Its digest there.
        id: Its id in the merged log.
        outcome: ``stored``, ``renamed`` (stored under another id), ``known`` (an earlier log
            has it) or ``outrun`` (another log has more of it).
    """

    log: str
    episode: str
    digest: str
    id: str
    outcome: Literal["stored", "renamed", "known", "outrun"]


@define
class _Place:
    """An episode of the merged log: where its bytes come from, and who else has it."""

    source: Source
    info: EpisodeInfo
    all: list[tuple[Source, EpisodeInfo]] = field(factory=list)


class Merge:
    """
    How *sources* become one log, decided before anything is written.

    Attributes:
        ids: The ids of the merged log, in order: those of the first source, then the others.

    Raises:
        RefoldError: A log cannot be read.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self._places: dict[str, _Place] = {}
        self._ids: dict[tuple[str, str], str] = {}
        taken = {id for source in sources for id in source.file.ids()}
        for source in sources:
            for info in source.log.episodes():
                self._put(source, info, taken)

    @property
    def ids(self) -> Sequence[str]:
        """The ids of the merged log, in order."""
        return tuple(self._places)

    def _put(self, source: Source, info: EpisodeInfo, taken: Collection[str]) -> None:
        """Find the place of an episode: the first, by the numbers behind its id, that it fits."""
        for id in _names(info.id):
            place = self._places.get(id)
            if place is None and id in taken and id != info.id:
                continue
            if place is None:
                place = self._places[id] = _Place(source, info)
            elif _is_beginning(info, place.source, place.info):
                pass
            elif _is_beginning(place.info, source, info):
                place.source, place.info = source, info
            else:
                continue
            place.all.append((source, info))
            self._ids[source.log.path, info.id] = id
            return

    def write(self, log: EventLog) -> Iterator[str]:
        """
        Store every episode with its grades in *log*, a new one, and yield its id there.

        Raises:
            LogDamaged: A chain is broken.
            RefoldError: What a log tells of an episode is not what its events say.
        """
        for id, place in self._places.items():
            info = place.info
            stream = place.source.log.events(info.id)
            if problem := misfiled(info, stream):
                where = f"{place.source.log.path}: episode {info.id}"
                raise RefoldError(f"{where}: {problem}; `refold verify` tells more")
            parent = info.parent and self._ids.get((place.source.log.path, info.parent))
            new = evolve(info, id=id, parent=parent or info.parent)
            log.begin(new, stream.payloads, end=info.ended_at is not None)
            digests = [head.hex() for head in chain_heads(stream.payloads)]
            self._write_grades(log, id, place, digests)
            yield id

    def _write_grades(self, log: EventLog, id: str, place: _Place, digests: Sequence[str]) -> None:
        """Keep by each rubric the grade of the most of the events that any of the logs has."""
        position = {digest: seq for seq, digest in enumerate(digests)}
        rows = [row for source, info in place.all for row in source.file.grades(info.id)]
        fitting = [row for row in rows if row.digest in position]
        for row in sorted(fitting, key=lambda row: position[row.digest]):
            rubric = (row.rubric, row.version, row.rubric_digest)
            log.save_grade(id, digest=row.digest, rubric=rubric, score=row.score, grade=row.grade)

    def outcomes(self) -> Iterator[Merged]:
        """Yield what becomes of each episode of each log."""
        for id, place in self._places.items():
            for source, info in place.all:
                outcome: Literal["stored", "renamed", "known", "outrun"] = "known"
                if info is place.info:
                    outcome = "stored" if info.id == id else "renamed"
                elif info.digest != place.info.digest:
                    outcome = "outrun"
                yield Merged(source.log.path, info.id, info.digest, id, outcome)


def _is_beginning(info: EpisodeInfo, source: Source, other: EpisodeInfo) -> bool:
    """Return whether the episode *info* is *other*, one of *source*, or a beginning of it."""
    if info.events >= other.events:
        return info.digest == other.digest
    heads = chain_heads(source.log.events(other.id).payloads[: info.events])
    return bool(heads) and heads[-1].hex() == info.digest


def _names(id: str) -> Iterator[str]:
    """Yield *id*, and then the same with 2, 3, ... behind it."""
    yield id
    for number in count(2):
        yield f"{id[: _LONGEST_ID - len(str(number)) - 1]}-{number}"
