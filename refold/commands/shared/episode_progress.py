"""The progress bar of episodes that are being played: count, mean score, tokens, cost."""

from collections.abc import Sequence
from typing import Self

from rich.progress import TextColumn

from refold.commands.shared.output import safe_text
from refold.commands.shared.progress import make_progress_bar
from refold.engine import Event
from refold.engine.closing import Closing
from refold.reports.usage import NO_PRICES, Prices, Usage


class EpisodeProgressBar(Closing):
    """
    A progress bar on stderr, shown while the context is open.

    Args:
        total: Number of episodes to play.
        label: Text before the bar.
        prices: Prices of tokens, to show the cost so far.
    """

    def __init__(self, *, total: int, label: str, prices: Prices = NO_PRICES) -> None:
        self._prices = prices
        self._scores: list[float] = []
        self._usage = Usage()
        summary = TextColumn("{task.fields[summary]}", markup=False)
        self._bar = make_progress_bar(total, summary)
        self._task = self._bar.add_task(safe_text(label), total=total, summary="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def close(self) -> None:
        """Leave the bar as it stands."""
        self._bar.stop()

    def add(self, events: Sequence[Event], score: float | None) -> None:
        """Count an episode with *events*; a *score* of None does not enter the mean."""
        if score is not None:
            self._scores.append(score)
        self._usage.add(events)
        self._bar.update(self._task, advance=1, summary=self._summarise())

    def _summarise(self) -> str:
        parts = []
        if self._scores:
            parts.append(f"mean {sum(self._scores) / len(self._scores):.3f}")
        tokens = self._usage.tokens
        if tokens.input:
            parts.append(f"{(tokens.input + tokens.output) / 1000:.0f}k tokens")
        cost = self._usage.cost(self._prices)
        if cost is not None and tokens.input:
            parts.append(f"${cost:.2f}")
        return ", ".join(parts)
