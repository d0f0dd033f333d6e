"""
A token bucket for requests: how many may begin in a minute, and when none may.

Pure: the time is given. Requests are spread evenly; after a quiet time, a second's worth of them
may begin at once.
"""

_BURST = 1.0  # seconds


class Bucket:
    """
    Says when requests may begin.

    Args:
        rate: Requests in a minute, at least 1.
        now: The time in seconds, of any clock that does not go back.
    """

    def __init__(self, rate: int, now: float) -> None:
        self._gap = 60.0 / rate
        self._next = now  # when the next token is there, if none is saved
        self._paused = now

    def take(self, now: float) -> float:
        """Take a token, and return the time from which the request may begin."""
        burst = max(_BURST - self._gap, 0.0)
        begin = max(now, self._next - burst)
        self._next = max(self._next, now) + self._gap
        return begin

    def pause(self, now: float, seconds: float) -> None:
        """Let no request begin before so many *seconds* have passed."""
        self._paused = max(self._paused, now + seconds)

    def resumes(self) -> float:
        """Return the time before which no request may begin, whatever token it has."""
        return self._paused
