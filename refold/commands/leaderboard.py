"""``refold leaderboard``."""

from typing import Any

import click
from rich.table import Table

from refold.commands.shared.figures import complete_runs, interval, interval_remarks, reasons, score
from refold.commands.shared.options import examples, json_option, log_option
from refold.commands.shared.output import (
    SHORT,
    add_row,
    console,
    plain,
    print_json,
    progress,
    safe,
    table,
    words,
)
from refold.engine import EventLog
from refold.reports import Ranking, find_run, rankings, read_outcomes
from refold.reports.statistics import CONFIDENCE


@click.command(
    "leaderboard",
    epilog=examples("refold leaderboard", "refold leaderboard --scenario workflow --json"),
)
@click.option("--scenario", help="Only this scenario, or family.")
@click.option("--run", shell_complete=complete_runs, help="Only this run.")
@log_option
@json_option
def leaderboard_command(scenario: str | None, run: str | None, log: str, as_json: bool) -> None:
    """
    Rank the agents of the log by mean score: for each scenario, and overall.

    Scores by unequal rules, parameters or rubrics never share a table. Overall are ranked the
    agents that played every scenario of a family, or of the log, by the mean of their scenario
    means.
    """
    with EventLog(log, readonly=True) as opened:
        name = find_run(opened, run) if run is not None else None
        outcomes = (outcome for outcome, _ in read_outcomes(opened, scenario=scenario, run=name))
        total = opened.count()
        tables, several = rankings(progress(outcomes, total=total, label="grading"))
    if as_json:
        print_json("rankings", map(_row, tables), confidence=CONFIDENCE, several=several)
        return
    if not tables:
        words(f"no episodes in {log} fit; `refold record SCENARIO --agent A` adds some")
    out = console()
    for each in tables:
        out.print(safe(_title(each, full=each.over in several)), style="bold")
        out.print(_overall_table(each) if each.setting is None else _table(each))
        out.print()
    for line in interval_remarks(place.score for each in tables for place in each.places):
        out.print(line)
    for name in several:
        words(f"{name}: recorded in several versions, each ranked apart; no table over all")


def _row(each: Ranking) -> dict[str, Any]:
    return {
        "over": each.over,
        "setting": plain(each.setting),
        "scenarios": each.scenarios,
        "places": plain(each.places),
    }


def _title(each: Ranking, *, full: bool) -> str:
    """Return what stands over a table, with digests if *full*."""
    if each.setting is None:
        return f"{each.over}: mean of {len(each.scenarios)} scenarios"
    rubric = each.setting.rubric
    title = f"{each.over}: rules {each.setting.rules}, rubric {rubric.name} v{rubric.version}"
    if not full:
        return title
    return f"{title} {rubric.digest[:SHORT]}, parameters {each.setting.parameters[:SHORT]}"


def _table(each: Ranking) -> Table:
    right = ["rank", "n", "mean", "95 %", "best"]
    columns = ["rank", "agent", "n", "mean", "95 %", "best", "episode", "excluded"]
    listing = table(columns, right=right)
    for place in each.places:
        add_row(
            listing,
            place.rank,
            place.agent or "-",
            place.score.n if place.score else 0,
            score(place.mean),
            interval(place.score),
            score(place.best),
            place.episode,
            reasons(place.exclusions),
        )
    return listing


def _overall_table(each: Ranking) -> Table:
    listing = table(["rank", "agent", "mean"], right=["rank", "mean"])
    for place in each.places:
        add_row(listing, place.rank, place.agent or "-", score(place.mean))
    return listing
