"""
Sessions: isolated places to play, each with one episode at a time, over one log.

A session belongs to whoever knows its id. It is closed when its WebSocket goes, unless it was
made to be attached to again; when it is closed by request; or when it was idle for too long.
Episodes stay in the log whatever becomes of their session.
"""

from collections import Counter
from collections.abc import Callable
from secrets import token_hex

from attrs import define, field

from refold.engine import Episode
from refold.server.sessions.errors import SessionBusy, SessionsFull, UnknownSession


@define(eq=False)
class Session:
    """
    A place to play.

    Attributes:
        id: Secret name; who knows it may play.
        client: Address of who made it, for the limit by client.
        episode: What is being played; None before the first reset.
        episode_id: Its name, as its player knows it.
        task: Name of its scenario.
        steps: Steps taken in it.
        total: Sum of its rewards.
        used: When it was last used, by the store's clock.
        attached: Whether a connection holds it.
        named: Whether anybody has come back with its id.
        hang_up: Ends the connection that holds it, if there is one.
    """

    id: str
    client: str
    last_used: float
    episode: Episode | None = None
    episode_id: str | None = None
    task: str = ""
    steps: int = 0
    total_reward: float = 0.0
    attached: bool = False
    claimed: bool = False
    hang_up: Callable[[], None] | None = None


@define
class SessionStore:
    """
    All sessions of a process.

    Attributes:
        most: How many there may be.
        most_for_client: How many one client address may have.
        idle_timeout: Seconds without use after which a session is dropped.
        clock: Seconds from some fixed moment on.
        dropped: Number of sessions dropped for being idle.
    """

    limit: int
    client_limit: int
    idle_timeout: float
    clock: Callable[[], float]
    dropped: int = 0
    _sessions: dict[str, Session] = field(factory=dict)
    _by_client: Counter[str] = field(factory=Counter)

    def __len__(self) -> int:
        return len(self._sessions)

    def create(self, client: str, *, attached: bool = False) -> Session:
        """
        Return a new session.

        Raises:
            SessionsFull: There are as many as there may be, all or the client's.
        """
        if len(self._sessions) >= self.limit or self._by_client[client] >= self.client_limit:
            self.drop_idle()
        if self._by_client[client] >= self.client_limit:
            raise SessionsFull(self._by_client[client], self.client_limit, " of this client")
        if len(self._sessions) >= self.limit:
            raise SessionsFull(len(self._sessions), self.limit, "")
        session = Session(token_hex(16), client, self.clock(), attached=attached)
        self._sessions[session.id] = session
        self._by_client[client] += 1
        return session

    def make_room(self) -> None:
        """Drop the oldest session that nobody has come back to, if all places are taken."""
        if len(self._sessions) < self.limit:
            return
        free = (each for each in self._sessions.values() if not (each.attached or each.claimed))
        oldest = min(free, key=lambda each: each.last_used, default=None)
        if oldest is not None:
            self.close(oldest)

    def find(self, id: str) -> Session:
        """
        Return the session called *id*, now used.

        Raises:
            UnknownSession: There is none.
        """
        session = self._sessions.get(id)
        if session is None:
            raise UnknownSession("session: expected the id of an open session, got another")
        session.last_used = self.clock()
        session.claimed = True
        return session

    def attach(self, id: str) -> Session:
        """
        Return the session called *id*, held by a connection from now on.

        Raises:
            UnknownSession: There is none.
            SessionBusy: Another connection holds it.
        """
        session = self.find(id)
        if session.attached:
            raise SessionBusy("session: expected a free one, got one that a connection holds")
        session.attached = True
        return session

    def is_open(self, session: Session) -> bool:
        """Return whether *session* is still there."""
        return session.id in self._sessions

    def detach(self, session: Session) -> None:
        """Let go of *session*, which can be attached to again."""
        session.attached = False
        session.hang_up = None
        session.last_used = self.clock()

    def close(self, session: Session) -> None:
        """Drop *session*; its episode stays in the log."""
        if self._sessions.pop(session.id, None) is None:
            return
        session.episode = None
        if session.hang_up is not None:
            session.hang_up()
        self._by_client[session.client] -= 1
        if not self._by_client[session.client]:
            del self._by_client[session.client]

    def drop_idle(self) -> list[Session]:
        """Drop the sessions that were idle for too long, and return them."""
        last = self.clock() - self.idle_timeout
        idle = [each for each in self._sessions.values() if each.last_used < last]
        for session in idle:
            self.close(session)
        self.dropped += len(idle)
        return idle
