"""The options that choose a grader: recorded rubrics, a rubric from a file, or a function."""

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, TypeVar

import click
from attrs import frozen

from refold.commands.shared.options import CommandT
from refold.commands.shared.output import print_to_stderr
from refold.engine import RefoldError, Stream
from refold.engine.definition import header_of
from refold.engine.log.left_out import LeftOut
from refold.graders import Grade, Grader, grade
from refold.graders.judging import NO_JUDGE, Judging
from refold.graders.process.file_grader import DEFAULT_TIMEOUT, EpisodeToGrade, FileGrader
from refold.judges.asking import NotAsked, NotJudged
from refold.scenarios import load_rubric, scenario_names
from refold.scenarios.criteria import find_criteria
from refold.scenarios.rubric import Rubric, RubricJudge
from refold.scenarios.spec import rubric_file

T = TypeVar("T", bound=EpisodeToGrade)

_OPTIONS = (
    click.option("--rubric", metavar="FILE", help="Grade by the [rubric] of this TOML file."),
    click.option(
        "--any-scenario",
        is_flag=True,
        help="Let --rubric grade episodes of other scenarios than the one that it is named after.",
    ),
    click.option(
        "--grader",
        metavar="FILE:FUNCTION",
        help="Grade by this function of a Python file, run in a process of its own.",
    ),
    click.option(
        "--grader-timeout",
        type=click.FloatRange(0, min_open=True),
        default=DEFAULT_TIMEOUT,
        show_default=True,
        metavar="SECONDS",
        help="How long it may take for each episode.",
    ),
)


class Judged(Protocol):
    """A judge's answers, and a place to note the episodes on which it gave no verdict."""

    not_judged: dict[str, str]

    @property
    def judging(self) -> Judging:
        """The answers."""


_PARAMETER = re.compile(rb"\bask\b")  # by its name, a function gets what it asks with


@frozen
class SelectedEpisode:
    """An episode to grade: its id and its events."""

    id: str
    stream: Stream


@frozen
class GraderChoice:
    """
    The grader that the options choose.

    Attributes:
        rubric: Path of a TOML file with a rubric; None for the rubric that each episode recorded.
        any_scenario: Whether a rubric that is named after a scenario may grade those of others.
        grader: A function from a Python file; if given, *rubric* is None.
        seconds: Time that the function may take for each episode.
    """

    rubric: str | None
    any_scenario: bool
    grader: FileGrader | None
    seconds: float

    def may_ask(self) -> bool:
        """Return whether it could be that it asks a judge; False is certain."""
        if self.grader is not None:
            return _PARAMETER.search(self.grader.source) is not None
        return self.rubric is not None and b"judge" in rubric_file(self.rubric)

    def rubric_judge(self, events: Stream) -> RubricJudge | None:
        """Return the judge that the rubric names for the family of *events*; None for nobody."""
        if self.rubric is None:
            return None
        return load_rubric(self.rubric, events.family.name, events.family.rules).judge

    def grade_all(
        self, episodes: Iterable[T], left_out: LeftOut, session: Judged | None = None
    ) -> Iterator[tuple[T, Grade]]:
        """
        Yield each of *episodes* with its grade, in order; *left_out* notes those without one.

        Those that a judge gave no verdict on are left out as well, and noted in *session*.

        Raises:
            NotAsked: A judge's answer is missing.
            ScenarioError, RefoldError, GraderFailed: As ``results``.
        """
        judging = NO_JUDGE if session is None else session.judging
        for episode, given in self.results(episodes, left_out, judging):
            if isinstance(given, Grade):
                yield episode, given
            elif isinstance(given, NotJudged) and session is not None:
                session.not_judged[episode.id] = given.cause
            else:
                raise given

    def results(
        self,
        episodes: Iterable[T],
        left_out: LeftOut,
        judging: Judging,
        *,
        on_output: Callable[[str], None] = print_to_stderr,
    ) -> Iterator[tuple[T, Grade | NotAsked | NotJudged]]:
        """
        Yield each of *episodes* with its grade, or why there is none by what a judge answered.

        *on_output* is given what a function prints, line by line.

        Raises:
            ScenarioError: The file holds no rubric that fits an episode's family.
            RefoldError: It holds the rubric of another scenario than an episode's.
            GraderFailed: The function raised, ran out of time or returned no grade.
        """
        if self.grader is not None:
            return self.grader.grade_all(
                episodes, seconds=self.seconds, on_output=on_output, judging=judging
            )
        return self._grade_by_rubric(episodes, left_out, judging)

    def _grade_by_rubric(
        self, episodes: Iterable[T], left_out: LeftOut, judging: Judging
    ) -> Iterator[tuple[T, Grade | NotAsked | NotJudged]]:
        # A rubric's measures belong to a family, so the file is read again for each family.
        rubrics: dict[tuple[str, int], tuple[Rubric, Grader]] = {}
        for episode in episodes:
            if self.rubric is None:
                # Not a file's rubric, which was checked: what the episode itself holds.
                for _, given in left_out.read_each([episode], lambda each: grade(each.stream)):
                    yield episode, given
                continue
            family = episode.stream.family.name, episode.stream.family.rules
            if family not in rubrics:
                read = load_rubric(self.rubric, *family)
                rubrics[family] = read, Grader(read, find_criteria(*family))
            rubric, grader = rubrics[family]
            if not self.any_scenario:
                _check_scenario(rubric, episode)
            yield episode, _grade_or_why_not(grader, episode.stream, judging)


def _grade_or_why_not(
    grader: Grader, events: Stream, judging: Judging
) -> Grade | NotAsked | NotJudged:
    try:
        return grader(events, judging.answers, judge=judging.judge, again=judging.again)
    except (NotAsked, NotJudged) as error:
        return error


def _check_scenario(rubric: Rubric, episode: EpisodeToGrade) -> None:
    """Refuse the rubric of one scenario that ships for an episode of another scenario."""
    played = header_of(episode.stream.scenario).name
    if rubric.name != played and rubric.name in scenario_names():
        raise RefoldError(
            f"rubric {rubric.name!r}: expected episodes of that scenario, got {episode.id} of "
            f"{played}; name the episodes to grade, or add --any-scenario"
        )


def with_grader_options(command: CommandT) -> CommandT:
    """Add ``--rubric`` and ``--grader``; the command takes a ``GraderChoice`` *grader_choice*."""

    @functools.wraps(command)
    def wrapper(
        *,
        rubric: str | None,
        any_scenario: bool,
        grader: str | None,
        grader_timeout: float,
        **rest: Any,
    ) -> Any:
        if rubric is not None and grader is not None:
            raise click.UsageError("expected --rubric or --grader, got both")
        chosen = FileGrader(grader) if grader is not None else None
        choice = GraderChoice(rubric, any_scenario, chosen, grader_timeout)
        return command(**rest, grader_choice=choice)

    # Decorators apply from the bottom up, so the last option is added first.
    for option in reversed(_OPTIONS):
        wrapper = option(wrapper)
    return wrapper  # type: ignore[return-value]  # the same command, but for these options
