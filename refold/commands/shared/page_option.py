"""``--html``: the option, and the page that it writes."""

from collections.abc import Mapping
from typing import Any

import click

from refold.commands.shared.files import output_file
from refold.commands.shared.options import CommandT
from refold.commands.shared.output import print_to_stderr


def html_option(command: CommandT) -> CommandT:
    """Add ``--html``, the file to write a page to."""
    return click.option(
        "--html",
        metavar="FILE",
        type=click.Path(dir_okay=False),
        help="Write one page that opens from disk, instead of printing.",
    )(command)


def write_page(path: str, document: Mapping[str, Any], *, at: int | None = None) -> None:
    """
    Write *document* as one HTML page to *path*, and confirm it on stderr.

    Args:
        path: The file; an existing one is replaced.
        document: A document of ``refold.viewer.episode_document`` or ``refold.viewer.differences``.
        at: The position that the page opens at; None for the start.

    Raises:
        RefoldError: The file cannot be written, or the document is too large for a page.
    """
    from refold.viewer.html_page import page  # noqa: PLC0415 - other uses of the command need no page

    _write(path, page(document, at=at))


def write_overview(path: str, document: Mapping[str, Any]) -> None:
    """
    Do as ``write_page``, with a *document* of ``refold.overviews``.

    Raises:
        RefoldError: As for ``write_page``.
    """
    from refold.overviews import overview_page  # noqa: PLC0415 - as above

    _write(path, overview_page(document))


def _write(path: str, content: bytes) -> None:
    with output_file(path) as file:
        file.write(content)
    print_to_stderr(f"page of {len(content):,} bytes written to {path}")
