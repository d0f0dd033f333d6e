"""Grades saved in a log beside their episodes: derived data, which can be dropped and remade."""

import msgspec

from refold.engine import EventLog, RefoldError
from refold.engine.log.left_out import LeftOut
from refold.graders.grading import Grade

_decode = msgspec.json.Decoder(Grade).decode
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def save_grade(log: EventLog, episode: str, grade: Grade) -> None:
    """Save *grade* of *episode* in *log*, replacing one by the same rubric."""
    rubric = grade.rubric
    log.save_grade(
        episode,
        digest=grade.episode_digest,
        rubric=(rubric.name, rubric.version, rubric.digest),
        score=grade.score,
        grade=grade.to_json(),
    )


def saved_grades(log: EventLog, episode: str) -> list[Grade]:
    """
    Return the saved grades of *episode*, in the order in which they were saved.

    Raises:
        UnknownEpisode, AmbiguousEpisode: As ``EventLog.find``.
        RefoldError: One of them cannot be read.
    """
    try:
        return [_decode(grade) for grade in log.grades(episode)]
    except _UNREADABLE as error:
        raise RefoldError(
            f"episode {episode}: expected saved grades, got a row of the table grades that is "
            f"none: {error}; delete it there and grade again"
        ) from None


def saved_or_none(log: EventLog, episode: str, left_out: LeftOut) -> list[Grade]:
    """Return the saved grades of *episode*; none if one cannot be read, which *left_out* notes."""
    try:
        return saved_grades(log, episode)
    except RefoldError as error:
        left_out.add(episode, error)
        return []


def is_grade(content: bytes) -> bool:
    """Return whether *content*, as a log stores it, can be read as a grade."""
    try:
        _decode(content)
    except _UNREADABLE:
        return False
    return True
