"""A progress bar for episodes being played: done, running mean, tokens, cost."""

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from refold.commands.shared.output import safe
from refold.engine import Event
from refold.engine.exchanges import ModelCalled
from refold.reports import Price


def tokens(events: Sequence[Event]) -> tuple[int, int]:
    """Return the tokens that the models of *events* read and wrote, as far as the API said."""
    usages = [
        event.reply.usage
        for event in events
        if isinstance(event, ModelCalled) and event.reply and event.reply.usage
    ]
    return sum(each.input for each in usages), sum(each.output for each in usages)


class Tally:
    """
    Shows on stderr how far *total* episodes are, if that is a terminal and there are several.

    Args:
        total: How many episodes there are to play.
        label: What is going on.
        price: To show the cost so far, if given.
    """

    def __init__(self, *, total: int, label: str, price: Price | None = None) -> None:
        self._price = price
        self._scores: list[float] = []
        self._read = self._written = 0
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[so_far]}", markup=False),
            console=Console(stderr=True),
            transient=True,
            disable=total < 2 or not sys.stderr.isatty(),
        )
        self._task = self._bar.add_task(safe(label), total=total, so_far="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def add(self, events: Sequence[Event], score: float | None) -> None:
        """Count an episode with *events*; *score* is None if it does not count."""
        if score is not None:
            self._scores.append(score)
        read, written = tokens(events)
        self._read += read
        self._written += written
        self._bar.update(self._task, advance=1, so_far=self._so_far())

    def _so_far(self) -> str:
        parts = []
        if self._scores:
            parts.append(f"mean {sum(self._scores) / len(self._scores):.3f}")
        if self._read:
            parts.append(f"{(self._read + self._written) / 1000:.0f}k tokens")
        if self._price and self._read:
            parts.append(f"${self._price.cost_of(self._read, self._written):.2f}")
        return ", ".join(parts)
