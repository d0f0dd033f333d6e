"""How many processes are worth starting."""

import os

BYTES_A_JOB = 32 * 2**20
"""
Bytes of stored episodes from which a process of its own pays.

Starting one costs about as much as grading 10 MB.
"""


def count_cores() -> int:
    """Return the number of cores that this process may use, at least 1."""
    if hasattr(os, "sched_getaffinity"):  # not on every system
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def jobs_that_pay(size: float) -> int:
    """Return how many processes to go through *size* bytes of episodes with, at least 1."""
    return max(1, min(count_cores(), int(size // BYTES_A_JOB)))
