"""
Merge several logs into a new one: stored bytes are copied, duplicates are kept once.

Episodes are identified by id and digest. If one log has more events of an episode than another,
the longer one is kept. If an id names different episodes, the first log's keeps it; the others
get a number appended, and their forks' parent is changed accordingly.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import count
from typing import Literal

from attrs import define, evolve, field, frozen

from refold.engine import EpisodeInfo, EventLog, NotALog, RefoldError, Stream
from refold.engine.chain import chain_heads
from refold.engine.log.audit import Audit, SavedRow
from refold.engine.log.judgements import unpack
from refold.engine.log.left_out import LeftOut
from refold.graders.saved import is_grade, saved_or_none
from refold.replays.judgements import judgement_problem
from refold.replays.verification import find_row_mismatch

_LONGEST_ID = 64  # the limit for all ids; a renamed one is shortened to stay within


@frozen
class MergeSource:
    """A log to merge, opened twice: for its episodes, and for raw access to its rows."""

    log: EventLog
    file: Audit


@frozen
class MergedEpisode:
    """
    What becomes of one episode of one source.

    Attributes:
        log: Path of the log.
        episode: Its id there.
        digest: Its digest there.
        id: Its id in the merged log.
        outcome: ``stored``, ``renamed`` (stored under another id), ``known`` (stored from an
            earlier log) or ``outrun`` (stored from another log, which has more of it).
    """

    log: str
    episode: str
    digest: str
    id: str
    outcome: Literal["stored", "renamed", "known", "outrun"]


@define
class _Destination:
    """An episode of the merged log: the source of its bytes, and every source that has it."""

    source: MergeSource
    info: EpisodeInfo
    holders: list[tuple[MergeSource, EpisodeInfo]] = field(factory=list)


class MergePlan:
    """
    The plan for merging *sources*, complete before anything is written.

    Attributes:
        ids: Ids of the merged log in order: the first source's, then the others'.

    Args:
        sources: The logs, in order.
        left_out: Notes the episodes that cannot be copied.

    Raises:
        RefoldError: A log cannot be read.
    """

    def __init__(self, sources: Sequence[MergeSource], left_out: LeftOut) -> None:
        self._sources = sources
        self._places: dict[str, _Destination] = {}
        self._ids: dict[tuple[str, str], str] = {}
        taken = {id for source in sources for id in source.file.ids()}
        for source in sources:
            for info in self._readable(source, left_out):
                self._place_episode(source, info, taken)

    def _readable(self, source: MergeSource, left_out: LeftOut) -> Iterator[EpisodeInfo]:
        """Yield the episodes of *source* that can be copied; *left_out* notes the others."""
        own = LeftOut()  # ids are those of one log: another may have a sound episode of that name
        infos = source.log.episodes(left_out=own)
        for info, _ in own.read_each(infos, lambda info: _check_episode(source, info)):
            saved_or_none(source.log, info.id, own)  # noted; the episode itself is sound
            yield info
        for id, problem in own.problems.items():
            left_out.problems[f"{source.log.path} {id}"] = f"{source.log.path}: {problem}"

    @property
    def ids(self) -> Sequence[str]:
        """The ids of the merged log, in order."""
        return tuple(self._places)

    def _place_episode(
        self, source: MergeSource, info: EpisodeInfo, taken: Collection[str]
    ) -> None:
        """Assign an episode to the first id, in order of candidates, that is free or its own."""
        for id in _candidate_ids(info.id):
            place = self._places.get(id)
            if place is None and id in taken and id != info.id:
                continue  # the id of an episode still to come: a rename may not push that aside
            if place is None:
                place = self._places[id] = _Destination(source, info)
            elif _is_prefix(info, place.source, place.info):
                pass
            elif _is_prefix(place.info, source, info):
                place.source, place.info = source, info
            else:
                continue
            place.holders.append((source, info))
            self._ids[source.log.path, info.id] = id
            return

    def write(self, log: EventLog) -> Iterator[str]:
        """
        Store every episode with its grades in the new *log*, and yield its id there.

        Raises:
            RefoldError: A source was changed since the plan was made.
        """
        for id, place in self._places.items():
            info = place.info
            stream = _check_episode(place.source, info)
            parent = info.parent and self._ids.get((place.source.log.path, info.parent))
            new = evolve(info, id=id, parent=parent or info.parent)
            log.begin(new, stream.payloads, end=info.ended_at is not None)
            origins = (source.log.origin(held.id) for source, held in place.holders)
            origin = next((each for each in origins if each is not None), None)
            if origin is not None:
                log.save_origin(id, origin)
            digests = [head.hex() for head in chain_heads(stream.payloads)]
            self._write_grades(log, id, place, digests)
            yield id

    def write_judgements(self, log: EventLog) -> None:
        """
        Store what judges answered in the new *log*; of two answers, that of the earlier source.

        Raises:
            RefoldError: An answer or its question was altered.
        """
        for source in self._sources:
            for found, stored in source.log.judgements():
                body = unpack(stored) or b""
                key = (found.question, found.judge, found.attempt)
                if problem := judgement_problem(*key, found.payload, found.hash, body):
                    raise RefoldError(f"{source.log.path}: {problem}; `refold verify` tells more")
                asked_of = found.first_asked_of
                id = self._ids.get((source.log.path, asked_of), asked_of)
                log.save_judgement(evolve(found, first_asked_of=id), body)

    def write_remarks(self, log: EventLog) -> None:
        """
        Store what people said in the new *log*, each remark once.

        Raises:
            RefoldError: A remark was altered.
        """
        for source in self._sources:
            for remark in source.log.remarks():
                id = self._ids.get((source.log.path, remark.episode))
                if id is not None:  # else its episode was left out
                    log.save_remark(evolve(remark, episode=id))

    def _write_grades(
        self, log: EventLog, id: str, place: _Destination, digests: Sequence[str]
    ) -> None:
        """Save, for each rubric, the grade that covers the most events of the episode."""
        position = {digest: seq for seq, digest in enumerate(digests)}
        rows = [row for source, info in place.holders for row in _readable_grades(source, info)]
        fitting = [row for row in rows if row.digest in position]
        # In ascending order: a grade by the same rubric replaces the one before.
        for row in sorted(fitting, key=lambda row: position[row.digest]):
            rubric = (row.rubric, row.version, row.rubric_digest)
            log.save_grade(id, digest=row.digest, rubric=rubric, score=row.score, grade=row.grade)

    def outcomes(self) -> Iterator[MergedEpisode]:
        """Yield what becomes of each episode of each source."""
        for id, place in self._places.items():
            for source, info in place.holders:
                outcome: Literal["stored", "renamed", "known", "outrun"] = "known"
                if info is place.info:
                    outcome = "stored" if info.id == id else "renamed"
                elif info.digest != place.info.digest:
                    outcome = "outrun"
                yield MergedEpisode(source.log.path, info.id, info.digest, id, outcome)


def _check_episode(source: MergeSource, info: EpisodeInfo) -> Stream:
    """
    Return the events of the episode *info* of *source*.

    Raises:
        LogDamaged: The chain is broken.
        RefoldError: The row contradicts the events.
    """
    stream = source.log.events(info.id)
    if problem := find_row_mismatch(info, stream):
        raise RefoldError(f"episode {info.id}: {problem}; `refold verify` tells more")
    return stream


def _readable_grades(source: MergeSource, info: EpisodeInfo) -> list[SavedRow]:
    """Return the saved grades of *info* that can be read; the plan has noted the others."""
    try:
        return [row for row in source.file.grades(info.id) if is_grade(row.grade)]
    except NotALog:
        return []


def _is_prefix(info: EpisodeInfo, source: MergeSource, other: EpisodeInfo) -> bool:
    """Return whether the episode *info* equals *other* of *source*, or is a prefix of it."""
    if info.events >= other.events:
        return info.digest == other.digest
    heads = chain_heads(source.log.events(other.id).payloads[: info.events])
    return bool(heads) and heads[-1].hex() == info.digest


def _candidate_ids(id: str) -> Iterator[str]:
    """Yield *id*, then *id* with -2, -3, ... appended."""
    yield id
    for number in count(2):
        yield f"{id[: _LONGEST_ID - len(str(number)) - 1]}-{number}"
