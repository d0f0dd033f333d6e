"""
What can happen in a workflow, beside the events that every family shares.

Each event holds all that ``evolve`` needs; numbers are absolute, so that nobody adds up again.
"""

from refold.engine import Event


class SubtaskDelegated(Event, frozen=True):
    """*worker* began a ready subtask and will need *duration* steps, this one included."""

    subtask: str
    worker: str
    duration: int


class SubtaskRetried(Event, frozen=True):
    """*worker* began a failed subtask again and will need *duration* steps."""

    subtask: str
    worker: str
    duration: int


class SubtaskAborted(Event, frozen=True):
    """The agent gave up a subtask; *worker* is who was working on it, now idle, if anyone."""

    subtask: str
    worker: str | None


class ParallelismObserved(Event, frozen=True):
    """Two or more *subtasks*, in definition order, were in progress at once."""

    subtasks: tuple[str, ...]


class WorkAdvanced(Event, frozen=True):
    """Every working worker did one step of its job; *budget_used* is the cost so far."""

    budget_used: float


class SubtaskCompleted(Event, frozen=True):
    """*worker* succeeded after *failures* failed attempts at the subtask."""

    subtask: str
    worker: str
    failures: int


class SubtaskFailed(Event, frozen=True):
    """*worker* failed; *failures* counts this one. *permanent*: it could not have succeeded."""

    subtask: str
    worker: str
    failures: int
    permanent: bool


class WorkerDroppedOut(Event, frozen=True):
    """*worker* left for good; *released*, which it was working on, failed with it."""

    worker: str
    released: str | None


class WorkerDegraded(Event, frozen=True):
    """*worker* needs *speed* steps for each subtask from now on."""

    worker: str
    speed: int


class SubtasksUnblocked(Event, frozen=True):
    """The dependencies of *subtasks* are completed now."""

    subtasks: tuple[str, ...]


class FailuresLingered(Event, frozen=True):
    """
    *subtasks* are the failed ones that cost a penalty if they are still failed a step later.

    Recorded when they change; in definition order.
    """

    subtasks: tuple[str, ...]


EVENTS = (
    SubtaskDelegated,
    SubtaskRetried,
    SubtaskAborted,
    ParallelismObserved,
    WorkAdvanced,
    SubtaskCompleted,
    SubtaskFailed,
    WorkerDroppedOut,
    WorkerDegraded,
    SubtasksUnblocked,
    FailuresLingered,
)
