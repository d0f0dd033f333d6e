"""Scores of episodes by whatever one word of the command line names: the *BY* of a command."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from refold.commands.shared.grader_choice import GraderChoice, SelectedEpisode
from refold.commands.shared.judge_options import JudgeChoice
from refold.commands.shared.judging import JudgeSession
from refold.engine import EventLog, RefoldError
from refold.engine.log.left_out import LeftOut
from refold.graders.process.file_grader import DEFAULT_TIMEOUT, FileGrader
from refold.graders.saved import saved_or_none

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
        by: ``recorded``, a TOML file with a rubric, ``FILE.py:FUNCTION``, or the name of saved
            grades, with a beginning of their digest after an ``@`` if several have it.
        ids: The episodes.
        judge: Who answers what a grader asks of a judge.
        left_out: Notes the episodes that cannot be graded.
        pass_at: The score from which an episode passes.

    Raises:
        RefoldError: *by* is none of these, or its grader fails.
    """
    choice = _grader(by)
    if choice is None:
        return dict(_saved_scores(log, by, ids, left_out))
    session = JudgeSession(judge, choice, log)
    session.settle(ids, pass_at=pass_at)
    selected = (SelectedEpisode(*each) for each in left_out.read_each(ids, log.events, id=str))
    graded = choice.grade_all(selected, left_out, session)
    scores = {episode.id: given.score for episode, given in graded}
    session.tell(as_json=False)
    return scores


def _grader(by: str) -> GraderChoice | None:
    """Return the grader that *by* names; None if it can only name saved grades."""
    if by == RECORDED:
        return GraderChoice(None, False, None, DEFAULT_TIMEOUT)
    if by.endswith(".toml"):
        return GraderChoice(by, False, None, DEFAULT_TIMEOUT)
    if Path(by.rpartition(":")[0]).is_file():
        return GraderChoice(None, False, FileGrader(by), DEFAULT_TIMEOUT)
    return None


def _saved_scores(
    log: EventLog, by: str, ids: Sequence[str], left_out: LeftOut
) -> Iterator[tuple[str, float]]:
    """Yield id and score of the episodes that have a saved grade of that name."""
    fitting: dict[str, list[tuple[str, float]]] = {}
    name, _, digest = by.rpartition("@")
    for id in ids:
        now = log.find(id).digest
        for each in saved_or_none(log, id, left_out):
            rubric = each.rubric
            named = rubric.name == by or (rubric.name == name and rubric.digest.startswith(digest))
            if named and each.episode_digest == now:
                fitting.setdefault(rubric.digest, []).append((id, each.score))
    if len(fitting) > 1:
        digests = ", ".join(f"@{each[:8]}" for each in fitting)
        raise RefoldError(f"{by}: expected saved grades of one digest, got {digests}; add one")
    if not fitting:
        raise RefoldError(
            f"{by}: expected '{RECORDED}', a TOML file, FILE.py:FUNCTION or the name of saved "
            "grades, got none of them; `refold show` lists saved grades"
        )
    yield from next(iter(fitting.values()))
