"""Grades kept in a log beside their episodes: derived data, to be dropped and remade at will."""

import msgspec

from refold.engine import EventLog
from refold.graders.grading import Grade

_decode = msgspec.json.Decoder(Grade).decode


def save_grade(log: EventLog, episode: str, grade: Grade) -> None:
    """Keep *grade* beside *episode*; one by the same rubric is replaced."""
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
    Return the grades kept beside *episode*, the first kept first.

    Raises:
        UnknownEpisode, AmbiguousEpisode: As ``EventLog.find``.
    """
    return [_decode(grade) for grade in log.grades(episode)]
