"""
A table that never breaks a word, so that no number, id or name is cut in two.

Columns shrink to their longest word. Where even that is too wide, the rows are printed one below
the other, a line for each cell.
"""

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Column, Table
from rich.text import Text

_GAPS = (2, 1)  # spaces between columns: a narrow terminal gets fewer


class Listing(Table):
    """A table without lines; cells are of the class ``Text``."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the table, or its rows one below the other where it does not fit."""
        for gap in _GAPS:
            room = options.max_width - gap * (len(self.columns) - 1)
            widths = _fit(self.columns, room)
            if widths is not None:
                self.padding = (0, gap, 0, 0)
                for column, width in zip(self.columns, widths, strict=True):
                    column.width = width
                yield from super().__rich_console__(console, options)
                return
        yield from self._stack()

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


def _fit(columns: Sequence[Column], room: int) -> list[int] | None:
    """Return a width for each of *columns*, *room* in all; None if they need more."""
    least = [max(map(_longest_word, _texts(column))) for column in columns]
    most = [max(map(cell_len, _texts(column))) for column in columns]
    for limit in range(max(most, default=0), -1, -1):  # the widest shrink first, and alike
        widths = [max(low, min(high, limit)) for low, high in zip(least, most, strict=True)]
        if sum(widths) <= room:
            return widths
    return None


def _texts(column: Column) -> list[str]:
    return [str(column.header), *map(str, column.cells)]


def _longest_word(text: str) -> int:
    return max(map(cell_len, text.split()), default=0)
