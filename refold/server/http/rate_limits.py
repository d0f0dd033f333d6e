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
        # Goes below zero: a client that ignores its delay waits for all that it sent meanwhile.
        left = self._tokens(client) - 1
        self._left[client] = (left, self.clock())
        self._left.move_to_end(client)
        if len(self._left) > MOST_CLIENTS:
            self._left.popitem(last=False)
        return max(0.0, -left / self.rate)

    def is_exhausted(self, client: str) -> bool:
        """Return whether *client* has no request left now, without counting one."""
        return bool(self.rate) and self._tokens(client) < 1

    def _tokens(self, client: str) -> float:
        left, since = self._left.get(client, (self.rate, self.clock()))
        return min(self.rate, left + (self.clock() - since) * self.rate)
