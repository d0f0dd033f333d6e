"""A regrade as text, in the order of all its formats: verdict, facts, claims, reasons."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from refold.commands.regrading.grids import (
    Grid,
    agents_grids,
    causes_grid,
    facts,
    idle_grid,
    order_grid,
    several_line,
)
from refold.commands.regrading.words import MANY_AGENTS, Heading, causes_words, size_line
from refold.commands.shared.formatting import pluralise
from refold.commands.shared.output import add_row, new_table, print_words, safe_text
from refold.graders.regrading import RegradedEpisode
from refold.graders.text import change_lines
from refold.reports.gates import Verdict
from refold.reports.regrading import RegradeReport

if TYPE_CHECKING:  # slow to import, and JSON needs none
    from rich.console import Console
    from rich.table import Table


_ROWS = 20
_IDLE_ROWS = 8
_EVENTS_SHOWN = 3


def print_change(out: "Console", regraded: RegradedEpisode) -> None:
    """Print what moved in one episode, part by part, with the events behind it."""
    lines = change_lines(regraded.change, regraded.evidence.words.__getitem__, shown=_EVENTS_SHOWN)
    _say(out, f"{regraded.info.id}  {next(lines)}", style="bold")
    for line in lines:
        _say(out, f"  {line}")


def print_head(out: "Console", heading: Heading, report: RegradeReport) -> None:
    """Print what was compared, and the verdict."""
    _say(out, heading.sides, style="bold")
    _say(out, size_line(report))
    _say(out, f"\nVerdict: {report.verdict.words}", style="bold")


def print_verdicts(out: "Console", verdicts: Sequence[Verdict]) -> None:
    """Print the answer to each rule that was asked for."""
    for place, verdict in enumerate(verdicts):
        before = "" if place else "\n"
        _say(out, f"{before}{verdict.rule}: {verdict.answer} ({verdict.why})", style="bold")


def print_report(
    out: "Console", heading: Heading, report: RegradeReport, verdicts: Sequence[Verdict]
) -> None:
    """Print the whole report."""
    print_head(out, heading, report)
    if report.verdict.moved:
        out.print()
        for label, line in facts(report):
            beyond = label in ("elsewhere", "noise floor")
            _say(out, f"{'':8} {label}: {line}" if beyond else f"{label:8} {line}")
    if report.causes:
        out.print()
        out.print(_table(causes_grid(report)))
        if line := several_line(report):
            _say(out, line)
    if report.verdict.moved:
        for grid in agents_grids(report):
            out.print()
            if grid.title:
                _say(out, grid.title, style="italic")
            out.print(_table(grid))
        _print_order(out, report)
        _print_largest(out, heading, report)
    _print_idle(out, report)
    print_verdicts(out, verdicts)


def _print_order(out: "Console", report: RegradeReport) -> None:
    if not report.pairs:
        return
    grid = order_grid(report)
    _say(out, f"\n{grid.title}", style="bold")
    for pair, old, new, words in grid.rows[:_ROWS]:
        _say(out, f"  {pair}  {old} -> {new}  {words}")
    _tell_more(out, len(grid.rows) - _ROWS)
    if grid.rows and len(report.agents) >= MANY_AGENTS:
        pairs = pluralise(len(report.pairs), "pair")
        _say(out, f"  among so many agents, {pairs}, only a large difference is clear")


def _print_largest(out: "Console", heading: Heading, report: RegradeReport) -> None:
    _say(out, "\nlargest moves", style="bold")
    for each in report.largest:
        move = each.move
        alike = f", and {each.alike} alike" if each.alike else ""
        why = ", ".join(causes_words(move))
        scores = f"{move.old:.4f} -> {move.new:.4f}"
        _say(out, f"  {scores}  {move.scenario} {move.agent}, {why}{alike}")
        # One line however long, to be copied.
        out.print(safe_text(f"      {heading.look(move.episode)}"), soft_wrap=True)


def _print_idle(out: "Console", report: RegradeReport) -> None:
    if not report.idle:
        return
    grid = idle_grid(report)
    _say(out, f"\n{grid.title}", style="bold")
    for criterion, rubric, words in grid.rows[:_IDLE_ROWS]:
        _say(out, f"  {criterion} of {rubric}: {words}")
    _tell_more(out, len(grid.rows) - _IDLE_ROWS)


def _tell_more(out: "Console", more: int) -> None:
    if more > 0:
        _say(out, f"  and {more} more: --format json has all")


def _table(grid: Grid) -> "Table":
    listing = new_table(grid.columns, right=grid.numbers, spare=["noise", "events"])
    for row in grid.rows:
        add_row(listing, *row)
    return listing


def _say(out: "Console", text: str, *, style: str | None = None) -> None:
    if text.startswith("\n"):
        out.print()
    print_words(out, text.removeprefix("\n"), style=style)
