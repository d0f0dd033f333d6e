"""Scores of episodes by whatever one word of the command line names: the *BY* of a command."""

from collections.abc import Sequence
from pathlib import Path

import click

from refold.commands.shared.grader_choice import GraderChoice, tell_remarks
from refold.commands.shared.judge_options import JudgeChoice
from refold.commands.shared.judging import JudgeSession
from refold.engine import EventLog, RefoldError
from refold.engine.log.left_out import LeftOut
from refold.graders.process import DEFAULT_TIMEOUT
from refold.graders.sources import Gradable, GradeSource

RECORDED = "recorded"
"""Names the rubric that each episode was recorded with."""


def read_scores(
    log: EventLog,
    by: str,
    ids: Sequence[str],
    judge: JudgeChoice,
    left_out: LeftOut,
    *,
    pass_at: float,
) -> dict[str, float]:
    """
    Return the score of each of the episodes *ids*; those without one are missing.

    Args:
        log: The log.
        by: ``recorded``, a TOML file with a rubric or a folder of them, ``FILE.py:FUNCTION``,
            ``source``, or the name of saved grades.
        ids: The episodes.
        judge: Who answers what a grader asks of a judge.
        left_out: Notes the episodes that cannot be graded.
        pass_at: The score from which an episode passes.

    Raises:
        RefoldError: *by* is none of these, or its grader fails.
        Exit: Only the missing questions were to be listed, which is done.
    """
    source = find_source(log, by, left_out)
    session = JudgeSession(judge, source, log)
    session.settle(ids, pass_at=pass_at)
    if session.list_missing(as_json=False):
        raise click.exceptions.Exit(0)
    selected = (Gradable(*each) for each in left_out.read_each(ids, log.events, id=str))
    graded = source.grade_all(selected)
    scores = {episode.id: given.score for episode, given in graded if given is not None}
    session.tell(as_json=False)
    tell_remarks(source)
    return scores


def find_source(log: EventLog, by: str, left_out: LeftOut) -> GradeSource:
    """
    Return what *by* names; *left_out* notes the episodes that it cannot grade.

    Raises:
        RefoldError: It names nothing.
    """
    # What a file holds now comes before grades that are saved under its name.
    function = by if Path(by.rpartition(":")[0]).is_file() else None
    choice = GraderChoice(None, False, function, DEFAULT_TIMEOUT)
    if function is not None or by == RECORDED:
        return choice.source(log, left_out)
    found = choice.older_source(by, log, left_out)
    if found is None:
        raise RefoldError(
            f"{by}: expected '{RECORDED}', a TOML file or a folder of them, FILE.py:FUNCTION or "
            "the name of saved grades, got none of them; `refold show` lists saved grades"
        )
    return found
