"""``refold grade``."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import partial

import click

from refold.commands.shared.formatting import pluralise
from refold.commands.shared.grade_tables import (
    MOST_ROWS,
    ScoresByScenario,
    grade_row,
    grades_table,
    print_grade,
)
from refold.commands.shared.grader_choice import GraderChoice, tell_remarks, with_grader_options
from refold.commands.shared.input_types import Number
from refold.commands.shared.judge_options import JudgeChoice, with_judge_options
from refold.commands.shared.judging import PASS_AT, JudgeSession
from refold.commands.shared.left_out import telling_left_out
from refold.commands.shared.options import (
    episode_argument,
    filter_options,
    format_examples,
    json_option,
    logs_option,
    open_existing,
)
from refold.commands.shared.output import print_json, print_to_stderr, stdout_console
from refold.commands.shared.process_options import jobs_option
from refold.commands.shared.progress import show_progress
from refold.engine import EpisodeInfo, EventLog
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.graders import Grade, save_grade
from refold.graders.elsewhere import GradeElsewhere, grade_each


@click.command(
    "grade",
    epilog=format_examples(
        "refold grade last",
        "refold grade --rubric stricter.toml --scenario workflow/hard --save",
        "refold grade --grader mine.py:careful",
        "refold grade --fail-under 0.7 --json",
    ),
)
@episode_argument("ids", many=True)
@filter_options
@with_grader_options
@with_judge_options
@click.option("--save", is_flag=True, help="Save the grades in the log.")
@click.option("--fail-under", type=Number(0, 1), help="Exit with 1 if any score is below.")
@jobs_option
@logs_option
@json_option
def grade_command(
    ids: Sequence[str],
    scenario: str | None,
    agent: str | None,
    run: str | None,
    grader_choice: GraderChoice,
    judge_choice: JudgeChoice,
    save: bool,
    fail_under: float | None,
    jobs: int | None,
    log_path: str,
    as_json: bool,
) -> int:
    """
    Grade episodes from their events: the ones named, or all that match the filters.

    Each is graded by its recorded rubric, or by --rubric or --grader. An episode that an API
    failure cut off gets no grade and fails --fail-under. Only --save writes to the log: all grades,
    or none. Exits with 1 if an episode is damaged; it is reported and gets no grade.

    A grader that needs a judge uses the answers in the log; with --judge, missing answers are
    requested and stored first. An episode without a verdict gets no grade; it is reported, and the
    exit code is 1.
    """
    scores = ScoresByScenario()
    # Read-only unless grades are saved: a log that another process writes can then be graded too.
    with (
        telling_left_out() as left_out,
        open_existing(log_path, readonly=not save) as log,
        ExitStack() as stack,
    ):
        fitting = log.episodes(scenario=scenario, agent=agent, run=run, left_out=left_out)
        wanted, ungraded = _wanted(left_out.find_each(log, ids) if ids else fitting)
        source = grader_choice.source(log, left_out)
        # Before the transaction: answers are kept at once, whatever becomes of the grades.
        session = JudgeSession(judge_choice, source, log)
        session.settle(wanted, pass_at=PASS_AT if fail_under is None else fail_under)
        if session.list_missing(as_json=as_json):
            return 0
        stack.enter_context(_save_transaction(log, save=save))
        workers = grader_choice.workers(log, session.kept, jobs)
        results = workers.spread(
            wanted,
            partial(grade_each, log, source, session.judging, left_out),
            GradeElsewhere(workers.source),
            log=log,
            episodes=len(wanted),
            left_out=left_out,
        )
        given = ((id, source.take(id, result)) for id, result in results)
        graded = _note_scores(_save_each(log, given, save=save), len(wanted), scores)
        if as_json:
            rows = (grade_row(id, given) for id, given in graded)
            print_json("grades", rows, **session.wavering_data())
        elif wanted or not ungraded:
            _print_grades(graded, len(wanted), scores)
        tell_remarks(source)
    session.tell(as_json=as_json)
    if ungraded:
        print_to_stderr(
            f"{pluralise(ungraded, 'episode')} without a grade: "
            "cut off because the API kept failing"
        )
    below = scores.count_below(fail_under) if fail_under is not None else 0
    if below:
        print_to_stderr(f"{below} of {pluralise(scores.total, 'score')} below {fail_under:g}")
    # What has no score has not reached it either.
    missed = ungraded and fail_under is not None
    return 1 if below or missed or left_out or session.not_judged else 0


def _wanted(infos: Iterable[EpisodeInfo]) -> tuple[Sequence[str], int]:
    """Return the ids of the episodes that are to be graded, and how many others there are."""
    wanted, ungraded = [], 0
    for info in infos:
        if info.reason == INSTRUMENT_FAILED:
            ungraded += 1
        else:
            wanted.append(info.id)
    return wanted, ungraded


def _save_transaction(log: EventLog, *, save: bool) -> AbstractContextManager[None]:
    return log.transaction() if save else nullcontext()


def _save_each(
    log: EventLog, graded: Iterable[tuple[str, Grade | None]], *, save: bool
) -> Iterator[tuple[str, Grade]]:
    for id, given in graded:
        if given is None:
            continue
        if save:
            save_grade(log, id, given)
        yield id, given


def _note_scores(
    graded: Iterable[tuple[str, Grade]], total: int, scores: ScoresByScenario
) -> Iterator[tuple[str, Grade]]:
    """Yield *graded* with a progress bar, and add each to *scores*."""
    for id, given in show_progress(graded, total=total, label="grading"):
        scores.add(given.scenario, given.score)
        yield id, given


def _print_grades(
    graded: Iterator[tuple[str, Grade]], total: int, scores: ScoresByScenario
) -> None:
    out = stdout_console()
    if not total:
        print_to_stderr("no episodes to grade; `refold record SCENARIO --agent A` adds some")
    elif total == 1:
        for _, given in graded:
            print_grade(out, given)
    elif total <= MOST_ROWS:
        out.print(grades_table(graded))
    else:
        for _ in graded:  # graded as they are read; the scores are all that is kept
            pass
        out.print(scores.table())
        print_to_stderr("a row for each episode: --json")
