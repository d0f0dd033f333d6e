"""How fast a client may ask, and how much it may send."""

from collections import OrderedDict
from collections.abc import Callable

from attrs import define, field

MOST_CLIENTS = 10_000
"""Clients whose recent use is kept in mind; the one that was away longest is forgotten first."""


@define
class RateLimiter:
    """
    A bucket of tokens for each client: *rate* come in each second, up to *rate* of them.

    Attributes:
        rate: Requests per second, in the long run and at once; 0 for no limit.
        clock: Seconds from some fixed moment on.
    """

    rate: float
    clock: Callable[[], float]
    _left: OrderedDict[str, tuple[float, float]] = field(factory=OrderedDict)

    def delay(self, client: str) -> float:
        """Count a request of *client* and return the seconds until its next one may come."""
        if not self.rate:
            return 0.0
        now = self.clock()
        left, since = self._left.get(client, (self.rate, now))
        left = min(self.rate, left + (now - since) * self.rate) - 1
        self._left[client] = (left, now)
        self._left.move_to_end(client)
        if len(self._left) > MOST_CLIENTS:
            self._left.popitem(last=False)
        return max(0.0, -left / self.rate)
