"""The options that choose a grader: recorded rubrics, files, a function, or saved grades."""

import functools
from collections import Counter
from pathlib import Path
from typing import Any

import click
from attrs import frozen

from refold.commands.shared.formatting import pluralise
from refold.commands.shared.input_types import Number
from refold.commands.shared.options import CommandT
from refold.commands.shared.output import print_to_stderr
from refold.engine import EventLog, RefoldError
from refold.engine.log.left_out import LeftOut
from refold.graders.answers import KeptAnswers
from refold.graders.elsewhere import SourceElsewhere, Workers
from refold.graders.process import DEFAULT_TIMEOUT
from refold.graders.rubric_files import RubricFile, RubricFolder
from refold.graders.sources import (
    FunctionOfFile,
    GivenScores,
    GradeSource,
    RecordedRubrics,
    SavedGrades,
    find_saved,
)
from refold.jobs import Tell

SOURCE = "source"
"""Names the scores that the source of imported episodes gave."""

_OPTIONS = (
    click.option(
        "--rubric",
        metavar="BY",
        help="Grade by the [rubric] in this TOML file, by a folder of such files, each named "
        "after its scenario, or by the saved grades of this name (with @ and first digits of the "
        "digest if there are several); 'source' takes the scores that came with imports.",
    ),
    click.option(
        "--any-scenario",
        is_flag=True,
        help="Let a rubric that is named after one scenario grade episodes of others.",
    ),
    click.option(
        "--grader",
        metavar="BY",
        help="Grade by FILE:FUNCTION, a Python function that runs in a separate process, or by "
        "the saved grades of this name.",
    ),
    click.option(
        "--grader-timeout",
        type=Number(0, min_open=True),
        default=DEFAULT_TIMEOUT,
        show_default=True,
        metavar="SECONDS",
        help="Time limit for each episode.",
    ),
)


@frozen
class GraderChoice:
    """
    The grader that the options choose.

    Attributes:
        rubric: A TOML file with a rubric, a folder of them, or the name of saved grades; None for
            the rubric that each episode recorded.
        any_scenario: Whether a rubric that is named after a scenario may grade those of others.
        grader: A function of a Python file, or the name of saved grades; if given, *rubric* is
            None.
        seconds: Time that the function may take for each episode.
    """

    rubric: str | None
    any_scenario: bool
    grader: str | None
    seconds: float

    @property
    def is_given(self) -> bool:
        """Whether the options name anything but the recorded rubrics."""
        return self.rubric is not None or self.grader is not None

    def source(self, log: EventLog, left_out: LeftOut, tell: Tell | None = None) -> GradeSource:
        """
        Return what grades the episodes of *log*.

        Args:
            log: The log.
            left_out: Notes the episodes that cannot be graded.
            tell: Takes each line that a function prints, before the grade of the same episode;
                None to print it when it comes.

        Raises:
            RefoldError: There is no such file, folder or saved grade.
        """
        if self.grader is not None:
            return self._function(self.grader, log, left_out, tell)
        return (
            RecordedRubrics(left_out)
            if self.rubric is None
            else self._rubrics(self.rubric, log, left_out)
        )

    def workers(self, log: EventLog, kept: KeptAnswers, jobs: int | None) -> Workers:
        """
        Return the processes that grade the episodes of *log* by the same source.

        Args:
            log: The log.
            kept: What a judge answered.
            jobs: How many there are; None for as many as pay.
        """
        return Workers(SourceElsewhere(log.path, self.source, kept), jobs, print_to_stderr)

    def older_source(
        self, reference: str, log: EventLog, left_out: LeftOut, tell: Tell | None = None
    ) -> GradeSource | None:
        """
        Return what gave the old grades of *log*'s episodes; None if *reference* is no such thing.

        Saved grades come first: the function that a file holds by now is the new side.
        """
        saved = find_saved(log, reference)
        if saved is not None:
            return SavedGrades(log, saved, left_out)
        if reference == SOURCE or Path(reference).is_dir() or reference.endswith(".toml"):
            return self._rubrics(reference, log, left_out)
        if Path(reference.rpartition(":")[0]).is_file():
            return self._function(reference, log, left_out, tell)
        return None

    def _rubrics(self, reference: str, log: EventLog, left_out: LeftOut) -> GradeSource:
        if Path(reference).is_dir():
            return RubricFolder(reference, left_out)
        if reference == SOURCE:
            return GivenScores()
        if not Path(reference).exists():
            saved = find_saved(log, reference)
            if saved is not None:
                return SavedGrades(log, saved, left_out)
            if not reference.endswith(".toml"):
                raise _unknown(
                    f"--rubric {reference}", "a TOML file with a [rubric], a folder", log
                )
        return RubricFile(reference, log, any_scenario=self.any_scenario)

    def _function(
        self, reference: str, log: EventLog, left_out: LeftOut, tell: Tell | None
    ) -> GradeSource:
        file, _, name = reference.rpartition(":")
        if "@" in name or not Path(file).exists():
            saved = find_saved(log, reference)
            if saved is not None:
                return SavedGrades(log, saved, left_out)
        # Slow to import, and seldom needed.
        from refold.graders.process.file_grader import FileGrader  # noqa: PLC0415

        function = FileGrader(reference)
        return FunctionOfFile(
            function,
            seconds=self.seconds,
            on_output=tell or print_to_stderr,
            in_step=tell is not None,
        )


AS_RECORDED = GraderChoice(None, False, None, DEFAULT_TIMEOUT)
"""The rubric that each episode was recorded with."""


def _unknown(what: str, files: str, log: EventLog) -> RefoldError:
    names = ", ".join(dict.fromkeys(name for name, _, _ in log.graded_by())) or "none"
    return RefoldError(
        f"{what}: expected {files}, or the name of saved grades (here: {names}), got no such thing"
    )


def look_up_only(source: GradeSource, log: EventLog) -> KeptAnswers:
    """
    Let *source* look up what *log* holds of a judge, and return that; nobody is asked.

    Where an answer is missing, the source raises NotAsked.

    Raises:
        RefoldError: The log holds answers of several judges, and the source names none.
    """
    if not source.may_ask():
        return KeptAnswers()
    # Slow to import, and seldom needed.
    from refold.commands.shared.judging import find_recorded_judge  # noqa: PLC0415

    return find_recorded_judge(source, log)


def tell_remarks(source: GradeSource) -> None:
    """Print on stderr what has to be said of the episodes that *source* graded."""
    for line in source.remarks():
        print_to_stderr(line)
    if source.session is not None and source.session.not_judged:
        causes = Counter(source.session.not_judged.values())
        told = ", ".join(f"{count} {cause}" for cause, count in sorted(causes.items()))
        print_to_stderr(f"{pluralise(causes.total(), 'episode')} not judged: {told}")


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
        choice = GraderChoice(rubric, any_scenario, grader, grader_timeout)
        return command(**rest, grader_choice=choice)

    # Decorators apply from the bottom up, so the last option is added first.
    for option in reversed(_OPTIONS):
        wrapper = option(wrapper)
    return wrapper  # type: ignore[return-value]  # the same command, except for these options
