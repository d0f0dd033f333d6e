"""
A table that never breaks a word, so that no number, id or name is cut in two.

Figures, the columns aligned to the right, stay in one line; texts shrink to their longest word.
A terminal is spared columns that it can do without, below ``NARROW`` columns before any text is
wrapped, and is told which. Where all that is not enough, the rows are printed one below the other,
a line for each cell.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import replace
from typing import Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Column, Table
from rich.text import Text

from refold.engine.terminal_text import safe_text

NARROW = 100
"""Columns of a terminal below which a table rather leaves out columns than wraps texts."""

_Measure = Callable[[Column], int]

_GAPS = (2, 1)  # spaces between columns: a narrow terminal gets fewer


class Listing(Table):
    """
    A table without lines; cells are of the class ``Text``.

    Args:
        spare: Headings of the columns that a terminal may go without, the first first.
        more: What ``Table`` takes.
    """

    def __init__(self, *, spare: Sequence[str] = (), **more: Any) -> None:
        super().__init__(**more)
        self._spare = spare

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the table, or its rows one below the other where it does not fit."""
        for least, spared in self._ways(console, options.max_width):
            left_out = self._spare[:spared]
            columns = [each for each in self.columns if str(each.header) not in left_out]
            for gap in _GAPS:
                room = options.max_width - gap * (len(columns) - 1)
                widths = _fit(columns, least, room)
                if widths is not None:
                    shown = self._part(columns, widths, gap)
                    yield from Table.__rich_console__(shown, console, options)
                    yield from self._told(columns, options.max_width)
                    return
        yield from self._stack()

    def _ways(self, console: Console, width: int) -> Iterator[tuple[_Measure, int]]:
        """Yield ways to show it, the best first: how narrow columns may be, how many are spared."""
        # A pipe is not to lose what a program may read.
        spared = range(1, len(self._spare) + 1 if console.is_terminal else 1)
        without = [(least, number) for least in (_whole, _shrunk) for number in spared]
        yield _whole, 0
        if width < NARROW:
            yield from without[: len(spared)]
        yield _shrunk, 0
        yield from without

    def _part(self, columns: Sequence[Column], widths: Sequence[int], gap: int) -> Table:
        """Return the table with only *columns*, in these *widths*."""
        shown = copy(self)
        shown.padding = (0, gap, 0, 0)
        shown.columns = [
            replace(column, width=width, _index=number)
            for number, (column, width) in enumerate(zip(columns, widths, strict=True))
        ]
        return shown

    def _told(self, columns: Sequence[Column], width: int) -> Iterator[RenderableType]:
        """Yield which columns are left out, if any are."""
        shown = [str(column.header) for column in columns]
        headings = [str(column.header) for column in self.columns]
        left_out = [heading.strip() for heading in headings if heading not in shown]
        if left_out:
            yield Text(f"left out in {width} columns: {'; '.join(left_out)}", style="dim")

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


def plain_pages(
    headings: Sequence[str], pages: Iterable[Sequence[Sequence[object]]], right: Sequence[bool]
) -> Iterator[Sequence[str]]:
    """
    Yield the lines of a table, page by page, the headings before those of the first.

    Args:
        headings: The headings.
        pages: Columns of cells, where equal ones of a column have equal texts; a page is as wide
            as it and those before it need.
        right: Which columns are aligned to the right.
    """
    widths = [0] * len(headings)
    heads: Sequence[Sequence[object]] = [[heading] for heading in headings]
    for page in pages:
        columns = ([*head, *cells] for head, cells in zip(heads, page, strict=True))
        aligned = list(map(_aligned, columns, widths, right))
        widths = [width for _, width in aligned]
        lines = zip(*(texts for texts, _ in aligned), strict=True)
        yield [(" " * _GAPS[0]).join(cells).rstrip() for cells in lines]
        heads = [()] * len(headings)


def _aligned(cells: Sequence[object], least: int, figures: bool) -> tuple[Sequence[str], int]:
    """Return the texts of a column, *least* wide or as wide as they need, and that width."""
    # Most cells of a page are like others above them: each is looked at once.
    texts = {cell: _plain(cell) for cell in set(cells)}
    widths = {cell: _width(text) for cell, text in texts.items()}
    width = max(least, *widths.values())
    for cell, text in texts.items():
        gap = " " * (width - widths[cell])
        texts[cell] = gap + text if figures else text + gap
    return [texts[cell] for cell in cells], width


def _width(text: str) -> int:
    return len(text) if text.isascii() else cell_len(text)


def _plain(cell: object) -> str:
    """Return the text of *cell*, its lines put into one."""
    text = "" if cell is None else str(cell)
    return text if text.isprintable() else safe_text("; ".join(text.split("\n")))


def _fit(columns: Sequence[Column], least_of: _Measure, room: int) -> list[int] | None:
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
