"""
An episode as a run to export: its trial, and what refold itself says of it.

The trial of an imported episode is the one that it was made of, byte for byte; of any other, it is
what an agent was told and did, turn by turn, with refold's grade as its score.
"""

from collections.abc import Sequence

from attrs import frozen

from refold.agents.origins import IMPORT, strip_origin
from refold.engine import EpisodeInfo, EventLog, Stream
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.graders import Grade, grade
from refold.scenarios.answered.events import ScoreGiven
from refold.transcripts.episodes import episode_id, utc_time
from refold.transcripts.exports.imported import imported_trial, is_imported
from refold.transcripts.exports.watched import watched_trial
from refold.transcripts.trial import Trial

_GRADE = "refold"


@frozen
class Run:
    """
    An episode to export.

    Attributes:
        info: Its row in the log.
        trial: What happened in it.
        digest: Hex head of its hash chain.
        grade: refold's grade by the recorded rubric; None if failures cut the episode off, or
            there is nothing to grade.
        graded: The grade as a score, under a name that no given score has; None if there is none.
    """

    info: EpisodeInfo
    trial: Trial
    digest: str
    grade: Grade | None
    graded: ScoreGiven | None

    @property
    def scores(self) -> Sequence[ScoreGiven]:
        """The scores that were given, and refold's grade."""
        own = [] if self.graded is None or self.graded in self.trial.scores else [self.graded]
        return [*self.trial.scores, *own]


def read_run(log: EventLog, info: EpisodeInfo) -> Run:
    """
    Return the run of the episode *info* of *log*.

    Raises:
        LogDamaged: The stored chain is broken.
        ScenarioError: The recorded rubric does not fit the family.
    """
    stream = log.events(info.id)
    imported = is_imported(stream)
    trial = imported_trial(stream) if imported else watched_trial(stream)
    trial.agent = strip_origin(info.agent, IMPORT)
    trial.started, trial.ended = utc_time(info.started_at), utc_time(info.ended_at)
    trial.epoch = _told_epoch(info, trial.agent, stream)
    # Where a source tells neither score nor reward, there is nothing to grade.
    untold = imported and not trial.scores and trial.reward is None
    given = None if untold or info.reason == INSTRUMENT_FAILED else grade(stream)
    graded = None if given is None else _as_score(given, trial.scores)
    if graded is not None and not imported:
        trial.scores.append(graded)
    return Run(info, trial, stream.digest, given, graded)


def _told_epoch(info: EpisodeInfo, agent: str, stream: Stream) -> int | None:
    """Return the episode's epoch, unless the source that it was imported from told none."""
    untold = info.id == episode_id(agent, None, 0, stream.payloads)
    return None if untold else info.epoch


def _as_score(given: Grade, others: Sequence[ScoreGiven]) -> ScoreGiven:
    name = _GRADE
    while name in [each.name for each in others]:
        name += "_grade"
    rubric = given.rubric
    return ScoreGiven(
        name=name,
        value=given.score,
        parts=dict(given.breakdown),
        by=f"{rubric.name}@{rubric.version}+{rubric.digest[:12]}",
    )
