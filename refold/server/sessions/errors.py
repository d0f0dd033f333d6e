"""
Errors of the server, and what a client may read of any error: its HTTP status and its message.

Messages of the engine may name the log's file, for the person at the command line. A client gets
the text only of errors about its own request; never a path, a key or a traceback.
"""

from refold.engine import (
    EpisodeOver,
    InvalidAction,
    LogDamaged,
    RefoldError,
    StaleWriter,
    UnknownEpisode,
)
from refold.engine.errors import (
    AmbiguousEpisode,
    AmbiguousRun,
    EpisodeExists,
    LogBusy,
    UnknownName,
    UnknownRun,
    UnknownStep,
)
from refold.viewer.html_page import DocumentTooLarge


class BadRequest(RefoldError):
    """
    A request of the wrong form.

    Attributes:
        location: Keys that lead to the wrong value, outermost first; empty for the whole request.
        problem: What was expected, and what was received.
    """

    def __init__(self, problem: str, *at: str) -> None:
        self.location = at
        self.problem = problem
        super().__init__(f"{'.'.join(at)}: {problem}" if at else problem)


class NoEpisode(RefoldError):
    """A request that needs an episode, in a session where none has begun."""


class NotPlayed(RefoldError):
    """An action in an episode other than the one that the session plays."""


class NotLabelling(RefoldError):
    """A label for a server that labels as nobody."""


class LogFull(RefoldError):
    """The log has reached the size from which on no new episode begins."""


class StalePosition(RefoldError):
    """An action meant for a position that the episode has left already."""


class UnknownSession(RefoldError):
    """No open session has this id: none ever had, or it was closed or dropped as idle."""


class SessionBusy(RefoldError):
    """Another WebSocket is attached to the session."""


class SessionsFull(RefoldError):
    """
    No further session can be opened now.

    Attributes:
        active: Sessions that are open, all of them or the client's.
        limit: Sessions that may be open.
    """

    def __init__(self, active: int, most: int, whose: str) -> None:
        self.active = active
        self.limit = most
        super().__init__(
            f"sessions{whose}: expected fewer than {most}, got {active}; close one and try again"
        )


HTTP_STATUSES: dict[type[RefoldError], int] = {
    BadRequest: 422,
    InvalidAction: 422,
    UnknownName: 404,
    UnknownStep: 422,
    UnknownEpisode: 404,
    AmbiguousEpisode: 409,
    UnknownRun: 404,
    AmbiguousRun: 409,
    EpisodeExists: 409,
    EpisodeOver: 409,
    NoEpisode: 409,
    NotPlayed: 409,
    NotLabelling: 409,
    StalePosition: 409,
    UnknownSession: 404,
    SessionBusy: 409,
    SessionsFull: 503,
    LogFull: 507,
    StaleWriter: 409,
    LogBusy: 503,
    LogDamaged: 500,
    DocumentTooLarge: 422,
}
"""HTTP status by error class; subclasses inherit, and any other error is a 500."""

# In place of the engine's own, which may name the log's file.
_CLIENT_MESSAGES: dict[type[RefoldError], str] = {
    UnknownEpisode: "episode: expected an id, a unique prefix or 'last', got none that fits",
    StaleWriter: "episode: expected to be its only writer, but another process appended to it",
    LogBusy: "log: expected to be its only writer, but another process holds it; try again",
}


def http_status(error: RefoldError) -> int:
    """Return the HTTP status for *error*: that of the closest class with one, else 500."""
    return next((HTTP_STATUSES[kind] for kind in type(error).__mro__ if kind in HTTP_STATUSES), 500)


def client_message(error: RefoldError) -> str:
    """Return the message that a client may read about *error*."""
    if isinstance(error, LogDamaged):
        return f"episode {error.episode}: expected the events that were written, got others"
    for kind in type(error).__mro__:
        if kind in _CLIENT_MESSAGES:
            return _CLIENT_MESSAGES[kind]
        if kind in HTTP_STATUSES:
            return str(error)
    return "the server could not do that"
