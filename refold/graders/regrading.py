"""
Compare fresh grades with saved ones: which episodes moved, and why.

Saved grades come from a log, or from a file that ``refold grade --json`` wrote. Both are read
one episode at a time, so memory does not grow with the log or the file.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from math import isfinite
from typing import IO, Any

import msgspec
from attrs import Factory, define, frozen

from refold.engine import EpisodeInfo, EventLog, RefoldError, Stream
from refold.engine.log.left_out import LeftOut
from refold.engine.text_marks import without_bom
from refold.graders import Grade, RubricName, saved_grades
from refold.graders.changes import GradeChange, compare_grades
from refold.graders.sources import Gradable, GradeSource, grade_as_recorded
from refold.scenarios import recorded_rubric

_CHUNK = 2**20
_LARGEST_ITEM = 16 * 2**20  # letters; a file of something else must not be read into memory whole
_OPENING = re.compile(r'\s*\{\s*"grades"\s*:\s*\[')
_SEPARATORS = re.compile(r"[\s,]*")


class SavedEpisode(Gradable):
    """An episode with its row in the log, and its saved grades in the order of saving."""

    def __init__(self, info: EpisodeInfo, stream: Stream, grades: Sequence[Grade]) -> None:
        super().__init__(info.id, stream)
        self.info = info
        self.grades = grades


@frozen
class RegradedEpisode:
    """
    An episode that was graded again, with both grades.

    Attributes:
        info: Its row in the log.
        stream: Its events.
        change: The old grade, the new one, and how they differ, if they do.
        moved: Whether score or points changed by more than was tolerated.
    """

    info: EpisodeInfo
    stream: Stream
    change: GradeChange
    moved: bool


@define
class RegradeCounts:
    """
    Running counts of a regrade.

    Attributes:
        compared: Episodes compared.
        moved: Those of them whose grade moved.
        unsaved: Episodes without an old grade.
        ungraded: Episodes with an old grade but no new one.
        missing: Saved grades of episodes that the log does not hold.
        saved: Episodes compared with a saved grade, by its rubric.
        recorded: Episodes compared with the grade by their recorded rubric.
    """

    compared: int = 0
    moved: int = 0
    unsaved: int = 0
    ungraded: int = 0
    missing: int = 0
    saved: Counter[RubricName] = Factory(Counter)
    recorded: int = 0


def regrade(
    episodes: Iterable[SavedEpisode],
    source: GradeSource,
    tally: RegradeCounts,
    *,
    or_recorded: LeftOut | None = None,
    tolerance: float = 0.0,
) -> Iterator[RegradedEpisode]:
    """
    Yield each of *episodes* that has an old grade and a new one; count all of them in *tally*.

    Of several saved grades, the new one is compared with that by the same rubric; else with
    the last by a rubric of the same name; else with that by the recorded rubric.

    Args:
        episodes: The episodes, with their saved grades.
        source: Gives the new grades.
        tally: The counts.
        or_recorded: If given, the recorded rubric gives the old grade of an episode without any;
            it notes those whose rubric fails.
        tolerance: How much a grade may change without having moved.
    """
    for episode, new in source.grade_all(episodes):
        old = None if new is None else _find_comparable(episode, new)
        if old is not None:
            tally.saved[old.rubric] += 1
        elif new is not None and or_recorded is not None:
            graded = or_recorded.read_each([episode], grade_as_recorded)
            old = next((given for _, given in graded), None)
            tally.recorded += old is not None
        if new is None:
            tally.ungraded += 1
        elif old is None:
            tally.unsaved += 1
        else:
            tally.compared += 1
            yield _compare(episode, old, new, tally, tolerance)


def regrade_both(
    episodes: Iterable[SavedEpisode],
    older: GradeSource,
    newer: GradeSource,
    tally: RegradeCounts,
    *,
    tolerance: float = 0.0,
) -> Iterator[RegradedEpisode]:
    """Do as ``regrade``, with the old grades of *older* and the new ones of *newer*."""

    def with_old() -> Iterator[SavedEpisode]:
        for episode, old in older.grade_all(episodes):
            if old is None:
                tally.unsaved += 1
            else:
                episode.grades = (old,)
                yield episode

    for episode, new in newer.grade_all(with_old()):
        if new is None:
            tally.ungraded += 1
        else:
            tally.compared += 1
            yield _compare(episode, episode.grades[0], new, tally, tolerance)


def _compare(
    episode: SavedEpisode, old: Grade, new: Grade, tally: RegradeCounts, tolerance: float
) -> RegradedEpisode:
    change = compare_grades(old, new)
    moved = change.has_moved(tolerance)
    tally.moved += moved
    return RegradedEpisode(episode.info, episode.stream, change, moved)


def _find_comparable(episode: SavedEpisode, fresh: Grade) -> Grade | None:
    saved = episode.grades
    # The usual cases, decided without the work below.
    if not saved or (len(saved) == 1 and saved[0].rubric == fresh.rubric):
        return saved[0] if saved else None
    same = [each for each in saved if each.rubric.digest == fresh.rubric.digest]
    named = [each for each in saved if each.rubric.name == fresh.rubric.name]
    if not same and not named:
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
        infos, lambda info: SavedEpisode(info, log.events(info.id), saved_grades(log, info.id))
    ):
        yield found


def episodes_in_log(
    log: EventLog, infos: Iterable[EpisodeInfo], left_out: LeftOut
) -> Iterator[SavedEpisode]:
    """Yield the episodes *infos* of *log* without any grades; *left_out* notes others."""
    for info, stream in left_out.read_each(infos, lambda info: log.events(info.id)):
        yield SavedEpisode(info, stream, ())


def episodes_graded_in_file(
    log: EventLog,
    file: IO[str],
    tally: RegradeCounts,
    left_out: LeftOut,
    *,
    only: frozenset[str],
    whole: bool,
    where: str,
) -> Iterator[SavedEpisode]:
    """
    Yield the episodes of *log* that *file* has grades of, in the file's order.

    Args:
        log: The log.
        file: The output of ``refold grade --json``.
        tally: Counts the grades of episodes that the log does not hold.
        left_out: Notes the episodes that cannot be read.
        only: Ids of the episodes wanted.
        whole: Whether these are all that there are, so that grades of others are missing one.
        where: The file's name in error messages.

    Raises:
        RefoldError: *file* holds something else.
    """
    for id, grade in read_grades(file, where):
        if id not in only:
            tally.missing += whole and not log.holds(id) and id not in left_out.problems
            continue
        found = left_out.find_each(log, [id])
        for info, stream in left_out.read_each(found, lambda info: log.events(info.id)):
            yield SavedEpisode(info, stream, (grade,))


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
