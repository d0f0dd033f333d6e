"""``refold report``."""

from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from refold.commands.shared.figures import (
    interval,
    interval_remarks,
    pass_at_option,
    reasons,
    run_argument,
    score,
)
from refold.commands.shared.model_options import price_option
from refold.commands.shared.options import examples, json_option, log_option
from refold.commands.shared.output import add_row, console, plain, print_json, safe, table
from refold.engine import EventLog
from refold.reports import (
    Costs,
    Price,
    RunReport,
    ScenarioReport,
    find_run,
    read_outcomes,
    report_run,
)
from refold.reports.statistics import CONFIDENCE


def _ks(_context: click.Context, _option: click.Parameter, text: str) -> list[int]:
    try:
        ks = [int(part) for part in text.split(",")]
    except ValueError:
        ks = [0]
    if min(ks) < 1:
        raise click.BadParameter(f"expected numbers from 1 on, such as 1,3; got {text!r}")
    return list(dict.fromkeys(ks))


@click.command(
    "report",
    epilog=examples(
        "refold report last",
        "refold report gpt --pass-at 0.8 -k 1,5 --price 0.15,0.60",
        "refold report last --json",
    ),
)
@run_argument("run")
@pass_at_option
@click.option(
    "-k",
    "ks",
    metavar="K[,K...]",
    default="1,3",
    show_default=True,
    callback=_ks,
    help="For which k to tell pass@k and pass^k.",
)
@price_option
@log_option
@json_option
def report_command(
    run: str, pass_at: float, ks: Sequence[int], price: Price | None, log: str, as_json: bool
) -> None:
    """
    Report a run in figures, by scenario: scores, passes, steps, tokens, cost, time, failures.

    RUN is a name from `refold runs`, a unique beginning of one, or `last`. Intervals are 95 %:
    Student's for the mean score, Clopper and Pearson's for passes. pass@k is the chance that one
    of k episodes passes, pass^k that all do. Excluded are episodes that the API's faults
    stopped, or that have no end: they count in no score, but their tokens were paid for.
    """
    with EventLog(log, readonly=True) as opened:
        name = find_run(opened, run)
        made = report_run(read_outcomes(opened, run=name), pass_at=pass_at, ks=ks, price=price)
    if as_json:
        head = {"run": name, "threshold": pass_at, "confidence": CONFIDENCE}
        total = {"mean": made.mean, "costs": plain(made.costs)}
        print_json("reports", map(_row, made.scenarios), **head, **total)
    else:
        _print(console(), name, made, pass_at, ks)


def _row(each: ScenarioReport) -> dict[str, Any]:
    row = plain(each)
    for chances in ("pass_at_k", "pass_hat_k"):
        row[chances] = {str(k): chance for k, chance in row[chances].items()}
    return {**row.pop("setting"), "counted": each.counted, **row}


def _print(out: Console, name: str, made: RunReport, pass_at: float, ks: Sequence[int]) -> None:
    agents = dict.fromkeys(agent for each in made.scenarios for agent in each.agents)
    out.print(safe(f"run {name}, agent {', '.join(agents)}"), style="bold")
    out.print()
    out.print(_scores_table(made, pass_at, ks))
    for line in interval_remarks(each.score for each in made.scenarios):
        out.print(line)
    if made.costs:
        out.print()
        out.print(_costs_table(made, made.costs))
        _print_failures(out, made, made.costs)
    out.print()
    out.print(_counts_table(made))


def _scores_table(made: RunReport, pass_at: float, ks: Sequence[int]) -> Table:
    passes = [f"pass@{k}" for k in ks] + [f"pass^{k}" for k in ks]
    right = ["n", "mean", "95 %", f"≥ {pass_at:g}", "95 % ", *passes, "steps"]
    listing = table(["scenario", *right, "excluded"], right=right)
    for each in made.scenarios:
        chances = [*each.pass_at_k.values(), *each.pass_hat_k.values()]
        add_row(
            listing,
            each.setting.scenario,
            each.counted,
            score(each.score.mean if each.score else None),
            interval(each.score),
            each.passed,
            interval(each.pass_rate),
            *(score(chance) or "-" for chance in chances),
            None if each.steps is None else f"{each.steps:.1f}",
            reasons(each.exclusions),
        )
    if len(made.scenarios) > 1:
        counted = sum(each.counted for each in made.scenarios)
        add_row(listing, "mean of scenarios", counted, score(made.mean), style="bold")
    return listing


def _costs_table(made: RunReport, total: Costs) -> Table:
    right = ["requests", "tokens in", "tokens out", "cost", "latency", "p95", "unread", "forfeited"]
    listing = table(["scenario", *right], right=right)
    for each in made.scenarios:
        if each.costs:
            name, failures = each.setting.scenario, (each.unread, each.forfeited)
            add_row(listing, name, *_costs_cells(each.costs), *failures)
    if len(made.scenarios) > 1:
        unread = sum(each.unread for each in made.scenarios)
        forfeited = sum(each.forfeited for each in made.scenarios)
        add_row(listing, "all", *_costs_cells(total), unread, forfeited, style="bold")
    return listing


def _costs_cells(costs: Costs) -> list[object]:
    least = "≥ " if costs.unmetered else ""
    latency = costs.latency
    return [
        costs.requests,
        f"{least}{costs.input}",
        f"{least}{costs.output}",
        None if costs.cost is None else f"{least}${costs.cost:.4f}",
        f"{latency.mean_ms:.0f} ms" if latency else None,
        f"{latency.p95_ms} ms" if latency else None,
    ]


def _print_failures(out: Console, made: RunReport, costs: Costs) -> None:
    """Say what the columns of failures mean, where there were any."""
    if any(each.forfeited for each in made.scenarios):
        out.print("forfeited: steps in which the model gave no action, which count as its failures")
    if costs.unmetered:
        out.print(f"{costs.unmetered} answers came without a count of tokens")
    if costs.faults:
        faults = reasons(costs.faults)
        lost = f"; {costs.unanswered} requests never answered" if costs.unanswered else ""
        out.print(safe(f"failed attempts, not the model's: {faults}{lost}"))


def _counts_table(made: RunReport) -> Table:
    listing = table(["scenario", "per episode"], title=None)
    for each in made.scenarios:
        means = (f"{name} {count.mean:.4g}" for name, count in each.counts.items())
        add_row(listing, each.setting.scenario, ", ".join(means))
    return listing
