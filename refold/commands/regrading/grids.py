"""The tables of a regrade, cell by cell, which text, Markdown and HTML draw each in their way."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from attrs import frozen

from refold.commands.regrading.words import (
    elsewhere_line,
    events_words,
    idle_words,
    moved_line,
    noise_line,
    order_title,
    pair_words,
    passes_line,
    where_line,
)
from refold.commands.shared.formatting import pluralise
from refold.reports.gates import Verdict
from refold.reports.regrading import RegradeReport
from refold.reports.regrading.agents import AgentRow

Row = tuple[object, ...]

_NUMBERS = {
    "episodes",
    "mean move",
    "decides flips",
    "n",
    "mean old",
    "mean new",
    "move",
    "noise",
    "rank",
    "lost",
    "gained",
    "alike",
    "old",
    "new",
}


@frozen
class Grid:
    """A table: its *title*, its *columns*, and its *rows*."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def numbers(self) -> frozenset[str]:
        """Columns of numbers, which stand to the right."""
        return frozenset(_NUMBERS.intersection(self.columns))


def facts(report: RegradeReport) -> Iterator[tuple[str, str]]:
    """Yield the facts, and what of them holds elsewhere, each with its label."""
    yield "moved", moved_line(report)
    yield "passes", passes_line(report)
    yield "where", where_line(report)
    yield "mean", f"{report.shift.here:+.4f} on these episodes, exactly"
    yield "elsewhere", elsewhere_line(report.shift)
    yield "noise floor", noise_line(report.agents)


def causes_grid(report: RegradeReport) -> Grid:
    """Return why scores moved, the largest cause first."""
    rows = (
        (
            each.criterion,
            each.change,
            each.episodes,
            f"{each.points:+.4f}",
            each.decides,
            events_words(each),
        )
        for each in report.causes
    )
    columns = ("why", "what changed", "episodes", "mean move", "decides flips", "events")
    return Grid("", columns, tuple(rows))


def several_line(report: RegradeReport) -> str:
    """Return how many flips no single cause decides; nothing if there are none."""
    if not report.several:
        return ""
    flips = pluralise(report.several, "flip")
    return f"{flips} by several together: undoing no one of them undoes it"


def agents_grids(report: RegradeReport) -> Iterator[Grid]:
    """Yield the agents, a table for all that played the same scenarios."""
    groups = [list(rows) for _, rows in groupby(report.agents, key=lambda row: row.scenarios)]
    columns = ("agent", "n", "mean old", "mean new", "move", "noise", "rank", "lost", "gained")
    for rows in groups:
        names = rows[0].scenarios
        title = f"{pluralise(len(names), 'scenario')}: {', '.join(names)}"
        yield Grid(title if len(groups) > 1 else "", columns, tuple(map(_agent_row, rows)))


def _agent_row(row: AgentRow) -> Row:
    return (
        row.agent,
        row.n,
        f"{row.old:.4f}",
        f"{row.new:.4f}",
        f"{row.move:+.4f}",
        "-" if row.noise is None else f"{row.noise:.4f}",
        row.rank if row.rank == row.old_rank else f"{row.old_rank} -> {row.rank}",
        row.lost,
        row.gained,
    )


def order_grid(report: RegradeReport) -> Grid:
    """Return the pairs of agents that changed places; the title says of how many."""
    rows = (
        (" - ".join(pair.agents), f"{pair.old:+.4f}", f"{pair.new:+.4f}", pair_words(pair))
        for pair in report.pairs
        if pair.word != "kept"
    )
    return Grid(order_title(report.pairs), ("pair", "old", "new", "what became of it"), tuple(rows))


def idle_grid(report: RegradeReport) -> Grid:
    """Return the criteria that do nothing, and how so."""
    rows = ((each.criterion, each.rubric, idle_words(each)) for each in report.idle)
    return Grid("criteria that do nothing", ("criterion", "rubric", "how so"), tuple(rows))


def rules_grid(verdicts: Sequence[Verdict]) -> Grid:
    """Return the answer to each rule that was asked for."""
    rows = ((each.rule, each.answer, each.why) for each in verdicts)
    return Grid("rules", ("rule", "answer", "why"), tuple(rows))
