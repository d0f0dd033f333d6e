"""
What commands print: JSON for programs, tables for people, progress on stderr.

All text from logs, scenarios and models passes ``safe`` before a terminal sees it.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar
from unicodedata import category

import click
from msgspec import to_builtins
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from refold.engine.codec import encode

T = TypeVar("T")

SHORT_ID_LENGTH = 8
"""Letters of an id, and of a digest, that tables show."""

_PIPE_WIDTH = 160
_STEERING_CATEGORIES = ("Cc", "Cf", "Cs", "Zl", "Zp")
_BLOCKS = "▁▂▃▄▅▆▇█"


def safe_text(text: object) -> str:
    """
    Return *text* on one line, with everything that could steer a terminal made visible.

    Control characters (line ends too), format characters (bidi, zero-width), line separators
    and surrogates become ``<U+001B>`` and the like.
    """
    text = str(text)
    if text.isprintable():
        return text
    return "".join(f"<U+{ord(each):04X}>" if _steers_terminal(each) else each for each in text)


def safe_lines(text: str) -> str:
    """Return *text* made safe line by line: only its line ends are kept."""
    return "\n".join(map(safe_text, text.split("\n")))


def _steers_terminal(letter: str) -> bool:
    return category(letter) in _STEERING_CATEGORIES


def stdout_console() -> Console:
    """Return a console for stdout: colour on a terminal only, wide when piped."""
    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    return Console(width=width, highlight=False, markup=False, emoji=False)


def new_table(
    columns: Sequence[str], *, title: str | None = None, right: Iterable[str] = ()
) -> Table:
    """Return an empty table with *columns*, those in *right* aligned to the right."""
    heading = None if title is None else Text(safe_text(title))
    grid = Table(title=heading, box=None, pad_edge=False, header_style="bold", title_justify="left")
    for name in columns:
        grid.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return grid


def add_row(to: Table, *cells: object, style: str | None = None) -> None:
    """Add a row of *cells*, made safe; None is an empty cell."""
    to.add_row(*(Text("" if cell is None else safe_text(cell)) for cell in cells), style=style)


def print_to_stderr(text: str) -> None:
    """Print a line for people on stderr."""
    click.echo(safe_text(text), err=True)


def pluralise(number: int, thing: str) -> str:
    """Return *number* with its noun, which takes an s where there is not just one."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def print_json(key: str, items: Iterable[Any], **more: Any) -> None:
    """
    Print one JSON object in UTF-8: *items* as a list under *key*, and *more* beside it.

    Written item by item, so that a long list needs no memory. What could steer a terminal is
    escaped.
    """
    rest = iter(items)
    first = [
        _encode_safely(item) for item in islice(rest, 1)
    ]  # before anything is written: it may fail
    out = sys.stdout.buffer
    head = (
        b"%b:%b," % (_encode_safely(name), _encode_safely(value)) for name, value in more.items()
    )
    out.write(b"{%b%b:[%b" % (b"".join(head), _encode_safely(key), b"".join(first)))
    for item in rest:
        out.write(b"," + _encode_safely(item))
    out.write(b"]}\n")
    out.flush()


def _encode_safely(value: Any) -> bytes:
    content = encode(value)
    text = content.decode()
    if text.isprintable():
        return content
    return "".join(_json_escape(each) if _steers_terminal(each) else each for each in text).encode()


def _json_escape(letter: str) -> str:
    """Return *letter* as JSON escapes it: one or two UTF-16 units."""
    return "".join(f"\\u{unit}" for unit in letter.encode("utf-16-be").hex(" ", 2).split())


def to_json_data(value: Any) -> Any:
    """Return an event, action, observation or attrs value as plain JSON data."""
    return to_builtins(value)


def show_progress(items: Iterable[T], *, total: int, label: str) -> Iterator[T]:
    """Yield *items*, with a progress bar on stderr if that is a terminal and there are several."""
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=total < 2 or not sys.stderr.isatty(),
    )
    with bar:
        yield from bar.track(items, total=total, description=safe_text(label))


def sparkline(values: Sequence[float]) -> str:
    """Return *values* as a row of block characters, lowest to highest."""
    if not values:
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    return "".join(_BLOCKS[round((value - low) / span * (len(_BLOCKS) - 1))] for value in values)


def format_signed(value: float) -> str:
    """Return a reward or a difference with its sign, to four places at most."""
    text = f"{value:+.4f}".rstrip("0").rstrip(".")
    return "0" if text in ("+0", "-0") else text
