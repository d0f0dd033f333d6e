"""The options that choose a grader: recorded rubrics, a rubric from a file, or a function."""

import functools
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import click
from attrs import frozen

from refold.commands.shared.options import CommandT
from refold.commands.shared.output import print_to_stderr
from refold.engine import RefoldError, Stream
from refold.engine.log.left_out import LeftOut
from refold.graders import Grade, Grader, grade
from refold.graders.process.file_grader import DEFAULT_TIMEOUT, EpisodeToGrade, FileGrader
from refold.scenarios import load_rubric
from refold.scenarios.criteria import find_criteria

T = TypeVar("T", bound=EpisodeToGrade)

_OPTIONS = (
    click.option("--rubric", metavar="FILE", help="Grade by the [rubric] of this TOML file."),
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
        grader: A function from a Python file; if given, *rubric* is None.
        seconds: Time that the function may take for each episode.
    """

    rubric: str | None
    grader: FileGrader | None
    seconds: float

    def grade_all(self, episodes: Iterable[T], left_out: LeftOut) -> Iterator[tuple[T, Grade]]:
        """
        Yield each of *episodes* with its grade, in order; *left_out* notes those without one.

        Raises:
            ScenarioError: The file holds no rubric that fits an episode's family.
            GraderFailed: The function raised, ran out of time or returned no grade.
        """
        if self.grader is not None:
            return self.grader.grade_all(episodes, seconds=self.seconds, on_output=print_to_stderr)
        return self._grade_by_rubric(episodes, left_out)

    def _grade_by_rubric(
        self, episodes: Iterable[T], left_out: LeftOut
    ) -> Iterator[tuple[T, Grade]]:
        # A rubric's measures belong to a family, so the file is read again for each family.
        graders: dict[tuple[str, int], Grader] = {}
        for episode in episodes:
            family = episode.stream.family.name, episode.stream.family.rules
            if self.rubric is not None and family not in graders:
                rubric = load_rubric(self.rubric, *family)
                graders[family] = Grader(rubric, find_criteria(*family))
            # Not the file's rubric, which was checked: what the episode itself holds.
            try:
                given = graders.get(family, grade)(episode.stream)
            except RefoldError as error:
                left_out.add(episode.id, error)
            else:
                yield episode, given


def with_grader_options(command: CommandT) -> CommandT:
    """Add ``--rubric`` and ``--grader``; the command takes a ``GraderChoice`` *grader_choice*."""

    @functools.wraps(command)
    def wrapper(
        *, rubric: str | None, grader: str | None, grader_timeout: float, **rest: Any
    ) -> Any:
        if rubric is not None and grader is not None:
            raise click.UsageError("expected --rubric or --grader, got both")
        chosen = FileGrader(grader) if grader is not None else None
        return command(**rest, grader_choice=GraderChoice(rubric, chosen, grader_timeout))

    # Decorators apply from the bottom up, so the last option is added first.
    for option in reversed(_OPTIONS):
        wrapper = option(wrapper)
    return wrapper  # type: ignore[return-value]  # the same command, but for these options
