"""
What commands print: JSON for programs, tables for people, progress on stderr.

All text from logs, scenarios and models passes ``safe`` before a terminal sees it.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar
from unicodedata import category

import click
from msgspec import to_builtins
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from engine.codec import encode

T = TypeVar("T")

SHORT = 8
"""Letters of an id, and of a digest, that tables show."""

_PIPE_WIDTH = 160
_BLOCKS = "▁▂▃▄▅▆▇█"


def safe(text: object) -> str:
    """
    Return *text* with everything that could steer a terminal made visible.

    Control, format (bidi, zero-width) and surrogate characters become ``<U+001B>`` and the
    like; only the line end is kept.
    """
    return "".join(map(_visible, str(text)))


def _visible(letter: str) -> str:
    steers = category(letter) in ("Cc", "Cf", "Cs") and letter != "\n"
    return f"<U+{ord(letter):04X}>" if steers else letter


def console() -> Console:
    """Return a console for stdout: colour on a terminal only, wide when piped."""
    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    return Console(width=width, highlight=False, markup=False, emoji=False)


def table(columns: Sequence[str], *, title: str | None = None, right: Iterable[str] = ()) -> Table:
    """Return an empty table with *columns*, those in *right* aligned to the right."""
    made = Table(title=title, box=None, pad_edge=False, header_style="bold", title_justify="left")
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return made


def add_row(to: Table, *cells: object, style: str | None = None) -> None:
    """Add a row of *cells*, made safe; None is an empty cell."""
    to.add_row(*(Text("" if cell is None else safe(cell)) for cell in cells), style=style)


def words(text: str) -> None:
    """Print a line for people on stderr."""
    click.echo(safe(text), err=True)


def print_json(key: str, items: Iterable[Any], **more: Any) -> None:
    """
    Print one JSON object: *items* as a list under *key*, and *more* beside it.

    Written item by item, so that a long list needs no memory.
    """
    write = sys.stdout.write
    write("{")
    for name, value in more.items():
        write(f"{_json(name)}:{_json(value)},")
    write(f"{_json(key)}:[")
    for place, item in enumerate(items):
        write(f"{',' if place else ''}{_json(item)}")
    write("]}\n")
    sys.stdout.flush()


def _json(value: Any) -> str:
    return encode(value).decode()


def plain(value: Any) -> Any:
    """Return an event, action, observation or attrs value as plain JSON data."""
    return to_builtins(value)


def progress(items: Iterable[T], *, total: int, label: str) -> Iterator[T]:
    """Yield *items*, with a progress bar on stderr if that is a terminal and there are several."""
    bar = Progress(
        TextColumn(label),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=total < 2 or not sys.stderr.isatty(),
    )
    with bar:
        yield from bar.track(items, total=total)


def sparkline(values: Sequence[float]) -> str:
    """Return *values* as a row of block characters, lowest to highest."""
    if not values:
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    return "".join(_BLOCKS[round((value - low) / span * (len(_BLOCKS) - 1))] for value in values)


def signed(value: float) -> str:
    """Return a reward or a difference with its sign, to four places at most."""
    text = f"{value:+.4f}".rstrip("0").rstrip(".")
    return "0" if text in ("+0", "-0") else text
