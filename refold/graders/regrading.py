"""
Compare fresh grades with older ones: which episodes moved, and why.

Old grades come from a log, from a file that ``refold grade --json`` wrote, or from another source.
All are read one episode at a time, so memory does not grow with the log or the file.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import IO

from attrs import Factory, define, frozen

from refold.engine import EpisodeInfo, EventLog
from refold.engine.log.left_out import LeftOut
from refold.graders import RubricName
from refold.graders.changes import GradeChange
from refold.graders.elsewhere import SourceElsewhere
from refold.graders.grade_files import read_grades
from refold.graders.judging import NO_JUDGE, Judging
from refold.graders.pairing import (
    Candidate,
    Evidence,
    Pair,
    Pairing,
    pair_both,
    pair_with_saved,
    read_candidates,
)
from refold.graders.sources import GradeSource
from refold.jobs import Run, Tell


@frozen
class RegradedEpisode:
    """
    An episode that was graded again, with both grades.

    Attributes:
        info: Its row in the log.
        change: The old grade, the new one, and how they differ, if they do.
        moved: Whether score or points changed by more than was tolerated.
        evidence: What the change rests on.
    """

    info: EpisodeInfo
    change: GradeChange
    moved: bool
    evidence: Evidence


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


def pair_each(
    log: EventLog,
    newer: GradeSource,
    older: GradeSource | None,
    judging: Judging,
    left_out: LeftOut,
    pairing: Pairing,
    candidates: Iterable[Candidate],
) -> Iterator[tuple[Candidate, Pair]]:
    """
    Yield each of *candidates*, episodes of *log*, with its pair of grades.

    Args:
        log: The log.
        newer: Gives the new grades.
        older: Gives the old grades; None for those that candidates have.
        judging: What a judge has answered, for the new grades.
        left_out: Notes the episodes that cannot be read or graded.
        pairing: How grades are compared.
        candidates: The episodes.
    """
    episodes = read_candidates(log, candidates, left_out)
    if older is None:
        return pair_with_saved(episodes, newer, judging, left_out, pairing)
    return pair_both(episodes, older, newer, (NO_JUDGE, judging), pairing)


@frozen
class PairElsewhere:
    """
    Grades the episodes of a log again in another process.

    Attributes:
        newer: Gives the new grades.
        older: Makes what gives the old grades; None for those that candidates have.
        pairing: How grades are compared.
    """

    newer: SourceElsewhere
    older: Callable[[EventLog, LeftOut, Tell], GradeSource | None] | None
    pairing: Pairing

    @contextmanager
    def __call__(self, left_out: LeftOut, tell: Tell) -> Iterator[Run[Candidate, Pair]]:
        """Return what grades candidates again; see ``pair_each``."""
        with self.newer.open(left_out, tell) as (log, newer, judging):
            older = None if self.older is None else self.older(log, left_out, tell)
            yield partial(pair_each, log, newer, older, judging, left_out, self.pairing)


def regrade(
    pairs: Iterable[tuple[Candidate, Pair]],
    newer: GradeSource,
    older: GradeSource | None,
    tally: RegradeCounts,
) -> Iterator[RegradedEpisode]:
    """
    Yield each episode of *pairs* that has an old grade and a new one.

    Args:
        pairs: The episodes, as ``pair_each`` gives them, here or in other processes.
        newer: Gave the new grades.
        older: Gave the old grades, if not None.
        tally: Counts all episodes.

    Raises:
        NotAsked: A judge's answer is missing.
    """
    for candidate, pair in pairs:
        info = candidate.info
        if older is not None and older.take(info.id, pair.old) is None:
            tally.unsaved += 1
        elif newer.take(info.id, pair.new) is None:
            tally.ungraded += 1
        elif pair.compared is None:
            tally.unsaved += 1
        else:
            found = pair.compared
            if pair.recorded:
                tally.recorded += 1
            elif older is None:
                tally.saved[found.change.old.rubric] += 1
            tally.compared += 1
            tally.moved += found.moved
            yield RegradedEpisode(info, found.change, found.moved, found.evidence)


def candidates_in_file(
    log: EventLog,
    file: IO[str],
    tally: RegradeCounts,
    left_out: LeftOut,
    *,
    only: frozenset[str],
    whole: bool,
    where: str,
) -> Iterator[Candidate]:
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
        for info in left_out.find_each(log, [id]):
            yield Candidate(info, (grade,))
