"""
Where grades come from: rubrics, functions, saved grades, or what the source of an import gave.

Each source goes through episodes one at a time, in their order, and keeps none of them.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, TypeVar

from refold.engine import EventLog, RefoldError, Stream
from refold.engine.definition import header_of
from refold.engine.log.left_out import LeftOut
from refold.graders.grading import Grade, Grader, RubricName, recorded_grader
from refold.graders.judging import NO_JUDGE, Judging
from refold.graders.saved import saved_or_none
from refold.judges.asking import NotAsked, NotJudged
from refold.scenarios.answered.events import ScoreGiven
from refold.scenarios.criteria import find_criteria
from refold.scenarios.facts import Facts
from refold.scenarios.rubric import Criterion, Rubric, RubricJudge

if TYPE_CHECKING:  # slow to import
    from refold.graders.process.file_grader import FileGrader

Bounds = tuple[float, float]

_DIGEST_LETTERS = 8
_NAMES_SHOWN = 5


class Gradable:
    """An episode to grade: its *id* and its events, the *stream*."""

    def __init__(self, id: str, stream: Stream) -> None:
        self.id = id
        self.stream = stream

    @cached_property
    def facts(self) -> Facts:
        """The events by type, made once for all that grade the episode."""
        return Facts(self.stream)

    @property
    def scenario(self) -> str:
        """Name of the scenario that was played."""
        return header_of(self.stream.scenario).name


T = TypeVar("T", bound=Gradable)

Result = Grade | NotAsked | NotJudged | None
"""A grade; what a judge has not answered; that it failed to; or None where a source has none."""

_PARAMETER = re.compile(rb"\bask\b")  # by its name, a function gets what it asks with


class Judged(Protocol):
    """
    A judge's answers, and places to note what came of them, by the ids of episodes.

    Attributes:
        not_judged: Why the judge gave no verdict.
        scores: Scores that rest on a verdict.
    """

    not_judged: dict[str, str]
    scores: dict[str, float]

    @property
    def judging(self) -> Judging:
        """The answers."""


def rubric_label(rubric: RubricName) -> str:
    """Return *rubric* as headings name it: ``inbox/hard v2 @90cd12ab``; a function has no v."""
    version = f" v{rubric.version}" if rubric.version else ""
    digest = f" @{rubric.digest[:_DIGEST_LETTERS]}" if rubric.digest else ""
    return f"{rubric.name}{version}{digest}"


def rubric_reference(rubric: RubricName) -> str:
    """Return what names the saved grades by *rubric* among others: ``inbox/hard@90cd12ab``."""
    return f"{rubric.name}@{rubric.digest[:_DIGEST_LETTERS]}"


class GradeSource:
    """
    Gives grades to episodes.

    Attributes:
        label: What headings call it; whole only once it has graded.
        session: The judge's answers, where one is asked.
    """

    label = ""

    @property
    def heading(self) -> str:
        """What a heading says of the source once it has graded; nothing of recorded rubrics."""
        return f"graded by {self.label}"

    session: Judged | None = None

    def grade_all(self, episodes: Iterable[T]) -> Iterator[tuple[T, Grade | None]]:
        """
        Yield each of *episodes* with its grade, in order; None where there is none.

        Episodes whose own rubric cannot grade them are noted as left out, and not yielded. Those
        that a judge gave no verdict on have no grade, and are noted in the session.

        Raises:
            NotAsked: A judge's answer is missing.
            RefoldError: The source does not fit an episode, or fails.
        """
        judging = NO_JUDGE if self.session is None else self.session.judging
        for episode, given in self.results(episodes, judging, False):
            yield episode, self.take(episode.id, given)

    def take(self, id: str, given: Result) -> Grade | None:
        """
        Return the grade that the episode *id* was *given* by this source, here or elsewhere.

        None, and a note in the session, if a judge gave no verdict; None also where there is none.

        Raises:
            NotAsked: A judge's answer is missing.
        """
        if isinstance(given, NotJudged) and self.session is not None:
            self.session.not_judged[id] = given.cause
            return None
        if isinstance(given, NotAsked | NotJudged):
            raise given
        if self.session is not None and given and any(part.judged for part in given.parts):
            self.session.scores[id] = given.score
        self._note(given)
        return given

    def _note(self, given: Grade | None) -> None:
        """Note what an episode was *given*, for what is to be said in the end."""

    def results(
        self, episodes: Iterable[T], judging: Judging, quiet: bool, /
    ) -> Iterator[tuple[T, Result]]:
        """
        Yield each of *episodes* with its grade, or why there is none by what a judge answered.

        Args:
            episodes: The episodes, one at a time.
            judging: What a judge has answered.
            quiet: Whether to drop what a function prints.
        """
        raise NotImplementedError

    def may_ask(self) -> bool:
        """Return whether it could be that it asks a judge; False is certain."""
        return False

    def judge_of(self, _events: Stream) -> RubricJudge | None:
        """Return the judge that the source names for the family of these events; None for none."""
        return None

    def bounds_of(self, _rubric: RubricName) -> Bounds:
        """Return the lowest and the highest score that this rubric of the source can give."""
        return (0.0, 1.0)

    def remarks(self) -> Iterator[str]:
        """Yield what has to be said of the episodes graded so far, each as one line."""
        yield from ()


class RecordedRubrics(GradeSource):
    """The rubric that each episode was recorded with; *left_out* notes those that it fails."""

    label = "the recorded rubrics"
    heading = ""

    def __init__(self, left_out: LeftOut) -> None:
        self._left_out = left_out

    def results(
        self, episodes: Iterable[T], _judging: Judging, _quiet: bool, /
    ) -> Iterator[tuple[T, Result]]:
        """Yield each of *episodes* with its grade, except for those whose own rubric fails."""
        return self._left_out.read_each(episodes, grade_as_recorded)


def grade_as_recorded(episode: Gradable) -> Grade:
    """
    Return the grade of *episode* by the rubric that it was recorded with.

    Raises:
        ScenarioError: The rubric does not fit the family.
    """
    return recorded_grader(episode.stream.scenario).grade(episode.facts)


class FunctionOfFile(GradeSource):
    """
    A function of a Python file, run in a process of its own.

    *on_output* is given what it prints; if *in_step*, before the grade of the same episode.
    """

    def __init__(
        self,
        grader: "FileGrader",
        *,
        seconds: float,
        on_output: Callable[[str], None],
        in_step: bool,
    ) -> None:
        self.label = rubric_label(grader.rubric)
        self._grader = grader
        self._seconds = seconds
        self._on_output = on_output
        self._in_step = in_step

    def results(
        self, episodes: Iterable[T], judging: Judging, quiet: bool, /
    ) -> Iterator[tuple[T, Result]]:
        """Yield each of *episodes* with its grade; raises GraderFailed as ``FileGrader`` does."""
        on_output = (lambda _line: None) if quiet else self._on_output
        return self._grader.grade_all(
            episodes,
            seconds=self._seconds,
            on_output=on_output,
            judging=judging,
            in_step=self._in_step,
        )

    def may_ask(self) -> bool:
        """Return whether the source has the name that a function asks by."""
        return _PARAMETER.search(self._grader.source) is not None


class SavedGrades(GradeSource):
    """
    The grades that *log* keeps by one *rubric*; grades of other events are none.

    *left_out* notes the episodes with saved grades that cannot be read.
    """

    def __init__(self, log: EventLog, rubric: RubricName, left_out: LeftOut) -> None:
        self.label = f"{rubric_label(rubric)} (saved)"
        self._log = log
        self._left_out = left_out
        self._rubric = rubric
        self._without = 0

    def results(
        self, episodes: Iterable[T], _judging: Judging, _quiet: bool, /
    ) -> Iterator[tuple[T, Result]]:
        """Yield each of *episodes* with the grade that is saved for it, or None."""
        for episode in episodes:
            fitting = (
                each
                for each in saved_or_none(self._log, episode.id, self._left_out)
                if each.rubric == self._rubric and each.episode_digest == episode.stream.digest
            )
            yield episode, next(fitting, None)

    def _note(self, given: Grade | None) -> None:
        self._without += given is None

    def remarks(self) -> Iterator[str]:
        """Yield how many episodes have no such grade."""
        if self._without:
            yield f"{self._without} without a grade by {rubric_label(self._rubric)}: not counted"


class GivenScores(GradeSource):
    """The scores that external environments, or the tools that runs were imported from, gave."""

    label = "the source's scores"

    def results(
        self, episodes: Iterable[T], _judging: Judging, _quiet: bool, /
    ) -> Iterator[tuple[T, Result]]:
        """Yield each of *episodes* with the first score that it was given, or None."""
        graders: dict[str, Grader] = {}
        for episode in episodes:
            given = episode.facts.of_type(ScoreGiven)
            if not given:
                yield episode, None
                continue
            name: str = given[0].event.name
            if name not in graders:
                rubric = Rubric("source", 0, (Criterion(name, 1.0, "score", {"name": name}),))
                graders[name] = Grader(rubric, find_criteria("answered", 1))
            yield episode, graders[name].grade(episode.facts)


def find_saved(log: EventLog, reference: str) -> RubricName | None:
    """
    Return the rubric of *log*'s saved grades that *reference* names; None if it names none.

    *reference* is a name, with a unique beginning of the digest after an ``@`` where several
    share the name.

    Raises:
        RefoldError: Several fit.
    """
    known = [RubricName(*each) for each in log.graded_by()]
    found = [each for each in known if each.name == reference]
    if not found:
        name, _, digest = reference.rpartition("@")
        found = [each for each in known if each.name == name and each.digest.startswith(digest)]
    if len(found) > 1:
        several = enumerate_names(map(rubric_reference, found))
        raise RefoldError(
            f"saved grades {reference!r}: expected those of one grader, got {several}; "
            "name one of them"
        )
    return found[0] if found else None


def enumerate_names(names: Iterable[str]) -> str:
    """Return *names*, at least one, in a line; of many only the first and how many more."""
    first, *rest = names
    shown = ", ".join([first, *rest[: _NAMES_SHOWN - 1]])
    more = len(rest) + 1 - _NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
