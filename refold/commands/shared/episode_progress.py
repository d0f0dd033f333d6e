"""The progress bar of episodes that are being played: count, mean score, tokens, cost."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.progress import TextColumn

from refold.commands.shared.output import safe_text
from refold.commands.shared.progress import make_progress_bar
from refold.engine import Event
from refold.engine.exchanges import ModelCalled
from refold.reports import Price


def count_tokens(events: Sequence[Event]) -> tuple[int, int]:
    """Return the input and output tokens of all model calls in *events* that report a usage."""
    usages = [
        event.reply.usage
        for event in events
        if isinstance(event, ModelCalled) and event.reply and event.reply.usage
    ]
    return sum(each.input for each in usages), sum(each.output for each in usages)


class EpisodeProgressBar:
    """
    A progress bar on stderr, shown while the context is open.

    Args:
        total: Number of episodes to play.
        label: Text before the bar.
        price: Price per token, to show the cost so far; None to show none.
    """

    def __init__(self, *, total: int, label: str, price: Price | None = None) -> None:
        self._price = price
        self._scores: list[float] = []
        self._read = self._written = 0
        summary = TextColumn("{task.fields[summary]}", markup=False)
        self._bar = make_progress_bar(total, summary)
        self._task = self._bar.add_task(safe_text(label), total=total, summary="")

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
        """Count an episode with *events*; a *score* of None does not enter the mean."""
        if score is not None:
            self._scores.append(score)
        read, written = count_tokens(events)
        self._read += read
        self._written += written
        self._bar.update(self._task, advance=1, summary=self._summarise())

    def _summarise(self) -> str:
        parts = []
        if self._scores:
            parts.append(f"mean {sum(self._scores) / len(self._scores):.3f}")
        if self._read:
            parts.append(f"{(self._read + self._written) / 1000:.0f}k tokens")
        if self._price and self._read:
            parts.append(f"${self._price.cost_of(self._read, self._written):.2f}")
        return ", ".join(parts)
