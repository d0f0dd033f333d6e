"""``refold runs``."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from refold.commands.shared.formatting import format_score, pluralise
from refold.commands.shared.grader_choice import AS_RECORDED
from refold.commands.shared.left_out import telling_left_out
from refold.commands.shared.options import format_examples, json_option, limit_option, logs_option
from refold.commands.shared.output import (
    add_row,
    new_table,
    print_json,
    print_to_stderr,
    stdout_console,
    to_json_data,
)
from refold.commands.shared.process_options import jobs_option
from refold.commands.shared.progress import watching
from refold.commands.shared.report_formatting import format_exclusions
from refold.engine import open_to_read
from refold.graders.answers import KeptAnswers
from refold.reports import Run, runs_of
from refold.triage import indexed_scores

if TYPE_CHECKING:  # slow to import, and JSON needs none
    from rich.table import Table


_NAMES_SHOWN = 3


@click.command(
    "runs",
    epilog=format_examples("refold runs", "refold runs --limit 0 --json"),
)
@limit_option
@jobs_option
@logs_option
@json_option
def runs_command(limit: int, jobs: int | None, log_path: str, as_json: bool) -> int:
    """
    List the runs of the log, newest first: who played what, and the mean score.

    Each call of `refold record` makes a run. The mean score is the mean of the scenarios' means;
    each episode is graded from its events once. Episodes that an API failure cut off, or that have
    not ended, are excluded.
    """
    with (
        telling_left_out() as left_out,
        open_to_read(log_path) as log,
        watching("grading") as watch,
    ):
        workers = AS_RECORDED.workers(log, KeptAnswers(), jobs)
        found = runs_of(indexed_scores(log, left_out, watch=watch, workers=workers))[::-1]
    shown = found[: limit or None]
    if as_json:
        print_json("runs", map(_run_row, shown))
    elif shown:
        stdout_console().print(_runs_table(shown))
    else:
        print_to_stderr(f"no runs in {log_path}; `refold record SCENARIO --agent A` makes one")
    if not as_json and len(shown) < len(found):
        print_to_stderr(
            f"the newest {pluralise(len(shown), 'run')} of {len(found)}; --limit 0 shows all"
        )
    return 1 if left_out else 0


def _run_row(run: Run) -> dict[str, Any]:
    return {**to_json_data(run), "excluded": run.excluded}


def _runs_table(shown: Sequence[Run]) -> "Table":
    right = ["episodes", "ended", "mean"]
    times = ["first began", "last ended"]
    listing = new_table(
        ["run", "agents", "scenarios", *right, "excluded", *times],
        right=[*right, *times],
        spare=["last ended", "ended", "first began", "scenarios"],
    )
    for run in shown:
        add_row(
            listing,
            run.name or "-",
            _shorten(run.agents),
            _shorten(run.scenarios),
            run.episodes,
            run.ended,
            format_score(run.mean),
            format_exclusions(run.exclusions),
            _to_the_minute(run.started_at),
            _to_the_minute(run.ended_at),
        )
    return listing


def _to_the_minute(time: str | None) -> str | None:
    """Return *time*, an ISO timestamp in UTC, without its seconds; None for None."""
    return time[:16].replace("T", " ") if time else None


def _shorten(names: Sequence[str]) -> str:
    """Return the first of *names*, and how many more there are."""
    shown = ", ".join(name or "-" for name in names[:_NAMES_SHOWN])
    more = len(names) - _NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
