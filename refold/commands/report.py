"""``refold report``."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from refold.commands.shared.files import check_output
from refold.commands.shared.formatting import format_score
from refold.commands.shared.grader_choice import (
    GraderChoice,
    look_up_only,
    tell_remarks,
    with_grader_options,
)
from refold.commands.shared.judge_validation import tell_validation
from refold.commands.shared.left_out import telling_left_out
from refold.commands.shared.model_options import price_option
from refold.commands.shared.optimum_formatting import format_share
from refold.commands.shared.options import (
    format_examples,
    json_option,
    logs_option,
    pass_at_option,
    run_argument,
)
from refold.commands.shared.output import (
    add_row,
    new_table,
    print_json,
    safe_text,
    stdout_console,
    to_json_data,
)
from refold.commands.shared.page_option import html_option, write_overview
from refold.commands.shared.process_options import jobs_option
from refold.commands.shared.progress import watching
from refold.commands.shared.report_formatting import (
    format_exclusions,
    format_interval,
)
from refold.commands.shared.run_text import print_reasons, print_strips
from refold.engine import open_to_read
from refold.overviews import RunRead, describe_run, overview_document, with_verdicts
from refold.reports import (
    Costs,
    Prices,
    RunReport,
    ScenarioReport,
    find_run,
)
from refold.reports.measured import measure_run
from refold.reports.naming import setting_names
from refold.reports.optima import Shares, read_optima
from refold.reports.outcomes import Setting
from refold.reports.statistics import CONFIDENCE
from refold.reports.summary import report_run

if TYPE_CHECKING:  # slow to import, and JSON needs none
    from rich.console import Console
    from rich.table import Table


def _parse_ks(_context: click.Context, _option: click.Parameter, text: str) -> list[int]:
    try:
        ks = [int(part) for part in text.split(",")]
    except ValueError:
        ks = [0]
    if min(ks) < 1:
        raise click.BadParameter(f"expected numbers from 1 on, such as 1,3; got {text!r}")
    return list(dict.fromkeys(ks))


@click.command(
    "report",
    epilog=format_examples(
        "refold report last",
        "refold report gpt --pass-at 0.8 -k 1,5 --price 0.15,0.60",
        "refold report last --html run.html",
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
    callback=_parse_ks,
    help="Values of k for pass@k and pass^k.",
)
@price_option
@with_grader_options
@jobs_option
@logs_option
@json_option
@html_option
def report_command(
    run: str,
    pass_at: float,
    ks: Sequence[int],
    prices: Prices,
    grader_choice: GraderChoice,
    jobs: int | None,
    log_path: str,
    as_json: bool,
    html: str | None,
) -> int:
    """
    Report on a run by scenario: scores, passes, steps, tokens, cost, time, failures.

    RUN is a name from `refold runs`, a unique prefix of one, or `last`. Intervals are 95 %:
    Gaffke's for the mean score; Clopper and Pearson's for passes, with repetitions of a seed
    weighted for their dependence (Korn and Graubard). pass@k is the probability that one of k
    episodes passes, pass^k that all do. Episodes that an API failure cut off, or that have not
    ended, are excluded: they count in no score, but their tokens count as cost.

    Exits with 1 if an episode cannot be read; it is reported and not counted.
    """
    if html is not None:
        check_output(html, option="--html", logs=[log_path])
    with telling_left_out() as left_out, open_to_read(log_path) as log:
        name = find_run(log, run)
        source = grader_choice.source(log, left_out)
        workers = grader_choice.workers(log, look_up_only(source, log), jobs)
        measured = measure_run(log, name, left_out=left_out, source=source, workers=workers)
        shares = Shares(read_optima(log, left_out))
        noted = ((shares.add(each.outcome), each.usage) for each in measured)
        run_report = report_run(noted, pass_at=pass_at, ks=ks, prices=prices)
        tell_remarks(source)
        tell_validation(source, log, pass_at=pass_at)
        read = describe_run(log, name, measured)
        # A verdict is on the score that the recorded rubric gives.
        if not grader_choice.is_given and (html is not None or not as_json):
            with watching("judging") as watch:
                read = with_verdicts(log, name, measured, pass_at=pass_at, watch=watch)
    if html is not None:
        document = overview_document([read], pass_at=pass_at, prices=prices)
        write_overview(html, {**document, "heading": source.heading})
    if as_json:
        head = {"run": name, "threshold": pass_at, "confidence": CONFIDENCE}
        total = {
            "mean": run_report.score.mean if run_report.score else None,
            "score": to_json_data(run_report.score),
            "pass_rate": to_json_data(run_report.pass_rate),
            "costs": to_json_data(run_report.costs),
        }
        rows = (_scenario_row(each, shares) for each in run_report.scenarios)
        print_json("reports", rows, **head, **total)
    elif html is None:
        out = stdout_console()
        _print_report(out, read, source.heading, run_report, pass_at, ks)
        _print_shares(out, run_report, shares)
    return 1 if left_out else 0


def _scenario_row(each: ScenarioReport, shares: Shares) -> dict[str, Any]:
    row = to_json_data(each)
    for chances in ("pass_at_k", "pass_hat_k"):
        row[chances] = {str(k): chance for k, chance in row[chances].items()}
    share = shares.mean(each.setting, each.agents)
    return {**row.pop("setting"), "counted": each.counted, "optimum_share": share, **row}


def _print_shares(out: "Console", run_report: RunReport, shares: Shares) -> None:
    """Print what share of the optimum was reached, where the log knows what was possible."""
    names = _names(run_report)
    reached = {
        names[each.setting]: format_share(shares.mean(each.setting, each.agents))
        for each in run_report.scenarios
    }
    told = [f"{name} {share}" for name, share in reached.items() if share is not None]
    if told:
        out.print()
        out.print(safe_text(f"of the optimum: {', '.join(told)}"))


def _print_report(
    out: "Console",
    read: RunRead,
    heading: str,
    run_report: RunReport,
    pass_at: float,
    ks: Sequence[int],
) -> None:
    agents = dict.fromkeys(agent for each in run_report.scenarios for agent in each.agents)
    named = [f"run {read.name}", f"agent {', '.join(agents)}", *([heading] if heading else [])]
    out.print(safe_text(", ".join(named)), style="bold")
    out.print()
    out.print(_scores_table(run_report, pass_at, ks))
    out.print(
        "95 % intervals: of a scenario, for other seeds; of the mean of scenarios, for other "
        "scenarios"
    )
    print_strips(out, run_report, read, pass_at)
    print_reasons(out, read, pass_at)
    if run_report.costs:
        out.print()
        out.print(_costs_table(run_report, run_report.costs))
        _print_failures(out, run_report, run_report.costs)
    out.print()
    out.print(_counts_table(run_report))


def _scores_table(run_report: RunReport, pass_at: float, ks: Sequence[int]) -> "Table":
    at_least, all_of = [f"pass@{k}" for k in ks], [f"pass^{k}" for k in ks]
    passes = [*at_least, *all_of]
    right = ["n", "mean", "95 %", f"≥ {pass_at:g}", "95 % ", *passes, "steps"]
    listing = new_table(
        ["scenario", *right, "excluded"],
        right=right,
        spare=[*reversed(all_of), *reversed(at_least), "95 % ", "steps", "95 %"],
    )
    names = _names(run_report)
    for each in run_report.scenarios:
        chances = [*each.pass_at_k.values(), *each.pass_hat_k.values()]
        add_row(
            listing,
            names[each.setting],
            each.counted,
            format_score(each.score.mean if each.score else None),
            format_interval(each.score),
            each.passed,
            format_interval(each.pass_rate),
            *(format_score(chance) or "-" for chance in chances),
            None if each.steps is None else f"{each.steps:.1f}",
            format_exclusions(each.exclusions),
        )
    if len(run_report.scenarios) > 1:
        add_row(
            listing,
            "mean of scenarios",
            sum(each.counted for each in run_report.scenarios),
            format_score(run_report.score.mean if run_report.score else None),
            format_interval(run_report.score),
            sum(each.passed for each in run_report.scenarios),
            format_interval(run_report.pass_rate),
            style="bold",
        )
    return listing


def _names(run_report: RunReport) -> dict[Setting, str]:
    return setting_names([each.setting for each in run_report.scenarios])


def _costs_table(run_report: RunReport, total: Costs) -> "Table":
    right = ["requests", "tokens in", "tokens out", "cost", "latency", "p95", "unread", "forfeited"]
    listing = new_table(["scenario", *right], right=right, spare=["p95", "latency", "unread"])
    names = _names(run_report)
    for each in run_report.scenarios:
        if each.costs:
            failures = each.unread, each.forfeited
            add_row(listing, names[each.setting], *_costs_cells(each.costs), *failures)
    if len(run_report.scenarios) > 1:
        unread = sum(each.unread for each in run_report.scenarios)
        forfeited = sum(each.forfeited for each in run_report.scenarios)
        add_row(listing, "all", *_costs_cells(total), unread, forfeited, style="bold")
    return listing


def _costs_cells(costs: Costs) -> list[object]:
    # An API that counts no tokens for some answers leaves only a lower bound.
    least = "≥ " if costs.unmetered else ""
    latency = costs.latency
    # Where nothing was counted, nothing is known: not even that it was 0.
    known = costs.requests - costs.unanswered > costs.unmetered or not costs.unmetered
    return [
        costs.requests,
        f"{least}{costs.input}" if known else None,
        f"{least}{costs.output}" if known else None,
        f"{least}${costs.cost:.4f}" if known and costs.cost is not None else None,
        f"{latency.mean_ms:.0f} ms" if latency else None,
        f"{latency.p95_ms} ms" if latency else None,
    ]


def _print_failures(out: "Console", run_report: RunReport, costs: Costs) -> None:
    """Print what the columns of failures mean, if there are any failures."""
    if any(each.forfeited for each in run_report.scenarios):
        out.print("forfeited: steps in which the model gave no action, which count as its failures")
    if costs.unmetered:
        out.print(f"{costs.unmetered} answers came without a count of tokens")
    if costs.faults:
        faults = format_exclusions(costs.faults)
        lost = f"; {costs.unanswered} requests never answered" if costs.unanswered else ""
        out.print(safe_text(f"failed attempts, not the model's: {faults}{lost}"))


def _counts_table(run_report: RunReport) -> "Table":
    listing = new_table(["scenario", "per episode"], title=None)
    names = _names(run_report)
    for each in run_report.scenarios:
        means = (f"{name} {count.mean:.4g}" for name, count in each.counts.items())
        add_row(listing, names[each.setting], ", ".join(means))
    return listing
