"""``refold baseline``."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from refold.commands.shared.input_types import WholeNumber
from refold.commands.shared.left_out import telling_left_out
from refold.commands.shared.options import format_examples, json_option, logs_option
from refold.commands.shared.output import (
    add_row,
    new_table,
    print_json,
    print_to_stderr,
    safe_text,
    stdout_console,
    to_json_data,
)
from refold.engine import open_to_read
from refold.engine.log.left_out import LeftOut
from refold.reports import Baseline, Outcome, baselines
from refold.reports.baseline import SEEDS
from refold.reports.outcomes import read_outcomes

if TYPE_CHECKING:  # slow to import, and JSON needs none
    from rich.table import Table


@click.command(
    "baseline",
    epilog=format_examples("refold baseline", "refold baseline --seeds 100 --json"),
)
@click.option(
    "--seeds",
    type=WholeNumber(1, 10_000),
    default=SEEDS,
    show_default=True,
    help="Seeds of each scenario that random plays; its scores are means.",
)
@logs_option
@json_option
def baseline_command(seeds: int, log_path: str, as_json: bool) -> int:
    """
    Show reference scores for the built-in scenarios: simple agents, published, best of the log.

    The simple agents are played now, in memory: noop, random (the mean over seeds, numbered as by
    `refold record --epochs`), greedy and baseline. The log is only read; without one, the last row
    is missing.
    """
    with telling_left_out() as left_out:
        rows = list(baselines(_read_outcomes(log_path, left_out), seeds=seeds))
    if as_json:
        print_json("baselines", map(_baseline_row, rows))
    else:
        _print_baselines(rows)
    return 1 if left_out else 0


def _print_baselines(rows: Sequence[Baseline]) -> None:
    out = stdout_console()
    for family, group in groupby(rows, key=lambda row: row.family):
        of_family = list(group)
        out.print(_baseline_table(family, of_family))
        for remark in _remarks(of_family):
            out.print(safe_text(remark))
        out.print()


def _read_outcomes(log_path: str, left_out: LeftOut) -> Iterator[Outcome]:
    # Checked here: to the log, a missing file is an error, but a baseline needs none.
    if not Path(log_path).exists():
        print_to_stderr(f"no log {log_path}, so no best of it")
        return
    with open_to_read(log_path) as log:
        for outcome, _ in read_outcomes(log, left_out=left_out):
            yield outcome


def _baseline_row(each: Baseline) -> dict[str, Any]:
    episodes = {
        name: {"episode": outcome.id, "agent": outcome.agent, "seed": outcome.seed}
        for name, outcome in each.episodes.items()
    }
    return {**to_json_data(each), "episodes": episodes, "mean": each.mean}


def _baseline_table(family: str, rows: Sequence[Baseline]) -> "Table":
    scenarios = list(rows[0].scores)
    right = [*scenarios, "mean"]
    listing = new_table([family, "source", *right], right=right)
    for each in rows:
        # Four places, as these scores were published.
        found = (each.scores.get(name) for name in scenarios)
        scores = (None if score is None else f"{score:.4f}" for score in found)
        mean = f"{each.mean:.4f}" if len(each.scores) == len(scenarios) else None
        add_row(listing, each.agent, each.source, *scores, mean)
    return listing


def _remarks(rows: Sequence[Baseline]) -> Iterator[str]:
    for each in rows:
        if each.remark:
            yield f"{each.agent}, {each.source}: {each.remark}"
        for name, outcome in each.episodes.items():
            yield f"best on {name}: {outcome.agent}, seed {outcome.seed}, episode {outcome.id}"
