"""How many processes are worth starting."""

import os

from refold.engine import EventLog

BYTES_A_JOB = 32 * 2**20
"""
Bytes of stored episodes from which a process of its own pays.

Starting one costs about as much as grading 10 MB.
"""


def jobs_for(jobs: int | None, log: EventLog, episodes: int) -> int:
    """
    Return how many processes to go through so many *episodes* of *log* with, at least 1.

    Never more than there are episodes. If *jobs* is None, as many as pay: at most one for each
    core, and one in all for a small log.
    """
    if jobs is None:
        jobs = jobs_that_pay(log.size * episodes / max(log.count(), 1), BYTES_A_JOB)
    return max(1, min(jobs, episodes))


def jobs_that_pay(size: float, each: int) -> int:
    """
    Return how many processes pay for *size* bytes of work, if one pays from *each* bytes on.

    That is at most one for each core, and at least 1.
    """
    return max(1, min(count_cores(), int(size // each)))


def count_cores() -> int:
    """Return the number of cores that this process may use, at least 1."""
    if hasattr(os, "sched_getaffinity"):  # not on every system
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
