"""Progress bars on stderr, so that stdout holds nothing but data."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from refold.commands.shared.output import safe_text

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

T = TypeVar("T")


def _is_shown(total: int | None) -> bool:
    return sys.stderr.isatty() and (total is None or total >= 2)


def make_progress_bar(total: int | None, *columns: "ProgressColumn") -> "Progress":
    """
    Return a bar for *total* items, with *columns* behind it, that leaves no trace when it ends.

    It shows nothing unless stderr is a terminal and there are two items or more; None for a number
    that nobody knows.
    """
    from rich.console import Console  # noqa: PLC0415 - slow, and most often nothing is shown
    from rich.progress import (  # noqa: PLC0415 - the same
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        *columns,
        console=Console(stderr=True),
        transient=True,
        disable=not _is_shown(total),
    )


def show_progress(items: Iterable[T], *, total: int | None, label: str) -> Iterator[T]:
    """Yield *items*, and meanwhile show a bar for *total* of them, described by *label*."""
    if not _is_shown(total):
        yield from items
        return
    with make_progress_bar(total) as bar:
        yield from bar.track(items, total=total, description=safe_text(label))


@contextmanager
def watching(label: str) -> Iterator[Callable[[int, int], None]]:
    """Give what shows a bar for *label* once it is told how many of how many are done."""
    if not _is_shown(None):
        yield lambda done, total: None
        return
    with make_progress_bar(None) as bar:
        task = bar.add_task(safe_text(label), total=None, visible=False)

        def watch(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, visible=True)

        yield watch
