"""
Compare fresh grades with saved ones: which episodes moved, and why.

Saved grades come from a log, or from a file that ``refold grade --json`` wrote. Both are read
one episode at a time, so memory does not grow with the log or the file.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import isfinite
from typing import IO, Any

import msgspec
from attrs import define, frozen

from refold.engine import EpisodeInfo, EventLog, RefoldError, Stream, UnknownEpisode
from refold.engine.errors import AmbiguousEpisode
from refold.engine.log.left_out import LeftOut
from refold.engine.text_marks import without_bom
from refold.graders import Grade, saved_grades
from refold.graders.changes import GradeChange, compare_grades
from refold.scenarios import recorded_rubric

_CHUNK = 2**20
_LARGEST_ITEM = 16 * 2**20  # letters; a file of something else must not be read into memory whole
_OPENING = re.compile(r'\s*\{\s*"grades"\s*:\s*\[')
_SEPARATORS = re.compile(r"[\s,]*")


@frozen
class SavedEpisode:
    """An episode with its saved grades, in the order in which they were saved."""

    id: str
    stream: Stream
    grades: Sequence[Grade]


@frozen
class RegradedEpisode:
    """An episode whose grade moved, with the change."""

    id: str
    stream: Stream
    change: GradeChange


@define
class RegradeCounts:
    """
    Running counts of a regrade.

    Attributes:
        compared: Episodes compared.
        moved: Those of them whose grade moved.
        unsaved: Episodes without a saved grade.
        missing: Saved grades of episodes that the log does not hold.
    """

    compared: int = 0
    moved: int = 0
    unsaved: int = 0
    missing: int = 0


GradeEpisodes = Callable[[Iterable[SavedEpisode]], Iterator[tuple[SavedEpisode, Grade]]]
"""Yields each episode with its fresh grade, in order."""


def regrade(
    episodes: Iterable[SavedEpisode],
    grading: GradeEpisodes,
    tally: RegradeCounts,
    *,
    tolerance: float = 0.0,
) -> Iterator[RegradedEpisode]:
    """
    Yield the episodes whose grade moved by more than *tolerance*; count all of them in *tally*.

    Of several saved grades, the fresh one is compared with that by the same rubric; else with
    the last by a rubric of the same name; else with that by the recorded rubric.
    """
    for episode, fresh in grading(_saved_only(episodes, tally)):
        old = _find_comparable(episode, fresh)
        if old is None:
            tally.unsaved += 1
            continue
        tally.compared += 1
        if old == fresh:
            continue
        change = compare_grades(old, fresh)
        if change.has_moved(tolerance):
            tally.moved += 1
            yield RegradedEpisode(episode.id, episode.stream, change)


def _saved_only(episodes: Iterable[SavedEpisode], tally: RegradeCounts) -> Iterator[SavedEpisode]:
    """Yield the episodes that have a saved grade; *tally* counts the others."""
    for episode in episodes:
        if episode.grades:
            yield episode
        else:
            tally.unsaved += 1


def _find_comparable(episode: SavedEpisode, fresh: Grade) -> Grade | None:
    saved = episode.grades
    # The usual case, decided without the work below.
    if len(saved) == 1 and saved[0].rubric == fresh.rubric:
        return saved[0]
    same = [each for each in saved if each.rubric.digest == fresh.rubric.digest]
    named = [each for each in saved if each.rubric.name == fresh.rubric.name]
    if not same and not named and saved:
        recorded = recorded_rubric(episode.stream.scenario).digest
        named = [each for each in saved if each.rubric.digest == recorded]
    found = _prefer_same_events(same, fresh) or named
    return found[-1] if found else None


def _prefer_same_events(saved: Sequence[Grade], fresh: Grade) -> Sequence[Grade]:
    """Return the grades of exactly these events; all of *saved* if there are none."""
    return [each for each in saved if each.episode_digest == fresh.episode_digest] or saved


def episodes_graded_in_log(
    log: EventLog, infos: Iterable[EpisodeInfo], left_out: LeftOut
) -> Iterator[SavedEpisode]:
    """Yield the episodes *infos* of *log* with the grades saved in it; *left_out* notes others."""
    for _, found in left_out.read_each(
        infos, lambda info: SavedEpisode(info.id, log.events(info.id), saved_grades(log, info.id))
    ):
        yield found


def episodes_graded_in_file(
    log: EventLog,
    file: IO[str],
    tally: RegradeCounts,
    left_out: LeftOut,
    *,
    only: frozenset[str] | None,
    where: str,
) -> Iterator[SavedEpisode]:
    """
    Yield the episodes of *log* that *file* has grades of, in the file's order.

    Args:
        log: The log.
        file: The output of ``refold grade --json``.
        tally: Counts the grades of episodes that the log does not hold.
        left_out: Notes the episodes that cannot be read.
        only: Ids of the episodes wanted; None for all.
        where: The file's name in error messages.

    Raises:
        RefoldError: *file* holds something else.
    """
    for id, grade in read_grades(file, where):
        if only is not None and id not in only:
            continue
        try:
            found = [info for info in left_out.find_each(log, [id]) if info.id == id]
        except (UnknownEpisode, AmbiguousEpisode):
            found = []
        if not found and id not in left_out.problems:  # find() takes prefixes too
            tally.missing += 1
        for _, stream in left_out.read_each(found, lambda info: log.events(info.id)):
            yield SavedEpisode(id, stream, (grade,))


def read_grades(file: IO[str], where: str) -> Iterator[tuple[str, Grade]]:
    """
    Yield id and grade of each episode in *file*, the output of ``refold grade --json``.

    Raises:
        RefoldError: *file* holds something else, or an item that is too large. Grades yielded
            before are valid.
    """
    for number, item in enumerate(_read_items(file, where)):
        path = f"{where} $.grades[{number}]"
        try:
            id = msgspec.convert(item["episode"], str)
            grade = msgspec.convert(item, Grade)
        except (KeyError, TypeError, msgspec.ValidationError) as error:
            raise RefoldError(f"{path}: expected a grade of an episode, got {error}") from None
        numbers = (grade.score, *grade.counts.values(), *(part.points for part in grade.parts))
        if not all(map(isfinite, numbers)):
            raise RefoldError(f"{path}: expected finite numbers, got another")
        yield id, grade


def _read_items(file: IO[str], where: str) -> Iterator[Any]:
    """
    Yield the items of the list under ``grades``, decoded one at a time.

    ``json.load`` would hold the whole file in memory.
    """
    decode = json.JSONDecoder().raw_decode
    text = _read_chunk(file, where)
    beginning = _OPENING.match(text)
    if beginning is None:
        problem = f"expected what `refold grade --json` writes, got {text[:20]!r}"
        raise RefoldError(f"{where}: {problem}")
    at = beginning.end()
    while not text.startswith("]", at := _skip(_SEPARATORS, text, at)):
        try:
            item, end = decode(text, at)
        except (json.JSONDecodeError, RecursionError):
            item, end = None, len(text)
        # An item that ends where the text does may be a number cut short: read on first.
        if end < len(text):
            yield item
            at = end
            continue
        more = _read_chunk(file, where)
        if not more or len(text) - at > _LARGEST_ITEM:
            raise RefoldError(
                f"{where}: expected JSON to its end, got a broken grade; write it again"
            )
        text, at = text[at:] + more, 0


def _skip(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _read_chunk(file: IO[str], where: str) -> str:
    try:
        return file.read(_CHUNK)
    except UnicodeDecodeError as error:
        without_bom(error.object, where)  # names UTF-16
        raise RefoldError(f"{where}: expected UTF-8, got something else") from None
