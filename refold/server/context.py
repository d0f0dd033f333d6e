"""What the routes of one running server share, and how a route gets at it."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from attrs import define, field
from fastapi import Request

from refold.engine import EpisodeInfo, EventLog, RefoldError
from refold.engine.errors import UnknownEpisode
from refold.graders import RubricName
from refold.graders.sources import rubric_reference
from refold.server.metrics import ServerMetrics
from refold.server.sessions.runner import SessionRunner
from refold.server.sessions.store import Session, SessionStore
from refold.server.settings import ServerSettings

MOST_RUNNING = 2
"""Long computations at once: they share the interpreter with the event loop, which must answer."""
MOST_WAITING = 8
"""Requests that may wait for one to finish; each of them blocks a thread of the pool."""
PATIENCE_SECONDS = 5.0
"""How long a request that only reads waits for its turn."""


class Overloaded(RefoldError):
    """As many long computations as allowed are running already."""


@define
class ServerContext:
    """
    A running server.

    Attributes:
        settings: Its settings.
        log: The only writer of the process; use it on the event loop's thread only.
        runner: Plays episodes in sessions.
        store: The sessions.
        metrics: The figures for Prometheus.
        current: The session of plain HTTP requests that name none; None before the first reset.
    """

    settings: ServerSettings
    log: EventLog
    runner: SessionRunner
    store: SessionStore
    metrics: ServerMetrics
    current: Session | None = None
    _graders: tuple[tuple[int, int], list[str]] = ((0, 0), [])
    _running: BoundedSemaphore = field(factory=lambda: BoundedSemaphore(MOST_RUNNING))
    _waiting: BoundedSemaphore = field(factory=lambda: BoundedSemaphore(MOST_WAITING))

    @contextmanager
    def open_reader(self) -> Iterator[EventLog]:
        """Open the log for reading, for use in the calling thread only."""
        # A reader of its own: SQLite connections stay on their thread, and WAL readers never
        # wait for the writer.
        with EventLog(self.settings.log, readonly=True) as log:
            yield log

    def graders(self, log: EventLog) -> list[str]:
        """Return what names the saved grades of *log*, a reader, one for each rubric."""
        # To look them up, all grades are read, which in a large log takes longer than a list does.
        now = log.grades_so_far()
        if now != self._graders[0]:
            names = [rubric_reference(RubricName(*each)) for each in log.graded_by()]
            self._graders = now, names
        return self._graders[1]

    @contextmanager
    def long_computation(self, *, patience: float = 0.0) -> Iterator[None]:
        """
        Hold one of the few slots for long computations.

        Args:
            patience: Seconds to wait for a slot; above 0 only off the event loop's thread,
                which would stand still.

        Raises:
            Overloaded: All slots are taken, or too many requests wait for one.
        """
        if not self._running.acquire(blocking=False) and not self._wait_for_turn(patience):
            raise Overloaded("server: expected fewer long requests at once; try again")
        try:
            yield
        finally:
            self._running.release()

    def _wait_for_turn(self, patience: float) -> bool:
        """Wait up to *patience* seconds for a slot, and return whether one was acquired."""
        if not patience or not self._waiting.acquire(blocking=False):
            return False
        try:
            return self._running.acquire(timeout=patience)
        finally:
            self._waiting.release()

    @staticmethod
    def find_episode(log: EventLog, name: str) -> EpisodeInfo:
        """
        Return the episode of *log* called *name*.

        Raises:
            UnknownEpisode, AmbiguousEpisode: As ``EventLog.find``.
        """
        # No episode has such an id, and the message must not repeat it.
        if not name.isprintable() or len(name) > 255:
            raise UnknownEpisode("episode: expected an id, got something else")
        return log.find(name)


def get_context(request: Request) -> ServerContext:
    """Return the context of the server that received *request*."""
    context: ServerContext = request.app.state.context
    return context
