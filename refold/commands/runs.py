"""``refold runs``."""

from collections.abc import Iterator, Sequence
from typing import Any

import click
from rich.table import Table

from refold.commands.shared.formatting import reasons, score
from refold.commands.shared.options import examples, json_option, log_option
from refold.commands.shared.output import (
    add_row,
    console,
    counted,
    plain,
    print_json,
    progress,
    table,
    words,
)
from refold.engine import EpisodeInfo, EventLog
from refold.reports import Outcome, Run, outcome_of, runs

_NAMES_SHOWN = 3


@click.command(
    "runs",
    epilog=examples("refold runs", "refold runs --limit 0 --json"),
)
@click.option(
    "--limit", type=click.IntRange(0), default=20, show_default=True, help="Newest N; 0 for all."
)
@log_option
@json_option
def runs_command(limit: int, log: str, as_json: bool) -> None:
    """
    List the runs of the log, newest first: who played what, and the mean score.

    Each call of `refold record` makes a run. The mean is that of the scenarios' means, graded
    from the events; episodes that the API's faults stopped, or that have no end, are excluded.
    """
    with EventLog(log, readonly=True) as opened:
        watched = progress(opened.episodes(), total=opened.count(), label="grading")
        found = runs(_outcomes(opened, watched))[::-1]
    shown = found[: limit or None]
    if as_json:
        print_json("runs", map(_row, shown))
        return
    if not shown:
        words(f"no runs in {log}; `refold record SCENARIO --agent A` makes one")
        return
    console().print(_table(shown))
    if len(shown) < len(found):
        words(f"the newest {counted(len(shown), 'run')} of {len(found)}; --limit 0 shows all")


def _outcomes(log: EventLog, infos: Iterator[EpisodeInfo]) -> Iterator[tuple[EpisodeInfo, Outcome]]:
    for info in infos:
        yield info, outcome_of(info, log.events(info.id))


def _row(run: Run) -> dict[str, Any]:
    return {**plain(run), "excluded": run.excluded}


def _table(shown: Sequence[Run]) -> Table:
    right = ["episodes", "ended", "mean"]
    columns = ["run", "agents", "scenarios", *right, "excluded", "first began", "last ended"]
    listing = table(columns, right=right)
    for run in shown:
        add_row(
            listing,
            run.name or "-",
            _short(run.agents),
            _short(run.scenarios),
            run.episodes,
            run.ended,
            score(run.mean),
            reasons(run.exclusions),
            _minute(run.started_at),
            _minute(run.ended_at),
        )
    return listing


def _minute(time: str | None) -> str | None:
    """Return a time of the log, which is in UTC, to the minute."""
    return time[:16].replace("T", " ") if time else None


def _short(names: Sequence[str]) -> str:
    shown = ", ".join(name or "-" for name in names[:_NAMES_SHOWN])
    more = len(names) - _NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
