"""Grades saved in a log beside their episodes: derived data, which can be dropped and remade."""

import msgspec

from refold.engine import EventLog
from refold.graders.grading import Grade

_decode = msgspec.json.Decoder(Grade).decode


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
    """
    return [_decode(grade) for grade in log.grades(episode)]
