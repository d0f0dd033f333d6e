"""The two sides of a regrade: which episodes, what gave their old grades, what gives the new."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import ExitStack
from functools import partial
from io import TextIOWrapper
from typing import Protocol

from attrs import Factory, define, evolve, frozen

from refold.commands.shared.files import open_input
from refold.commands.shared.formatting import pluralise
from refold.commands.shared.grader_choice import GraderChoice
from refold.commands.shared.judging import JudgeSession
from refold.commands.shared.output import print_to_stderr
from refold.engine import EpisodeInfo, EventLog, RefoldError
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.engine.log.left_out import LeftOut
from refold.graders.pairing import Candidate, Pairing
from refold.graders.regrading import (
    PairElsewhere,
    RegradeCounts,
    RegradedEpisode,
    candidates_in_file,
    pair_each,
    regrade,
)
from refold.graders.sources import GradeSource, rubric_label
from refold.reports.outcomes import NOT_ENDED, PLAYED_AGAIN, replaced_failures

IN_LOG = "log"
"""Names the grades saved in the log, else those by the recorded rubrics, as the old side."""

FORK = "fork"
"""Reason for excluding a fork: another agent may have played its beginning."""


class Rows(Sized, Iterable[EpisodeInfo], Protocol):
    """Rows of episodes in a log, which may be gone through several times."""


@frozen
class _RowsOfLog:
    """
    Rows of so many episodes, *number*: read anew each time, so that a million take no memory.

    *read* reads them, and among them others that are *excluded*, by id.
    """

    read: Callable[[], Iterator[EpisodeInfo]]
    excluded: Mapping[str, str]
    number: int

    def __len__(self) -> int:
        return self.number

    def __iter__(self) -> Iterator[EpisodeInfo]:
        return (info for info in self.read() if info.id not in self.excluded)


@frozen
class Selection:
    """
    The episodes to grade again.

    Attributes:
        infos: Their rows in the log.
        excluded: How many others do not count, by reason.
        whole: Whether nothing narrowed the choice.
    """

    infos: Rows
    excluded: Mapping[str, int]
    whole: bool


def select(
    log: EventLog,
    ids: Sequence[str],
    left_out: LeftOut,
    *,
    scenario: str | None,
    agent: str | None,
    run: str | None,
) -> Selection:
    """
    Return the episodes with these *ids*, whatever they are; without, those of *log* that count.

    Raises:
        UnknownEpisode, AmbiguousEpisode: As ``EventLog.find``.
    """
    if ids:
        return Selection(left_out.find_each(log, ids), {}, whole=False)
    read = partial(log.episodes, scenario=scenario, agent=agent, run=run, left_out=left_out)
    reasons: dict[str, str] = {}
    number = 0

    def counted() -> Iterator[EpisodeInfo]:
        nonlocal number
        for info in read():
            number += 1
            if (reason := _exclusion(info)) is not None:
                reasons[info.id] = reason
            yield info

    for id in replaced_failures(counted()):
        reasons[id] = PLAYED_AGAIN
    infos = _RowsOfLog(read, reasons, number - len(reasons))
    whole = scenario is None and agent is None and run is None
    return Selection(infos, Counter(reasons.values()), whole)


def _exclusion(info: EpisodeInfo) -> str | None:
    if info.parent is not None:
        return FORK
    if info.reason == INSTRUMENT_FAILED:
        return INSTRUMENT_FAILED
    # Without events it is damaged, which reading it will tell.
    return None if info.ended or not info.events else NOT_ENDED


@define
class Sides:
    """
    What gives the old grades and the new ones of the episodes of *log*.

    *against* is what the old ones were asked for by; *left_out* notes what cannot be graded.
    """

    log: EventLog
    selection: Selection
    choice: GraderChoice
    against: str
    left_out: LeftOut
    tally: RegradeCounts = Factory(RegradeCounts)
    newer: GradeSource = Factory(
        lambda self: self.choice.source(self.log, self.left_out), takes_self=True
    )
    _older: GradeSource | None = None

    def regrade(
        self, stack: ExitStack, session: JudgeSession, pairing: Pairing, jobs: int | None
    ) -> Iterator[RegradedEpisode]:
        """
        Yield each episode that has an old grade and a new one.

        Args:
            stack: Closes the file of old grades, if there is one.
            session: Has what a judge answered.
            pairing: How grades are compared.
            jobs: Number of processes; None for what pays.

        Raises:
            RefoldError: There is none at all, which must not pass for "nothing moved".
        """
        if self.against == IN_LOG:
            # Against itself, a recorded rubric would only ever show that nothing moved.
            pairing = evolve(pairing, or_recorded=self.choice.is_given)
        else:
            self._older = self.choice.older_source(self.against, self.log, self.left_out)
        judging, left_out = session.judging, self.left_out
        workers = self.choice.workers(self.log, session.kept, jobs)
        older = partial(self.choice.older_source, self.against) if self._older else None
        pairs = workers.spread(
            self._candidates(stack),
            partial(pair_each, self.log, self.newer, self._older, judging, left_out, pairing),
            PairElsewhere(workers.source, older, pairing),
            log=self.log,
            episodes=len(self.selection.infos),
            left_out=left_out,
        )
        yield from regrade(pairs, self.newer, self._older, self.tally)
        self._tell_uncompared()
        if not self.tally.compared:
            raise RefoldError(
                f"{self.against}: expected old grades of episodes in the log, got none; "
                "`refold grade --save` keeps some"
            )

    def _candidates(self, stack: ExitStack) -> Iterable[Candidate]:
        """Return the episodes with their old grades, unless another source gives these."""
        infos = self.selection.infos
        if self.against == IN_LOG:
            # One look for all: of a log without grades, each episode would be asked in vain.
            saved = None if self.log.graded_by() else ()
            return (Candidate(info, saved) for info in infos)
        if self._older is not None:
            return map(Candidate, infos)
        file = stack.enter_context(TextIOWrapper(open_input(self.against), encoding="utf-8-sig"))
        return candidates_in_file(
            self.log,
            file,
            self.tally,
            self.left_out,
            only=frozenset(info.id for info in infos),
            whole=self.selection.whole,
            where=self.against,
        )

    def _tell_uncompared(self) -> None:
        unsaved, missing = self.tally.unsaved, self.tally.missing
        if unsaved:
            episodes = pluralise(unsaved, "episode")
            print_to_stderr(f"{episodes} without an old grade to compare with")
        if missing:
            grades = pluralise(missing, "saved grade")
            print_to_stderr(f"{grades} of episodes that the log does not hold")

    @property
    def old_label(self) -> str:
        """What gave the old grades, once all were compared."""
        if self._older is not None:
            return self._older.label.removeprefix("the ")
        if self.against != IN_LOG:
            return self.against
        tally = self.tally
        rubric, *more = tally.saved or [None]
        saved = "saved grades" if more or rubric is None else f"{rubric_label(rubric)} (saved)"
        if not tally.recorded:
            return saved
        if not tally.saved:
            return "recorded rubrics"
        return f"{saved} of {tally.saved.total()}, recorded rubrics of {tally.recorded}"

    @property
    def new_label(self) -> str:
        """What gave the new grades, once all were compared."""
        return self.newer.label.removeprefix("the ")
