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

SHORT = 8
"""Letters of an id, and of a digest, that tables show."""

_PIPE_WIDTH = 160
_STEERING = ("Cc", "Cf", "Cs", "Zl", "Zp")
_BLOCKS = "▁▂▃▄▅▆▇█"


def safe(text: object) -> str:
    """
    Return *text* on one line, with everything that could steer a terminal made visible.

    Control characters (line ends too), format characters (bidi, zero-width), line separators
    and surrogates become ``<U+001B>`` and the like.
    """
    text = str(text)
    if text.isprintable():
        return text
    return "".join(f"<U+{ord(each):04X}>" if _steers(each) else each for each in text)


def safe_lines(text: str) -> str:
    """Return *text* made safe line by line: only its line ends are kept."""
    return "\n".join(map(safe, text.split("\n")))


def _steers(letter: str) -> bool:
    return category(letter) in _STEERING


def console() -> Console:
    """Return a console for stdout: colour on a terminal only, wide when piped."""
    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    return Console(width=width, highlight=False, markup=False, emoji=False)


def table(columns: Sequence[str], *, title: str | None = None, right: Iterable[str] = ()) -> Table:
    """Return an empty table with *columns*, those in *right* aligned to the right."""
    heading = None if title is None else Text(safe(title))
    made = Table(title=heading, box=None, pad_edge=False, header_style="bold", title_justify="left")
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return made


def add_row(to: Table, *cells: object, style: str | None = None) -> None:
    """Add a row of *cells*, made safe; None is an empty cell."""
    to.add_row(*(Text("" if cell is None else safe(cell)) for cell in cells), style=style)


def words(text: str) -> None:
    """Print a line for people on stderr."""
    click.echo(safe(text), err=True)


def counted(number: int, thing: str) -> str:
    """Return *number* with its noun, which takes an s where there is not just one."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def print_json(key: str, items: Iterable[Any], **more: Any) -> None:
    """
    Print one JSON object in UTF-8: *items* as a list under *key*, and *more* beside it.

    Written item by item, so that a long list needs no memory. What could steer a terminal is
    escaped.
    """
    rest = iter(items)
    first = [_json(item) for item in islice(rest, 1)]  # before anything is written: it may fail
    out = sys.stdout.buffer
    head = (b"%b:%b," % (_json(name), _json(value)) for name, value in more.items())
    out.write(b"{%b%b:[%b" % (b"".join(head), _json(key), b"".join(first)))
    for item in rest:
        out.write(b"," + _json(item))
    out.write(b"]}\n")
    out.flush()


def _json(value: Any) -> bytes:
    content = encode(value)
    text = content.decode()
    if text.isprintable():
        return content
    return "".join(_escaped(each) if _steers(each) else each for each in text).encode()


def _escaped(letter: str) -> str:
    """Return *letter* as JSON escapes it: one or two UTF-16 units."""
    return "".join(f"\\u{unit}" for unit in letter.encode("utf-16-be").hex(" ", 2).split())


def plain(value: Any) -> Any:
    """Return an event, action, observation or attrs value as plain JSON data."""
    return to_builtins(value)


def progress(items: Iterable[T], *, total: int, label: str) -> Iterator[T]:
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
        yield from bar.track(items, total=total, description=safe(label))


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
