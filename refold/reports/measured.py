"""The episodes of a run as its pages need them: outcome, exchanges, and what was lost."""

from collections.abc import Mapping

from attrs import frozen

from refold.engine import EpisodeInfo, EventLog
from refold.engine.log.left_out import LeftOut
from refold.graders import Grade
from refold.graders.elsewhere import Workers
from refold.graders.sources import GradeSource
from refold.replays.verdict.curve import lost_by
from refold.reports.outcomes import Outcome, graded_outcomes
from refold.reports.usage import Usage, usage_of


@frozen
class Measured:
    """
    One episode of a run.

    Attributes:
        info: Its row in the log.
        outcome: Its result.
        usage: What its exchanges with a model came to.
        lost: The points that parts of its grade lost, by the part's name; above 0.
    """

    info: EpisodeInfo
    outcome: Outcome
    usage: Usage
    lost: Mapping[str, float]


_NO_USAGE = Usage()  # one for all episodes without a model: it is only read


def losses_of(grade: Grade) -> dict[str, float]:
    """Return the points that parts of *grade* lost, of those that lost any, as the rubric goes."""
    return {part.name: lost for part in grade.parts if (lost := lost_by(part)) > 0}


def measure_run(
    log: EventLog,
    run: str,
    *,
    left_out: LeftOut,
    source: GradeSource | None = None,
    workers: Workers | None = None,
) -> list[Measured]:
    """
    Return the episodes of *run* in the order in which they began; forks are left out.

    *left_out* notes those that cannot be read or graded; *source* gives the grades, in place of
    the recorded rubrics, and *workers* do so in other processes.
    """
    graded = graded_outcomes(
        log, usage_of, run=run, left_out=left_out, source=source, workers=workers
    )
    return [
        Measured(info, outcome, usage if usage.requests else _NO_USAGE, losses_of(grade))
        for info, outcome, usage, grade in graded
    ]
