"""Attempts at a request: what a failed one is, and when the next one begins."""

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from refold.engine.exchanges import Attempt

if TYPE_CHECKING:
    from tenacity import AsyncRetrying, RetryCallState

_LONGEST_WAIT = 60.0  # seconds; a Retry-After of an hour must not stop a run for an hour


class AttemptFailed(Exception):
    """
    One attempt failed.

    Attributes:
        attempt: What is recorded of it.
        words: The same for people.
        transient: Whether a retry may succeed.
        retry_after: Seconds that the API asked to wait before the next attempt, or None.
    """

    def __init__(self, attempt: Attempt, words: str, *, transient: bool = True) -> None:
        super().__init__(words)
        self.attempt = attempt
        self.words = words
        self.transient = transient
        self.retry_after: float | None = None


def malformed(words: str) -> AttemptFailed:
    """Return the failure of an attempt whose answer cannot be read; *words* say why."""
    return AttemptFailed(Attempt("body", None, "malformed_response"), words)


def retry_policy(retries: int) -> "AsyncRetrying":
    """
    Return what attempts again, up to *retries* times, what fails but may succeed later.

    It waits as long as the API asked, or with exponential backoff, both with jitter.
    """
    from tenacity import (  # noqa: PLC0415 - only where a model is asked
        AsyncRetrying,
        retry_if_exception,
        stop_after_attempt,
    )

    return AsyncRetrying(
        stop=stop_after_attempt(retries + 1),
        retry=retry_if_exception(
            lambda error: isinstance(error, AttemptFailed) and error.transient
        ),
        wait=_retry_delay,
        reraise=True,
    )


def _retry_delay(state: "RetryCallState") -> float:
    from tenacity import wait_random_exponential  # noqa: PLC0415 - only where a model is asked

    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, AttemptFailed) and error.retry_after is not None:
        # Never earlier than asked, and spread out: parallel episodes were all told the same time.
        return error.retry_after * random.uniform(1.0, 1.1)
    return wait_random_exponential(multiplier=0.5, max=_LONGEST_WAIT)(state)


def parse_retry_after(value: str | None) -> float | None:
    """Return the seconds that a Retry-After header asks for, at most 60, or None."""
    try:
        seconds = float(value or "")
    except ValueError:
        seconds = _seconds_until(value or "")
    return min(seconds, _LONGEST_WAIT) if seconds >= 0 else None


def _seconds_until(date: str) -> float:
    """Return the seconds until an HTTP date: 0 if it has passed, -1 if *date* is not one."""
    try:
        left = parsedate_to_datetime(date) - datetime.now(UTC)
    except (TypeError, ValueError):
        return -1.0
    return max(left.total_seconds(), 0.0)
