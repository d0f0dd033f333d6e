"""
The output of commands: JSON for programs and tables for people on stdout, messages on stderr.

All text from logs, scenarios and models passes ``safe_text`` before it reaches a terminal: a
model's reply could hold escape sequences that rewrite the screen.
"""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import click
from msgspec import to_builtins

from refold.engine.codec import encode
from refold.engine.terminal_text import safe_json, safe_lines, safe_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = [
    "SHORT_ID_LENGTH",
    "add_row",
    "escape_line",
    "new_table",
    "print_document",
    "print_json",
    "print_to_stderr",
    "print_words",
    "safe_lines",
    "safe_text",
    "short_id",
    "stdout_console",
    "to_json_data",
]

SHORT_ID_LENGTH = 8
"""Characters of an id or a digest that tables show; enough to be unique in most logs."""


def short_id(id: str) -> str:
    """Return the beginning of a made-up *id*; a name that someone chose is returned whole."""
    return id[:SHORT_ID_LENGTH] if len(id) == 2 * SHORT_ID_LENGTH else id


# A pipe has no width, and at the 80 columns that rich assumes, most tables would fold.
_PIPE_WIDTH = 160
_AT_ONCE = 100  # items of a list: each write is a call of the system where Python has no buffer


def stdout_console(*, pipe_width: int = _PIPE_WIDTH) -> "Console":
    """Return a console for stdout, with colour on a terminal only; *pipe_width* is for pipes."""
    from rich.console import Console  # noqa: PLC0415 - slow, and JSON needs none

    # rich's markup and emoji codes stay off: text from a log may contain [bold] or :smile:.
    width = None if sys.stdout.isatty() else pipe_width
    return Console(width=width, highlight=False, markup=False, emoji=False)


def new_table(
    columns: Sequence[str],
    *,
    title: str | None = None,
    right: Iterable[str] = (),
    spare: Sequence[str] = (),
) -> "Table":
    """
    Return an empty table with *columns*.

    Args:
        columns: The headings.
        title: A line above the table, if any.
        right: Headings of figures, which are aligned to the right and never broken.
        spare: Headings of what a terminal may go without, the first first; a pipe gets all.
    """
    from rich.text import Text  # noqa: PLC0415 - as above

    from refold.commands.shared.listing import Listing  # noqa: PLC0415 - the same

    above = None if title is None else Text(safe_text(title))
    grid = Listing(
        spare=spare,
        title=above,
        box=None,
        pad_edge=False,
        header_style="bold",
        title_justify="left",
    )
    for name in columns:
        heading = Text(safe_text(name))
        grid.add_column(heading, justify="right" if name in right else "left", overflow="fold")
    return grid


def add_row(to: "Table", *cells: object, style: str | None = None) -> None:
    """Add a row of *cells* to the table *to*, each made safe; None makes an empty cell."""
    from rich.text import Text  # noqa: PLC0415 - as above

    to.add_row(*(Text("" if cell is None else safe_text(cell)) for cell in cells), style=style)


def print_words(out: "Console", text: str, *, style: str | None = None) -> None:
    """Print *text*, made safe: wrapped between words on a terminal, and as one line in a pipe."""
    out.print(safe_text(text), style=style, soft_wrap=not out.is_terminal)


def print_to_stderr(text: str) -> None:
    """Print *text*, made safe, as a line on stderr, which leaves stdout to data."""
    click.echo(safe_text(text), err=True)


def print_json(
    key: str,
    items: Iterable[Any],
    end: Callable[[], Mapping[str, Any]] | None = None,
    /,
    **more: Any,
) -> None:
    """
    Print one JSON object in UTF-8: the members *more*, then *items* as a list under *key*.

    Items are written as they come, so that memory does not grow with the list. What *end* returns
    once all are written follows them. Characters that could steer a terminal are escaped.
    """
    rest = iter(items)
    # Computed before anything is written: most errors come with the first item, and must not
    # leave half an object on stdout.
    first = [_encode_safely(item) for item in islice(rest, 1)]
    out = sys.stdout.buffer
    head = (_encode_member(*each) + b"," for each in more.items())
    out.write(b"{%b%b:[%b" % (b"".join(head), _encode_safely(key), b"".join(first)))
    _write_items(rest)
    tail = (b"," + _encode_member(*each) for each in end().items()) if end else ()
    out.write(b"]%b}\n" % b"".join(tail))
    out.flush()


def _write_items(items: Iterable[Any]) -> None:
    waiting: list[Any] = []
    try:
        for item in items:
            waiting.append(item)
            if len(waiting) == _AT_ONCE:
                _write_more(waiting)
                waiting.clear()
    finally:  # an error comes after all that was there before it
        if waiting:
            _write_more(waiting)


def _write_more(items: Sequence[Any]) -> None:
    # Encoded at once: of a million small ones, each by itself would take a second more.
    sys.stdout.buffer.write(b"," + _encode_safely(items)[1:-1])


def print_document(text: str) -> None:
    """Print *text*, a whole document in UTF-8, whose writer has made it safe, as it is."""
    sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()


def _encode_member(name: str, value: Any) -> bytes:
    return b"%b:%b" % (_encode_safely(name), _encode_safely(value))


def _encode_safely(value: Any) -> bytes:
    encoded = encode(value)
    # JSON escapes the other control characters of ASCII itself: in a long list, to look at each
    # letter would take as long as to write it.
    if encoded.isascii() and b"\x7f" not in encoded:
        return encoded
    return safe_json(encoded.decode()).encode()


def escape_line(line: bytes) -> bytes:
    """Return *line*, JSON and a line end, with what could steer a terminal as JSON escapes."""
    # A stranger's log may hold invalid UTF-8.
    text = line.removesuffix(b"\n").decode("utf-8", "surrogateescape")
    return safe_json(text).encode() + b"\n"


def to_json_data(value: Any) -> Any:
    """Return a msgspec or attrs value as dicts, lists, strings and numbers."""
    return to_builtins(value)
