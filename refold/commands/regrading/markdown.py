"""A regrade as Markdown, for a pull request: the verdict as a heading, a table for each answer."""

import re
from collections.abc import Iterable, Iterator, Sequence

from refold.commands.regrading.grids import (
    Grid,
    agents_grids,
    causes_grid,
    facts,
    idle_grid,
    order_grid,
    rules_grid,
    several_line,
)
from refold.commands.regrading.words import Heading, causes_words, size_line
from refold.commands.shared.formatting import pluralise
from refold.commands.shared.output import safe_text
from refold.reports.gates import Verdict
from refold.reports.regrading import RegradeReport
from refold.reports.regrading.moves import Move

_ROWS = 10
_LARGEST = 5
# What would end a cell, begin markup, a tag or a link, or mention a user.
_SPECIAL = re.compile(r"[\\`*{}\[\]#|~<&@]|(?<!\w)_|_(?!\w)|://|^>")


def report_as_markdown(heading: Heading, report: RegradeReport, verdicts: Sequence[Verdict]) -> str:
    """Return the report as Markdown; whatever names and ids hold, it keeps to its cells."""
    return "\n".join(_lines(heading, report, verdicts)) + "\n"


def cell(text: object) -> str:
    """Return *text* as one line of Markdown that shows it as it is."""

    # As entities: a backslash keeps no reader of tables from a bar, and none from a mention.
    def entities(found: re.Match[str]) -> str:
        return "".join(f"&#{ord(letter)};" for letter in found[0])

    return _SPECIAL.sub(entities, safe_text(text))


def _lines(heading: Heading, report: RegradeReport, verdicts: Sequence[Verdict]) -> Iterator[str]:
    yield f"### {cell(report.verdict.words)}"
    yield ""
    yield f"{cell(heading.sides)}: {cell(size_line(report))}"
    if verdicts:
        yield from markdown_table(rules_grid(verdicts))
    if report.verdict.moved:
        yield from markdown_table(Grid("", ("", "these episodes"), tuple(facts(report))))
    if report.causes:
        yield from markdown_table(causes_grid(report))
        if line := several_line(report):
            yield from ("", line)
    if report.verdict.moved:
        for grid in agents_grids(report):
            yield from markdown_table(grid)
        yield from _order(report)
        yield from markdown_table(_largest(heading, report))
        yield from _flips(heading, report)
    if report.idle:
        yield from markdown_table(idle_grid(report))


def _order(report: RegradeReport) -> Iterator[str]:
    if not report.pairs:
        return
    grid = order_grid(report)
    if grid.rows:
        yield from markdown_table(grid)
    else:
        yield from ("", cell(grid.title))


def _largest(heading: Heading, report: RegradeReport) -> Grid:
    rows = (
        (*_move_cells(each.move), each.alike, heading.look(each.move.episode))
        for each in report.largest[:_LARGEST]
    )
    columns = ("old", "new", "scenario", "agent", "why", "alike", "look")
    return Grid("largest moves", columns, tuple(rows))


def _flips(heading: Heading, report: RegradeReport) -> Iterator[str]:
    flips = report.verdict.lost + report.verdict.gained
    if not flips:
        return
    yield ""
    yield f"<details><summary>{pluralise(flips, 'flip')}</summary>"
    rows = tuple(
        (*_move_cells(move), move.seed, heading.look(move.episode)) for move in report.flips
    )
    grid = Grid("", ("old", "new", "scenario", "agent", "why", "seed", "look"), rows)
    yield from markdown_table(grid, total=flips)  # of which only so many are kept
    yield from ("", "</details>")


def _move_cells(move: Move) -> tuple[object, ...]:
    why = ", ".join(causes_words(move))
    return f"{move.old:.4f}", f"{move.new:.4f}", move.scenario, move.agent, why


def markdown_table(grid: Grid, *, total: int | None = None) -> Iterator[str]:
    """Yield the lines of *grid*; *total* is how many rows there would be, where some are gone."""
    if grid.title:
        yield from ("", f"**{cell(grid.title)}**")
    yield ""
    yield _row(grid.columns)
    yield f"|{'|'.join('--:' if name in grid.numbers else '---' for name in grid.columns)}|"
    yield from map(_row, grid.rows[:_ROWS])
    more = (len(grid.rows) if total is None else total) - _ROWS
    if more > 0:
        yield from ("", f"and {more} more")


def _row(cells: Iterable[object]) -> str:
    return f"| {' | '.join(map(cell, cells))} |"
