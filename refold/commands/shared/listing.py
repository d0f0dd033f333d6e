"""
A table that never breaks a word, so that no number, id or name is cut in two.

Figures, the columns aligned to the right, stay in one line; texts shrink to their longest word.
On a terminal below ``NARROW`` columns, the table leaves out columns that it can spare, and says
which. Where all that is not enough, the rows are printed one below the other, a line for each cell.
"""

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from typing import Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Column, Table
from rich.text import Text

NARROW = 100
"""Columns of a terminal from which on a table shows all that it has."""

_GAPS = (2, 1)  # spaces between columns: a narrow terminal gets fewer


class Listing(Table):
    """
    A table without lines; cells are of the class ``Text``.

    Args:
        spare: Headings of the columns that a narrow terminal may go without, the first first.
        more: As for ``Table``.
    """

    def __init__(self, *, spare: Sequence[str] = (), **more: Any) -> None:
        super().__init__(**more)
        self._spare = spare

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the table, or its rows one below the other where it does not fit."""
        spared = range(len(self._spare) + 1 if options.max_width < NARROW else 1)
        # Rather without a column than with texts of several lines, and so with those than stacked.
        for least in (_whole, _shrunk):
            for number in spared:
                columns = self._without(self._spare[:number])
                for gap in _GAPS:
                    widths = _fit(columns, least, options.max_width - gap * (len(columns) - 1))
                    if widths is not None:
                        yield from self._table(columns, widths, gap, console, options)
                        return
        yield from self._stack()

    def _without(self, headings: Sequence[str]) -> list[Column]:
        return [column for column in self.columns if str(column.header) not in headings]

    def _table(
        self,
        columns: Sequence[Column],
        widths: Sequence[int],
        gap: int,
        console: Console,
        options: ConsoleOptions,
    ) -> RenderResult:
        shown = copy(self)
        shown.columns = [copy(column) for column in columns]
        shown.padding = (0, gap, 0, 0)
        for column, width in zip(shown.columns, widths, strict=True):
            column.width = width
        yield from Table.__rich_console__(shown, console, options)
        kept = [str(column.header) for column in columns]
        left = [str(each.header).strip() for each in self.columns if str(each.header) not in kept]
        if left:
            told = f"left out in {options.max_width} columns: {', '.join(left)}"
            yield Text(told, style="dim")

    def _stack(self) -> Iterator[RenderableType]:
        if self.title:
            yield Text(str(self.title), style="italic")
        for number, row in enumerate(zip(*(column.cells for column in self.columns), strict=True)):
            if number:
                yield Text()
            # A table too, so that a cell of several lines stays beside its label.
            lines = Table.grid(padding=(0, _GAPS[0], 0, 0))
            lines.add_column(no_wrap=True, min_width=self._widest_label)
            lines.add_column(overflow="fold")
            for column, cell in zip(self.columns, row, strict=True):
                if str(cell):
                    lines.add_row(str(column.header), cell, style=self.rows[number].style)
            yield lines

    @property
    def _widest_label(self) -> int:
        return max(cell_len(str(column.header)) for column in self.columns)


def _fit(
    columns: Sequence[Column], least_of: Callable[[Column], int], room: int
) -> list[int] | None:
    """Return a width for each of *columns*, *room* in all; None if they need more."""
    least = [least_of(column) for column in columns]
    most = [_whole(column) for column in columns]
    for limit in range(max(most, default=0), -1, -1):  # the widest shrink first, and alike
        widths = [max(low, min(high, limit)) for low, high in zip(least, most, strict=True)]
        if sum(widths) <= room:
            return widths
    return None


def _whole(column: Column) -> int:
    """Return the width at which no cell of *column* takes several lines."""
    return max(map(cell_len, _texts(column)))


def _shrunk(column: Column) -> int:
    """Return the width below which a figure or a word of *column* would be cut."""
    heading, *cells = _texts(column)
    if column.justify == "right":
        return max([_longest_word(heading), *map(cell_len, cells)])
    return max(map(_longest_word, (heading, *cells)))


def _texts(column: Column) -> list[str]:
    return [str(column.header), *map(str, column.cells)]


def _longest_word(text: str) -> int:
    return max(map(cell_len, text.split()), default=0)
