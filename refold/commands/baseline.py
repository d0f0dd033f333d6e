"""``refold baseline``."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from refold.commands.shared.figures import score
from refold.commands.shared.options import examples, json_option, log_option
from refold.commands.shared.output import add_row, console, plain, print_json, safe, table, words
from refold.engine import EventLog
from refold.reports import Baseline, Outcome, baselines, read_outcomes
from refold.reports.baseline import SEEDS


@click.command(
    "baseline",
    epilog=examples("refold baseline", "refold baseline --seeds 100 --json"),
)
@click.option(
    "--seeds",
    type=click.IntRange(1, 10_000),
    default=SEEDS,
    show_default=True,
    help="Worlds of each scenario that random plays; its scores are the means.",
)
@log_option
@json_option
def baseline_command(seeds: int, log: str, as_json: bool) -> None:
    """
    Show reference scores on the scenarios that ship: simple agents, published, best of the log.

    The simple agents are played now, in memory: noop, random (mean of seeds, as `refold record
    --epochs` numbers them), greedy and baseline. The log is only read; without one, the last
    row is missing.
    """
    rows = list(baselines(_outcomes(log), seeds=seeds))
    if as_json:
        print_json("baselines", map(_row, rows))
        return
    out = console()
    for family, group in groupby(rows, key=lambda row: row.family):
        of_family = list(group)
        out.print(_table(family, of_family))
        for remark in _remarks(of_family):
            out.print(safe(remark))
        out.print()


def _outcomes(log: str) -> Iterator[Outcome]:
    if not Path(log).exists():
        words(f"no log {log}, so no best of it")
        return
    with EventLog(log, readonly=True) as opened:
        for outcome, _ in read_outcomes(opened):
            yield outcome


def _row(each: Baseline) -> dict[str, Any]:
    episodes = {
        name: {"episode": outcome.id, "agent": outcome.agent, "seed": outcome.seed}
        for name, outcome in each.episodes.items()
    }
    return {**plain(each), "episodes": episodes, "mean": each.mean}


def _table(family: str, rows: Sequence[Baseline]) -> Table:
    scenarios = list(rows[0].scores)
    right = [*scenarios, "mean"]
    listing = table([family, "source", *right], right=right)
    for each in rows:
        scores = (score(each.scores.get(name)) for name in scenarios)
        mean = score(each.mean) if len(each.scores) == len(scenarios) else None
        add_row(listing, each.agent, each.source, *scores, mean)
    return listing


def _remarks(rows: Sequence[Baseline]) -> Iterator[str]:
    for each in rows:
        if each.remark:
            yield f"{each.agent}, {each.source}: {each.remark}"
        for name, outcome in each.episodes.items():
            yield f"best on {name}: {outcome.agent}, seed {outcome.seed}, episode {outcome.id}"
