"""
Totals of the exchanges with a model over many episodes: requests, tokens, time, failures.

Only sums and counts are kept, so memory does not grow with the number of episodes.
"""

from collections import Counter
from collections.abc import Mapping
from math import fsum

from attrs import Factory, define, frozen

from refold.engine import Stream
from refold.engine.exchanges import ActionForfeited, ModelCalled, ReplyUnread

_MILLION = 1_000_000


@frozen
class Price:
    """Price in US dollars for a million tokens, read (*input*) and written (*output*)."""

    input: float
    output: float

    def cost_of(self, read: int, written: int) -> float:
        """Return the price of so many tokens, in US dollars."""
        return (read * self.input + written * self.output) / _MILLION


@frozen
class Latency:
    """Time until a reply came, failed attempts included, in milliseconds."""

    mean_ms: float
    p95_ms: int


@define
class Usage:
    """
    Running totals over the exchanges of some episodes.

    Attributes:
        requests: Requests to the model, answered or not.
        unanswered: Requests that got no reply in the end.
        input: Tokens that the model read, as counted by the API.
        output: Tokens that it wrote, likewise.
        unmetered: Replies without token counts, which are missing in the sums.
        charged: What the API charged for those replies of which it said so, in US dollars.
        charges: Number of those replies.
        unread: Replies without a readable action.
        forfeited: Steps for which the model gave no action: its failures.
        faults: Failed attempts by kind.
        latencies: Number of replies by their time in milliseconds.
    """

    requests: int = 0
    unanswered: int = 0
    input: int = 0
    output: int = 0
    unmetered: int = 0
    charged: float = 0.0
    charges: int = 0
    unread: int = 0
    forfeited: int = 0
    faults: Counter[str] = Factory(Counter)
    latencies: Counter[int] = Factory(Counter)

    def add(self, stream: Stream) -> None:
        """Add the exchanges of one episode."""
        for event in stream:
            match event:
                case ModelCalled():
                    self._add_call(event)
                case ReplyUnread():
                    self.unread += 1
                case ActionForfeited():
                    self.forfeited += 1

    def _add_call(self, event: ModelCalled) -> None:
        self.requests += 1
        self.faults.update(attempt.fault for attempt in event.faults)
        if event.reply is None:
            self.unanswered += 1
            return
        # Counts by millisecond give exact percentiles without keeping every value.
        self.latencies[event.latency_ms] += 1
        if event.reply.usage is None:
            self.unmetered += 1
        else:
            self.input += event.reply.usage.input
            self.output += event.reply.usage.output
            if event.reply.usage.cost is not None:
                self.charged += event.reply.usage.cost
                self.charges += 1

    def merge(self, other: "Usage") -> None:
        """Add the totals of *other*."""
        self.requests += other.requests
        self.unanswered += other.unanswered
        self.input += other.input
        self.output += other.output
        self.unmetered += other.unmetered
        self.charged += other.charged
        self.charges += other.charges
        self.unread += other.unread
        self.forfeited += other.forfeited
        self.faults.update(other.faults)
        self.latencies.update(other.latencies)

    @property
    def cost(self) -> float | None:
        """What the API charged in all, in US dollars; None unless it said so for every reply."""
        replies = self.requests - self.unanswered
        return self.charged if replies and self.charges == replies else None

    @property
    def latency(self) -> Latency | None:
        """Mean and 95th percentile of the replies' times; None if there was no reply."""
        p95 = percentile(self.latencies, 0.95)
        if p95 is None:
            return None
        total = fsum(ms * times for ms, times in self.latencies.items())
        return Latency(total / self.latencies.total(), p95)


def usage_of(stream: Stream) -> Usage:
    """Return what the exchanges of one episode came to."""
    usage = Usage()
    usage.add(stream)
    return usage


def percentile(counts: Mapping[int, int], share: float) -> int | None:
    """
    Return the percentile at *share*, 0 to 1, by the nearest-rank method.

    *counts* holds the number of occurrences by value; None if it is empty.
    """
    total, below = sum(counts.values()), 0
    for value in sorted(counts):
        below += counts[value]
        if below >= share * total:
            return value
    return None
