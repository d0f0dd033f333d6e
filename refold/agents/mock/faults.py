"""
Faults that the mock model can be told to have, such as ``rate-limit:3``.

Which requests they hit is a matter of counting, never of chance or time.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from threading import Lock

from attrs import frozen

from refold.engine import RefoldError
from refold.engine.errors import UnknownName

STATUSES: Mapping[str, int] = {
    "rate-limit": 429,
    "server-error": 500,
    "unauthorized": 401,
    "forbidden": 403,
    "not-found": 404,
}
"""Faults that are an HTTP error: their status."""

FAULTS: Mapping[str, str] = {
    "rate-limit": "429 with Retry-After: 0",
    "server-error": "500",
    "unauthorized": "401",
    "forbidden": "403",
    "not-found": "404",
    "garbage": "200, but the body is no JSON",
    "truncated": "200, but the connection ends in the middle of the body",
    "drop": "the connection ends without an answer",
    "timeout": "no answer for a minute, then like drop",
    "nonsense": "a proper reply that holds no action",
}
"""Every kind of fault, with a few words on each."""


@frozen
class Fault:
    """
    One fault: *kind* is a key of ``FAULTS``.

    It strikes the *first* requests that come to it, or an even *share* of them, above 0 and at
    most 1; one of the two is None.
    """

    kind: str
    first: int | None
    share: Fraction | None

    def strikes(self, index: int) -> bool:
        """Return whether it strikes the request *index*, 0-based, of those that come to it."""
        if self.share is None:
            return self.first is not None and index < self.first
        return int((index + 1) * self.share) > int(index * self.share)


def read_fault(text: str) -> Fault:
    """
    Return the fault that *text* names: KIND (every request), KIND:N or KIND:RATE.

    N is a whole number, RATE has a decimal point: the first 3, or a share of 0.2.

    Raises:
        UnknownName: There is no such kind.
        RefoldError: The number is none, or out of bounds.
    """
    kind, colon, amount = text.partition(":")
    if kind not in FAULTS:
        raise UnknownName("fault", kind, FAULTS)
    if not colon:
        return Fault(kind, None, Fraction(1))
    if amount.isascii() and amount.isdigit() and int(amount[:18]) > 0:
        return Fault(kind, int(amount[:18]), None)
    whole, point, places = amount.partition(".")
    if point and f"{whole}{places}".isascii() and f"{whole}{places}".isdigit():
        share = Fraction(f"{whole or 0}.{places[:18] or 0}")
        if 0 < share <= 1:
            return Fault(kind, None, share)
    raise RefoldError(
        f"fault {text!r}: expected {kind}:N with a whole number above 0, or {kind}:RATE with a "
        f"rate above 0.0 and at most 1.0, got {amount!r}"
    )


class Faults:
    """Tells for each request which fault strikes it; safe to ask from many threads."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._faults = tuple(faults)
        self._came = [0] * len(self._faults)
        self._lock = Lock()

    def next(self) -> str | None:
        """Return the kind of the first fault that strikes the next request; None for none."""
        with self._lock:
            for place, fault in enumerate(self._faults):
                index = self._came[place]
                self._came[place] += 1
                if fault.strikes(index):
                    return fault.kind
        return None
