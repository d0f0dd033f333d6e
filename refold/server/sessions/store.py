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
    used: float
    episode: Episode | None = None
    episode_id: str | None = None
    task: str = ""
    steps: int = 0
    total: float = 0.0
    attached: bool = False
    named: bool = False
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

    most: int
    most_for_client: int
    idle_timeout: float
    clock: Callable[[], float]
    dropped: int = 0
    _all: dict[str, Session] = field(factory=dict)
    _by_client: Counter[str] = field(factory=Counter)

    def __len__(self) -> int:
        return len(self._all)

    def create(self, client: str, *, attached: bool = False) -> Session:
        """
        Return a new session.

        Raises:
            SessionsFull: There are as many as there may be, all or the client's.
        """
        if len(self._all) >= self.most or self._by_client[client] >= self.most_for_client:
            self.reap()
        if self._by_client[client] >= self.most_for_client:
            raise SessionsFull(self._by_client[client], self.most_for_client, " of this client")
        if len(self._all) >= self.most:
            raise SessionsFull(len(self._all), self.most, "")
        session = Session(token_hex(16), client, self.clock(), attached=attached)
        self._all[session.id] = session
        self._by_client[client] += 1
        return session

    def make_room(self) -> None:
        """Drop the oldest session that nobody has come back to, if all places are taken."""
        if len(self._all) < self.most:
            return
        free = (each for each in self._all.values() if not (each.attached or each.named))
        oldest = min(free, key=lambda each: each.used, default=None)
        if oldest is not None:
            self.close(oldest)

    def find(self, id: str) -> Session:
        """
        Return the session called *id*, now used.

        Raises:
            UnknownSession: There is none.
        """
        session = self._all.get(id)
        if session is None:
            raise UnknownSession("session: expected the id of an open session, got another")
        session.used = self.clock()
        session.named = True
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
        return session.id in self._all

    def detach(self, session: Session) -> None:
        """Let go of *session*, which can be attached to again."""
        session.attached = False
        session.hang_up = None
        session.used = self.clock()

    def close(self, session: Session) -> None:
        """Drop *session*; its episode stays in the log."""
        if self._all.pop(session.id, None) is None:
            return
        session.episode = None
        if session.hang_up is not None:
            session.hang_up()
        self._by_client[session.client] -= 1
        if not self._by_client[session.client]:
            del self._by_client[session.client]

    def reap(self) -> list[Session]:
        """Drop the sessions that were idle for too long, and return them."""
        last = self.clock() - self.idle_timeout
        idle = [each for each in self._all.values() if each.used < last]
        for session in idle:
            self.close(session)
        self.dropped += len(idle)
        return idle
