"""
What a client is told when something goes wrong: never a path, a key or a traceback.

Errors of the engine may name the log's file, for whoever runs the command line. A client gets
the text only of those that are about what it sent.
"""

from refold.engine import (
    EpisodeOver,
    InvalidAction,
    LogDamaged,
    RefoldError,
    StaleWriter,
    UnknownEpisode,
)
from refold.engine.errors import AmbiguousEpisode, EpisodeExists, LogBusy, UnknownName, UnknownStep
from refold.viewer.page import DocumentTooLarge


class BadRequest(RefoldError):
    """
    A request that does not have the form it must have.

    Attributes:
        at: Where in the request, as a list of keys.
        problem: What was expected, and what came.
    """

    def __init__(self, problem: str, *at: str) -> None:
        self.at = at
        self.problem = problem
        super().__init__(f"{'.'.join(at)}: {problem}" if at else problem)


class NoEpisode(RefoldError):
    """A step, or a question about an episode, where none has begun."""


class NotPlayed(RefoldError):
    """An action in an episode that the session does not play."""


class StalePosition(RefoldError):
    """An action at a position that is not where the episode stands."""


class UnknownSession(RefoldError):
    """No session has this id: it never had, was closed, or was idle for too long."""


class SessionBusy(RefoldError):
    """Another connection is attached to the session."""


class SessionsFull(RefoldError):
    """
    No further session can be had now.

    Attributes:
        active: Number of sessions, all or the client's.
        most: How many there may be.
    """

    def __init__(self, active: int, most: int, whose: str) -> None:
        self.active = active
        self.most = most
        super().__init__(
            f"sessions{whose}: expected fewer than {most}, got {active}; close one and try again"
        )


STATUS: dict[type[RefoldError], int] = {
    BadRequest: 422,
    InvalidAction: 422,
    UnknownName: 404,
    UnknownStep: 422,
    UnknownEpisode: 404,
    AmbiguousEpisode: 409,
    EpisodeExists: 409,
    EpisodeOver: 409,
    NoEpisode: 409,
    NotPlayed: 409,
    StalePosition: 409,
    UnknownSession: 404,
    SessionBusy: 409,
    SessionsFull: 503,
    StaleWriter: 409,
    LogBusy: 503,
    LogDamaged: 500,
    DocumentTooLarge: 422,
}
"""HTTP status of each error; 500 for what is not named."""

_OWN_WORDS: dict[type[RefoldError], str] = {
    UnknownEpisode: "episode: expected an id, a unique prefix or 'last', got none that fits",
    StaleWriter: "episode: expected to be its only writer, but another process appended to it",
    LogBusy: "log: expected to be its only writer, but another process holds it; try again",
}


def status_of(error: RefoldError) -> int:
    """Return the HTTP status that says what kind of error *error* is."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def words_of(error: RefoldError) -> str:
    """Return what a client may read of *error*."""
    if isinstance(error, LogDamaged):
        return f"episode {error.episode}: expected the events that were written, got others"
    for kind in type(error).__mro__:
        if kind in _OWN_WORDS:
            return _OWN_WORDS[kind]
        if kind in STATUS:
            return str(error)
    return "the server could not do that"
