"""How many requests and frames per second a client may send."""

from collections import OrderedDict
from collections.abc import Callable

from attrs import define, field

MOST_CLIENTS = 10_000
"""Clients that are remembered; beyond that, the one unseen for longest is forgotten."""


@define
class RateLimiter:
    """
    A token bucket for each client, which holds up to *rate* tokens and gains *rate* a second.

    Attributes:
        rate: Requests per second, on average and in one burst; 0 for no limit.
        clock: Returns seconds since some fixed moment; monotonic.
    """

    rate: float
    clock: Callable[[], float]
    _left: OrderedDict[str, tuple[float, float]] = field(factory=OrderedDict)

    def delay(self, client: str) -> float:
        """Count a request of *client*, and return the seconds until it may send the next."""
        if not self.rate:
            return 0.0
        now = self.clock()
        left, since = self._left.get(client, (self.rate, now))
        # Goes below zero: a client that ignores its delay waits for all that it sent meanwhile.
        left = min(self.rate, left + (now - since) * self.rate) - 1
        self._left[client] = (left, now)
        self._left.move_to_end(client)
        if len(self._left) > MOST_CLIENTS:
            self._left.popitem(last=False)
        return max(0.0, -left / self.rate)
