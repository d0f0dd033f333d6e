"""By what to grade: the recorded rubrics, the rubric of a file, or a function of one."""

import functools
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import click
from attrs import frozen

from refold.commands.shared.options import F
from refold.commands.shared.output import words
from refold.engine import Stream
from refold.graders import Grade, Grader, grade
from refold.graders.process.file_grader import DEFAULT_TIMEOUT, EpisodeToGrade, FileGrader
from refold.scenarios import load_rubric
from refold.scenarios.rubric import find_criteria

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
class Recorded:
    """An episode to grade."""

    id: str
    stream: Stream


@frozen
class GraderChoice:
    """What was asked for; without anything, each episode is graded by its recorded rubric."""

    rubric: str | None
    grader: FileGrader | None
    seconds: float

    def grades(self, episodes: Iterable[T]) -> Iterator[tuple[T, Grade]]:
        """
        Yield each of *episodes* with its grade, in order.

        Raises:
            ScenarioError: The file holds no rubric that fits an episode.
            GraderFailed: The function gives no grade.
        """
        if self.grader is not None:
            return self.grader.grade_all(episodes, seconds=self.seconds, on_output=words)
        return self._by_rubric(episodes)

    def _by_rubric(self, episodes: Iterable[T]) -> Iterator[tuple[T, Grade]]:
        graders: dict[tuple[str, int], Grader] = {}
        for episode in episodes:
            family = episode.stream.family.name, episode.stream.family.rules
            if self.rubric is not None and family not in graders:
                rubric = load_rubric(self.rubric, *family)
                graders[family] = Grader(rubric, find_criteria(*family))
            yield episode, graders.get(family, grade)(episode.stream)


def grader_options(command: F) -> F:
    """Add the options that say by what to grade; the command takes one ``GraderChoice`` *by*."""

    @functools.wraps(command)
    def packed(
        *, rubric: str | None, grader: str | None, grader_timeout: float, **rest: Any
    ) -> Any:
        if rubric is not None and grader is not None:
            raise click.UsageError("expected --rubric or --grader, got both")
        chosen = FileGrader(grader) if grader is not None else None
        return command(**rest, by=GraderChoice(rubric, chosen, grader_timeout))

    for option in reversed(_OPTIONS):
        packed = option(packed)
    return packed  # type: ignore[return-value]  # the same command, but for these options
