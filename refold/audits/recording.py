"""
The episodes that show what an audit found, in a log.

An episode's id is made of its agent and its digest, so that equal audits name equal episodes, and
an audit that is repeated records nothing twice.
"""

from hashlib import sha256

from refold.audits.findings import Finding, Shown, Stored
from refold.audits.running import Answer
from refold.engine import EpisodeEnded, EventLog
from refold.engine.definition import header_of
from refold.engine.log.info import EpisodeRecord
from refold.graders import grade, save_grade

RUN = "audit"
"""The run that the episodes of audits belong to."""


def record(log: EventLog | None, path: str, answer: Answer) -> Finding:
    """
    Return the finding that *answer* is, and record the episode that shows it.

    *path* is that of *log*, which takes the episode unless a log holds it already; None where
    that is so of all.
    """
    check, measured = answer.check, answer.measured
    episode = measured.episode
    if isinstance(episode, Shown):
        assert log is not None, "only of logs, all episodes are recorded already"
        episode = Stored(_store(log, episode), path)
    return Finding(
        check=check.id,
        title=check.title,
        target=answer.target,
        part=measured.part,
        verdict="error" if answer.problem is not None else check.verdict(measured),
        value=measured.value,
        side=check.side,
        bound=measured.bound,
        episode=episode,
        about=measured.about,
    )


def _store(log: EventLog, shown: Shown) -> str:
    stream = shown.stream
    id = sha256(f"{shown.agent} {stream.digest}".encode()).hexdigest()[:16]
    with log.transaction():
        if not log.holds(id):
            ended = any(isinstance(event, EpisodeEnded) for event in stream)
            name = header_of(stream.scenario).name
            opening = EpisodeRecord(id, name, shown.seed, shown.agent, RUN)
            log.begin(opening, stream.payloads, end=ended)
            save_grade(log, id, grade(stream))
    return id
