"""How long a search may take, and how much memory this process may use meanwhile."""

import resource
import sys
from pathlib import Path
from time import monotonic

from attrs import field, frozen

_STATM = Path("/proc/self/statm")


@frozen
class Limits:
    """
    When a search has to stop.

    Attributes:
        seconds: Seconds from the making of this on.
        memory: Bytes that this process may hold.
        begun: The clock when this was made.
    """

    seconds: float
    memory: int
    begun: float = field(factory=monotonic)

    def part(self, share: float) -> "Limits":
        """Return limits that leave *share* of the whole time from now on, or what is left of it."""
        now = monotonic()
        return Limits(min(share * self.seconds, self.begun + self.seconds - now), self.memory, now)

    def reached(self) -> str | None:
        """Return which limit is reached, in words; None if none is."""
        if monotonic() - self.begun > self.seconds:
            return f"time limit of {self.seconds:g} s"
        if memory_used() > self.memory:
            return f"memory limit of {self.memory / 1e9:g} GB"
        return None


def memory_used() -> int:
    """Return the bytes that this process holds; where that cannot be told, the most it ever did."""
    if _STATM.exists():
        return int(_STATM.read_text().split()[1]) * resource.getpagesize()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
