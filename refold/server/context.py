"""What the endpoints of one running server share, and how they find it."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from attrs import define, field
from fastapi import Request

from refold.engine import EpisodeInfo, EventLog, RefoldError
from refold.engine.errors import UnknownEpisode
from refold.server.metrics import ServerMetrics
from refold.server.sessions.runner import SessionRunner
from refold.server.sessions.store import Session, SessionStore
from refold.server.settings import ServerSettings

MOST_RUNNING = 2
"""Long computations that may go on at once."""
MOST_WAITING = 8
"""How many may wait for theirs, each of which keeps a thread from others."""
PATIENCE_SECONDS = 5.0
"""Seconds that one which only reads waits for its turn."""


class Overloaded(RefoldError):
    """As many long computations go on as may."""


@define
class ServerContext:
    """
    A running server.

    Attributes:
        settings: How it is set up.
        log: The one writer of the process; for the event loop's thread.
        play: Resets and steps.
        store: Its sessions.
        metrics: Its figures.
        current: The session that plain HTTP goes on with when a request names none.
    """

    settings: ServerSettings
    log: EventLog
    runner: SessionRunner
    store: SessionStore
    metrics: ServerMetrics
    current: Session | None = None
    _running: BoundedSemaphore = field(factory=lambda: BoundedSemaphore(MOST_RUNNING))
    _waiting: BoundedSemaphore = field(factory=lambda: BoundedSemaphore(MOST_WAITING))

    @contextmanager
    def open_reader(self) -> Iterator[EventLog]:
        """Give a reader of the log, for use in the calling thread."""
        with EventLog(self.settings.log, readonly=True) as log:
            yield log

    @contextmanager
    def long_computation(self, *, patience: float = 0.0) -> Iterator[None]:
        """
        Hold one of the places for long computations.

        Args:
            patience: Seconds to wait for one; only for threads other than the event loop's.

        Raises:
            Overloaded: All are taken.
        """
        if not self._running.acquire(blocking=False) and not self._wait_for_turn(patience):
            raise Overloaded("server: expected fewer long requests at once; try again")
        try:
            yield
        finally:
            self._running.release()

    def _wait_for_turn(self, patience: float) -> bool:
        """Wait for a place, with few others at most; return whether it was given."""
        if not patience or not self._waiting.acquire(blocking=False):
            return False
        try:
            return self._running.acquire(timeout=patience)
        finally:
            self._waiting.release()

    def find_episode(self, log: EventLog, name: str) -> EpisodeInfo:
        """
        Return the episode of *log* that *name* means: as a client here called it, or as the log.

        Raises:
            UnknownEpisode, AmbiguousEpisode: As ``EventLog.find``.
        """
        if not name.isprintable() or len(name) > 255:
            raise UnknownEpisode("episode: expected an id, got something else")
        return log.find(self.runner.find_log_id(name))


def get_context(request: Request) -> ServerContext:
    """Return the context of the server that *request* came to."""
    context: ServerContext = request.app.state.context
    return context
