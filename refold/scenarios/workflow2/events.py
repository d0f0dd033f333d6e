"""
What can happen in a workflow of the rules version 2, beside the events that every family shares.

Each event holds all that the reducer needs; numbers are absolute, so that nobody adds up again.
"""

from typing import Literal

from refold.engine import Event
from refold.scenarios.workflow2.world import World

Fault = Literal["untrained", "access", "missing", "outage", "left"]


class WorldDrawn(Event, frozen=True):
    """The workflow of this episode, whole."""

    world: World


class NoticePosted(Event, frozen=True):
    """Something that will happen was announced, in words."""

    text: str


class WorkStarted(Event, frozen=True):
    """
    *worker* began *task* and needs *ticks*, if all goes well.

    *sound*: nothing that was known in public spoke against it.
    """

    task: str
    worker: str
    ticks: int
    sound: bool


class WorkCancelled(Event, frozen=True):
    """The agent took *task* from *worker*; what was done of it is lost."""

    task: str
    worker: str


class TickPassed(Event, frozen=True):
    """It is *tick* now, and *cost* has been spent so far."""

    tick: int
    cost: float


class TaskCompleted(Event, frozen=True):
    """*worker* finished *task* at *tick*."""

    task: str
    worker: str
    tick: int


class TaskFailed(Event, frozen=True):
    """*worker* failed at *task*: of which *kind* the fault was, and the *text* that tells of it."""

    task: str
    worker: str
    kind: Fault
    text: str


class WorkerLeft(Event, frozen=True):
    """*worker* is gone for good."""

    worker: str


class WorkerSlowed(Event, frozen=True):
    """*worker* begins work at *pace* from now on."""

    worker: str
    pace: int


EVENTS = (
    WorldDrawn,
    NoticePosted,
    WorkStarted,
    WorkCancelled,
    TickPassed,
    TaskCompleted,
    TaskFailed,
    WorkerLeft,
    WorkerSlowed,
)
