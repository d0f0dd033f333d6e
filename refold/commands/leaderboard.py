"""``refold leaderboard``."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from refold.commands.shared.formatting import format_score
from refold.commands.shared.grader_choice import (
    GraderChoice,
    look_up_only,
    tell_remarks,
    with_grader_options,
)
from refold.commands.shared.judge_validation import tell_validation
from refold.commands.shared.left_out import telling_left_out
from refold.commands.shared.optimum_formatting import format_share
from refold.commands.shared.options import complete_runs, format_examples, json_option, logs_option
from refold.commands.shared.output import (
    SHORT_ID_LENGTH,
    add_row,
    new_table,
    print_json,
    print_to_stderr,
    safe_text,
    stdout_console,
)
from refold.commands.shared.passing import pass_mark
from refold.commands.shared.process_options import jobs_option
from refold.commands.shared.progress import show_progress, watching
from refold.commands.shared.report_formatting import (
    format_exclusions,
    format_interval,
)
from refold.engine import open_to_read
from refold.engine.log.index.wanted import Wanted
from refold.reports import Ranking, find_run, ranking_row, rankings
from refold.reports.optima import Shares, read_optima
from refold.reports.outcomes import AnyScore, measure_outcomes, nothing_of
from refold.reports.statistics import CONFIDENCE
from refold.triage import indexed_scores

if TYPE_CHECKING:  # slow to import, and JSON needs none
    from rich.table import Table


@click.command(
    "leaderboard",
    epilog=format_examples("refold leaderboard", "refold leaderboard --scenario workflow --json"),
)
@click.option("--scenario", help="Only this scenario, or family.")
@click.option("--run", shell_complete=complete_runs, help="Only this run.")
@with_grader_options
@jobs_option
@logs_option
@json_option
def leaderboard_command(
    scenario: str | None,
    run: str | None,
    grader_choice: GraderChoice,
    jobs: int | None,
    log_path: str,
    as_json: bool,
) -> int:
    """
    Rank the agents of the log by mean score: for each scenario, and overall.

    Scores under different rules, parameters or rubrics never share a table. The overall tables rank
    the agents that played every scenario of a family, or of the log, by the mean of their scenario
    means.
    """
    with (
        telling_left_out() as left_out,
        open_to_read(log_path) as log,
        watching("grading") as watch,
    ):
        name = find_run(log, run) if run is not None else None
        source = grader_choice.source(log, left_out)
        workers = grader_choice.workers(log, look_up_only(source, log), jobs)
        shares = Shares(read_optima(log, left_out))
        found: Iterable[AnyScore]
        if grader_choice.is_given:
            measured = measure_outcomes(
                log,
                nothing_of,
                scenario=scenario,
                run=name,
                left_out=left_out,
                source=source,
                workers=workers,
            )
            graded = (outcome for outcome, _ in measured)
            found = show_progress(graded, total=log.count(), label="grading")
        else:
            wanted = Wanted(scenario=scenario, run=name, forks=False)
            found = indexed_scores(log, left_out, wanted=wanted, watch=watch, workers=workers)
        tables, several = rankings(map(shares.add, found))
        tell_remarks(source)
        tell_validation(source, log, pass_at=pass_mark())
    if as_json:
        rows = (ranking_row(each, shares) for each in tables)
        print_json("rankings", rows, confidence=CONFIDENCE, several=several)
    else:
        _print_rankings(tables, shares, several, log_path)
    return 1 if left_out else 0


def _print_rankings(
    tables: Sequence[Ranking], shares: Shares, several: Sequence[str], log_path: str
) -> None:
    if not tables:
        print_to_stderr(
            f"no episodes in {log_path} fit; `refold record SCENARIO --agent A` adds some"
        )
    out = stdout_console()
    for each in tables:
        out.print(safe_text(_table_title(each, full=each.over in several)), style="bold")
        out.print(_overall_table(each) if each.setting is None else _setting_table(each, shares))
        out.print()
    for name in several:
        print_to_stderr(
            f"{name}: recorded in several versions, each ranked apart; no table over all"
        )


def _table_title(each: Ranking, *, full: bool) -> str:
    """Return the title of a table; *full* adds digests, to tell equal names apart."""
    if each.setting is None:
        return f"{each.over}: mean of {len(each.scenarios)} scenarios"
    rubric = each.setting.rubric
    title = f"{each.over}: rules {each.setting.rules}, rubric {rubric.name} v{rubric.version}"
    if not full:
        return title
    rubric_digest, parameters = (
        digest[:SHORT_ID_LENGTH] for digest in (rubric.digest, each.setting.parameters)
    )
    return f"{title} {rubric_digest}, parameters {parameters}"


def _setting_table(each: Ranking, shares: Shares) -> "Table":
    reached = [shares.mean(each.setting, [place.agent]) for place in each.places]
    # A column of its own only where the log knows what was possible.
    optimum = ["of optimum"] if any(share is not None for share in reached) else []
    right = ["rank", "n", "mean", "95 %", *optimum, "best"]
    columns = ["rank", "agent", "n", "mean", "95 %", *optimum, "best", "episode", "excluded"]
    listing = new_table(columns, right=right, spare=["episode", "best", "95 %"])
    for place, share in zip(each.places, reached, strict=True):
        add_row(
            listing,
            place.rank,
            place.agent or "-",
            place.score.n if place.score else 0,
            format_score(place.mean),
            format_interval(place.score),
            *([format_share(share)] if optimum else []),
            format_score(place.best),
            place.episode,
            format_exclusions(place.exclusions),
        )
    return listing


def _overall_table(each: Ranking) -> "Table":
    listing = new_table(["rank", "agent", "mean"], right=["rank", "mean"])
    for place in each.places:
        add_row(listing, place.rank, place.agent or "-", format_score(place.mean))
    return listing
