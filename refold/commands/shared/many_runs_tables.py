"""Three runs and more, compared: as tables and as JSON."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from refold.commands.shared.formatting import format_score, format_signed, pluralise
from refold.commands.shared.moves import diff_hint
from refold.commands.shared.output import add_row, new_table, print_words, to_json_data
from refold.overviews.compared import Why
from refold.reports.many_runs import Lead, ManyRuns
from refold.reports.statistics import CONFIDENCE

if TYPE_CHECKING:  # slow to import, and JSON needs none
    from rich.console import Console
    from rich.table import Table


_MANY_COLUMNS = 8


def print_many_runs(out: "Console", compared: ManyRuns, pass_at: float) -> None:
    """Print scores and passes by scenario, best run first, and which runs are ahead of which."""
    out.print(_scores_table(compared))
    out.print(f"\nmean score, and episodes that passed: a score of at least {pass_at:g}")
    for line in _remarks(compared):
        out.print(line)
    out.print("\nahead, on these scenarios (p adjusted for all pairs)", style="bold")
    for lead in compared.leads:
        print_words(out, f"  {lead_line(lead)}")


def _scores_table(compared: ManyRuns) -> "Table":
    names = [column.name for column in compared.columns]
    listing = new_table(["scenario", *names], right=names)
    for setting in compared.scenarios:
        cells = []
        for column in compared.columns:
            passed, count = column.passed[setting]
            cells.append(f"{format_score(column.means[setting])}  {passed}/{count}")
        add_row(listing, setting.scenario, *cells)
    # The passes are as wide as those above, so that the means stand below each other.
    sums = [
        tuple(map(sum, zip(*column.passed.values(), strict=True))) for column in compared.columns
    ]
    cells = [
        f"{format_score(column.mean)}  {passed}/{count}"
        for column, (passed, count) in zip(compared.columns, sums, strict=True)
    ]
    add_row(listing, "mean of scenarios", *cells, style="bold")
    return listing


def _remarks(compared: ManyRuns) -> Iterator[str]:
    if compared.left_aside:
        yield f"{pluralise(compared.left_aside, 'seed')} that not every run has: left out"
    if len(compared.columns) >= _MANY_COLUMNS:
        yield f"{len(compared.leads)} pairs are tested: only large differences can be clear"


def lead_line(lead: Lead) -> str:
    """Return a pair in words: how much it is ahead, whether that is clear, and if not, why."""
    found = lead.difference
    facts = f"p {lead.p:.2g}, least p {lead.least_p:.2g}, {pluralise(found.units, 'seed')}"
    if lead.clear:
        word = f"clear ({facts})"
    elif not found.differing:
        word = f"no seed differs ({pluralise(found.units, 'seed')})"
    elif lead.least_p > 1 - CONFIDENCE:
        word = (
            f"cannot tell ({facts}: {found.differing} differ, too few: record with more --epochs)"
        )
    else:
        word = f"cannot tell ({facts})"
    return f"{lead.ahead} over {lead.behind}: {format_signed(found.difference)}  {word}"


def many_runs_json(
    compared: ManyRuns, why: Why, tail: str
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the rows, one for each scenario, and the members beside them."""
    rows = [
        {
            **to_json_data(setting),
            "means": [column.means[setting] for column in compared.columns],
            "passed": [column.passed[setting][0] for column in compared.columns],
            "episodes": [column.passed[setting][1] for column in compared.columns],
        }
        for setting in compared.scenarios
    ]
    columns = [
        {"name": each.name, "run": each.run, "agent": each.agent, "mean": each.mean}
        for each in compared.columns
    ]
    head = {"columns": columns, "leads": to_json_data(compared.leads), "worlds": compared.worlds}
    apart = [
        {
            **to_json_data(each),
            "spread": each.spread,
            "verdict": why(each.episodes[0]),
            "diff": diff_hint(each, tail),
        }
        for each in compared.apart
    ]
    return rows, {**head, "left_aside": compared.left_aside, "apart": apart}
