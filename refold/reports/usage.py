"""
Totals of the exchanges with a model over many episodes: requests, tokens, time, failures.

Only sums and counts are kept, so memory does not grow with the number of episodes.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from math import fsum

from attrs import Factory, define, frozen

from refold.engine import Event
from refold.engine.exchanges import (
    ActionForfeited,
    ModelCalled,
    ModelConfigured,
    Reply,
    ReplyUnread,
)
from refold.engine.exchanges import Usage as TokenCounts

_MILLION = 1_000_000


@frozen
class Price:
    """
    Price in US dollars for a million tokens, read (*input*) and written (*output*).

    *cached* is that of tokens read which came from the API's cache; None if it is the same.
    """

    input: float
    output: float
    cached: float | None = None

    def cost_of(self, read: int, written: int, cached: int = 0) -> float:
        """Return the price of so many tokens, *cached* of those *read*, in US dollars."""
        cached = min(cached, read)
        at = self.input if self.cached is None else self.cached
        return ((read - cached) * self.input + cached * at + written * self.output) / _MILLION


@frozen
class Prices:
    """
    What is known of prices.

    Attributes:
        given: The price that counts for all models, whatever an API charged; None if there is none.
        by_model: Prices by the models' names; they count where an API did not say its charge.
    """

    given: Price | None = None
    by_model: Mapping[str, Price] = Factory(dict)

    def of(self, *names: str) -> Price | None:
        """Return the price for a model under one of its *names*, the first known; None if none."""
        if self.given is not None:
            return self.given
        return next((self.by_model[name] for name in names if name in self.by_model), None)


NO_PRICES = Prices()
"""Nothing is known but what APIs charged."""


@define
class Tokens:
    """Running totals of the tokens of some *replies*, by the API's counts."""

    replies: int = 0
    input: int = 0
    output: int = 0
    cached: int = 0

    def add(self, usage: TokenCounts | None) -> None:
        """Add a reply's counts; None if the API gave none."""
        self.replies += 1
        if usage is not None:
            self.input += usage.input
            self.output += usage.output
            self.cached += usage.cached or 0

    def merge(self, other: "Tokens") -> None:
        """Add the totals of *other*."""
        self.replies += other.replies
        self.input += other.input
        self.output += other.output
        self.cached += other.cached

    def cost(self, price: Price) -> float:
        """Return what they cost by *price*, in US dollars."""
        return price.cost_of(self.input, self.output, self.cached)


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
        tokens: Tokens of all replies, as counted by the API.
        unmetered: Replies without token counts, which are missing in the sums.
        charged: What the API charged for those replies of which it said so, in US dollars.
        uncharged: Tokens of the other replies, by the model's name as asked and as it answered.
        unread: Replies without a readable action.
        forfeited: Steps for which the model gave no action: its failures.
        faults: Failed attempts by kind.
        latencies: Number of replies by their time in milliseconds.
    """

    requests: int = 0
    unanswered: int = 0
    tokens: Tokens = Factory(Tokens)
    unmetered: int = 0
    charged: float = 0.0
    uncharged: dict[tuple[str, str], Tokens] = Factory(dict)
    unread: int = 0
    forfeited: int = 0
    faults: Counter[str] = Factory(Counter)
    latencies: Counter[int] = Factory(Counter)

    def add(self, events: Iterable[Event]) -> None:
        """Add the exchanges among *events*, those of one episode."""
        asked = ""
        for event in events:
            match event:
                case ModelConfigured():
                    asked = str(event.parameters.get("model", ""))
                case ModelCalled():
                    self._add_call(event, asked)
                case ReplyUnread():
                    self.unread += 1
                case ActionForfeited():
                    self.forfeited += 1

    def _add_call(self, event: ModelCalled, asked: str) -> None:
        self.requests += 1
        self.faults.update(attempt.fault for attempt in event.faults)
        if event.reply is None:
            self.unanswered += 1
            return
        # Counts by millisecond give exact percentiles without keeping every value.
        self.latencies[event.latency_ms] += 1
        self.add_reply(event.reply, asked)

    def add_reply(self, reply: Reply, asked: str) -> None:
        """Add tokens and charge of a *reply* of the model that was *asked* under this name."""
        usage = reply.usage
        self.tokens.add(usage)
        self.unmetered += usage is None
        if usage is not None and usage.cost is not None:
            self.charged += usage.cost
        else:
            self.uncharged.setdefault((asked, reply.model), Tokens()).add(usage)

    def merge(self, other: "Usage") -> None:
        """Add the totals of *other*."""
        self.requests += other.requests
        self.unanswered += other.unanswered
        self.tokens.merge(other.tokens)
        self.unmetered += other.unmetered
        self.charged += other.charged
        for names, tokens in other.uncharged.items():
            self.uncharged.setdefault(names, Tokens()).merge(tokens)
        self.unread += other.unread
        self.forfeited += other.forfeited
        self.faults.update(other.faults)
        self.latencies.update(other.latencies)

    def cost(self, prices: Prices) -> float | None:
        """
        Return what all replies cost, in US dollars; None without a reply, or if one has no price.

        A price given counts for all. Else what the API charged counts, and where it does not say,
        the model's price. Replies without token counts add nothing: the sum is a lower bound.
        """
        if prices.given is not None:
            return self.tokens.cost(prices.given)
        if not self.tokens.replies:
            return None
        total = self.charged
        for names, tokens in self.uncharged.items():
            price = prices.of(*names)
            if price is None:
                return None
            total += tokens.cost(price)
        return total

    @property
    def latency(self) -> Latency | None:
        """Mean and 95th percentile of the replies' times; None if there was no reply."""
        p95 = percentile(self.latencies, 0.95)
        if p95 is None:
            return None
        total = fsum(ms * times for ms, times in self.latencies.items())
        return Latency(total / self.latencies.total(), p95)


def usage_of(events: Iterable[Event]) -> Usage:
    """Return what the exchanges among *events*, those of one episode, came to."""
    usage = Usage()
    usage.add(events)
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
