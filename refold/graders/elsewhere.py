"""Grading in other processes: what they make again, and what goes through the episodes there."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from attrs import frozen

from refold.engine import EventLog, open_to_read
from refold.engine.log.left_out import LeftOut
from refold.graders.answers import KeptAnswers
from refold.graders.judging import Judging
from refold.graders.sources import Gradable, GradeSource, Result
from refold.jobs import Run, Tell, There, jobs_for, spread

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

MakeSource = Callable[[EventLog, LeftOut, Tell], GradeSource]
"""Makes a source of grades, as the one in this process was made; can be pickled."""


@frozen
class SourceElsewhere:
    """
    A source of grades to be made in another process.

    Attributes:
        path: The log, or a folder of logs, which is opened there to be read.
        make: Makes the source.
        kept: What a judge answered.
    """

    path: str
    make: MakeSource
    kept: KeptAnswers

    @contextmanager
    def open(
        self, left_out: LeftOut, tell: Tell
    ) -> Iterator[tuple[EventLog, GradeSource, Judging]]:
        """Return the log, the source and the answers, in a context that closes the log."""
        with open_to_read(self.path, again=True) as log:
            yield log, self.make(log, left_out, tell), self.kept.judging(log)


@frozen
class Workers:
    """
    The processes that grade the episodes of a log.

    Attributes:
        source: What they grade by.
        jobs: How many there are; None for as many as pay.
        tell: Takes each line that a function prints there.
    """

    source: SourceElsewhere
    jobs: int | None
    tell: Tell

    def spread(
        self,
        items: Iterable[ItemT],
        here: Run[ItemT, ResultT],
        there: There[ItemT, ResultT],
        *,
        log: EventLog,
        episodes: int,
        left_out: LeftOut,
    ) -> Iterator[tuple[ItemT, ResultT]]:
        """
        Yield each of *items*, so many *episodes* of *log*, with its result; see ``refold.jobs``.

        *here* is what goes through them in this process, *there* opens it in another.
        """
        jobs = jobs_for(self.jobs, log, episodes)
        return spread(items, here, there, jobs=jobs, left_out=left_out, tell=self.tell)


def grade_each(
    log: EventLog, source: GradeSource, judging: Judging, left_out: LeftOut, ids: Iterable[str]
) -> Iterator[tuple[str, Result]]:
    """
    Yield each of *ids* with what *source* gives the episode of *log*; see ``GradeSource.results``.

    *left_out* notes the episodes that cannot be read, or that their own rubric cannot grade.
    """
    read = left_out.read_each(ids, log.events, id=str)
    for episode, given in source.results((Gradable(*each) for each in read), judging, False):
        yield episode.id, given


@frozen
class GradeElsewhere:
    """Grades the episodes of a log in another process, by *source*."""

    source: SourceElsewhere

    @contextmanager
    def __call__(self, left_out: LeftOut, tell: Tell) -> Iterator[Run[str, Result]]:
        """Return what grades episodes; see ``grade_each``."""
        with self.source.open(left_out, tell) as (log, source, judging):
            yield partial(grade_each, log, source, judging, left_out)
