"""Pages that commands write: the option, and the file."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from refold.commands.shared.output import print_to_stderr
from refold.engine import RefoldError

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


def html_option(command: CommandT) -> CommandT:
    """Add ``--html``."""
    return click.option(
        "--html",
        metavar="FILE",
        type=click.Path(dir_okay=False),
        help="Write one page that opens from disk, instead of printing.",
    )(command)


def write_page(path: str, document: Mapping[str, Any], *, at: int | None = None) -> None:
    """
    Write the page of *document* to the file at *path*, and say so on stderr.

    Args:
        path: The file; one that is there is replaced.
        document: What ``refold.viewer.document`` or ``refold.viewer.differences`` made.
        at: The position that the page opens at; the start if None.

    Raises:
        RefoldError: It cannot be written, or the document is too large for a page.
    """
    from refold.viewer.page import page  # noqa: PLC0415 - other uses of the command need no page

    content = page(document, at=at)
    try:
        Path(path).write_bytes(content)
    except OSError as error:
        problem = f"{path}: expected a file that can be written, got {error.strerror}"
        raise RefoldError(problem) from None
    print_to_stderr(f"page of {len(content):,} bytes written to {path}")
