"""
Sessions: isolated from each other, each with one episode at a time, all over one log.

A session belongs to anyone who knows its id. It ends when its WebSocket closes, unless it was
created by request to be attached to later; when a client closes it; or after being idle for too
long. Its episode stays in the log in any case.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable
from secrets import token_hex

from attrs import define, field

from refold.engine import Episode
from refold.server.sessions.errors import SessionBusy, SessionsFull, UnknownSession

LAST = "last"
"""The name of the newest episode."""
# Bounds the memory of a session that lasts for months; other episodes are found by their log id.
MOST_NAMES = 100


@define(eq=False)
class Session:
    """
    A client's session.

    Attributes:
        id: Secret; anyone who knows it may act in the session.
        client: Address of the client that created it, for the limit per client.
        last_used: When it was last used, in seconds of the store's clock.
        episode: The episode being played; None before the first reset.
        episode_id: The client's name for the episode.
        task: Name of the episode's scenario.
        steps: Steps taken in the episode.
        total_reward: Sum of the episode's rewards.
        attached: Whether a WebSocket holds the session.
        claimed: Whether a client has named the session by its id.
        hang_up: Closes the WebSocket that holds the session; None if there is none.
        names: Ids in the log of the episodes that were begun here, by the client's names for them;
            the newest as ``last``. Nobody else's names, so that nobody can take them over.
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
    names: OrderedDict[str, str] = field(factory=OrderedDict)

    def name_episode(self, name: str, id: str) -> None:
        """Let *name*, and ``last``, mean the episode *id* of the log in this session."""
        for each in (name, LAST):
            self.names[each] = id
            self.names.move_to_end(each)
        if len(self.names) > MOST_NAMES:
            self.names.popitem(last=False)


@define
class SessionStore:
    """
    All sessions of a process.

    Attributes:
        limit: Sessions allowed at once.
        client_limit: Sessions allowed at once for one client address.
        idle_timeout: Seconds without use after which a session is dropped.
        clock: Returns seconds since some fixed moment; monotonic.
        dropped: Sessions dropped so far for being idle.
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
            SessionsFull: The limit is reached, the overall one or that of *client*.
        """
        # Idle sessions go only when room is needed here, so a full store is never full of them.
        if len(self._sessions) >= self.limit or self._by_client[client] >= self.client_limit:
            self.drop_idle()
        if self._by_client[client] >= self.client_limit:
            raise SessionsFull(self._by_client[client], self.client_limit, " of this client")
        if len(self._sessions) >= self.limit:
            raise SessionsFull(len(self._sessions), self.limit, "")
        # 128 random bits: the id is all that protects a session.
        session = Session(token_hex(16), client, self.clock(), attached=attached)
        self._sessions[session.id] = session
        self._by_client[client] += 1
        return session

    def make_room(self) -> None:
        """
        If the store is full, drop the session unused for longest among those nobody claimed.

        A client over plain HTTP that keeps no cookie makes a session with every reset and never
        comes back to it. Such sessions must not keep others out until they time out.
        """
        if len(self._sessions) < self.limit:
            return
        free = (each for each in self._sessions.values() if not (each.attached or each.claimed))
        oldest = min(free, key=lambda each: each.last_used, default=None)
        if oldest is not None:
            self.close(oldest)

    def find(self, id: str) -> Session:
        """
        Return the session *id*, marked as used now and as claimed.

        Raises:
            UnknownSession: There is no such session.
        """
        session = self._sessions.get(id)
        if session is None:
            raise UnknownSession("session: expected the id of an open session, got another")
        session.last_used = self.clock()
        session.claimed = True
        return session

    def attach(self, id: str) -> Session:
        """
        Return the session *id*, attached to the caller's WebSocket from now on.

        Raises:
            UnknownSession: There is no such session.
            SessionBusy: Another WebSocket holds it: two players would mix their steps.
        """
        session = self.find(id)
        if session.attached:
            raise SessionBusy("session: expected a free one, got one that a connection holds")
        session.attached = True
        return session

    def is_open(self, session: Session) -> bool:
        """Return whether *session* has not been closed."""
        return session.id in self._sessions

    def detach(self, session: Session) -> None:
        """Release *session* from its WebSocket; it can be attached to again."""
        session.attached = False
        session.hang_up = None
        session.last_used = self.clock()

    def close(self, session: Session) -> None:
        """Close *session* and its WebSocket; its episode stays in the log."""
        if self._sessions.pop(session.id, None) is None:
            return
        session.episode = None  # others may still hold the session; the episode's memory is freed
        if session.hang_up is not None:
            session.hang_up()
        self._by_client[session.client] -= 1
        if not self._by_client[session.client]:
            del self._by_client[session.client]

    def drop_idle(self) -> list[Session]:
        """Close the sessions that have been idle for too long, and return them."""
        latest = self.clock() - self.idle_timeout
        idle = [each for each in self._sessions.values() if each.last_used < latest]
        for session in idle:
            self.close(session)
        self.dropped += len(idle)
        return idle
