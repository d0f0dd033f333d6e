import gc
import json
from contextlib import ExitStack

import pytest
from serving import running, talk
from websockets.exceptions import ConnectionClosed

from refold.engine import Episode, EventLog
from refold.replays import verify
from refold.server.sessions.errors import SessionBusy, SessionsFull, UnknownSession
from refold.server.sessions.store import Session, SessionStore

WAIT = {"action_type": "wait"}


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        """Return the time."""
        return self.now


@pytest.fixture
def clock():
    """Return a clock."""
    return Clock()


@pytest.fixture
def store(clock):
    """Return a store of four places, two for a client, idle after ten seconds."""
    return SessionStore(4, 2, 10.0, clock)


def test_places_are_counted_for_all_and_for_each_client(store):
    """One client cannot take all places, and a full server says so."""
    store.create("a")
    store.create("a")
    with pytest.raises(SessionsFull, match="of this client: expected fewer than 2, got 2"):
        store.create("a")
    store.create("b")
    last = store.create("c")
    with pytest.raises(SessionsFull, match="expected fewer than 4, got 4"):
        store.create("d")
    store.close(last)
    store.create("d")


def test_idle_sessions_go(store, clock):
    """What was not used for the timeout is dropped, connected or not; what was used stays."""
    hung = []
    idle, used = store.create("a", attached=True), store.create("a")
    idle.hang_up = lambda: hung.append(idle)
    clock.now = 8.0
    store.find(used.id)
    clock.now = 10.5
    assert store.drop_idle() == [idle]
    assert hung == [idle]
    assert store.is_open(used)
    with pytest.raises(UnknownSession, match="open session"):
        store.find(idle.id)


def test_a_full_store_drops_idle_sessions_first(store, clock):
    """An idle session does not keep a new one out."""
    for client in "aabb":
        store.create(client)
    clock.now = 11.0
    assert store.create("c")
    assert len(store) == 1


def test_room_is_made_of_what_nobody_came_back_to(store, clock):
    """The oldest session that was never named goes; one that is attached or named stays."""
    attached, named, old, new = (store.create(client) for client in "abcd")
    attached.attached = True
    store.find(named.id)
    clock.now = 1.0
    new.last_used = clock()
    store.make_room()
    assert [store.is_open(each) for each in (attached, named, old, new)] == [1, 1, 0, 1]


def test_only_one_connection_holds_a_session(store):
    """A second one is refused until the first lets go."""
    session = store.create("a")
    store.attach(session.id)
    with pytest.raises(SessionBusy, match="a connection holds"):
        store.attach(session.id)
    store.detach(session)
    assert store.attach(session.id) is session


def test_capacity_over_the_wire(tmp_path):
    """A full server says so with figures, closes, and has room again when a client goes."""
    with (
        running(tmp_path, max_sessions=2) as server,
        server.socket() as one,
        server.socket() as two,
    ):
        for socket in (one, two):
            talk(socket, "reset", {})
        with server.socket() as three:
            refusal = json.loads(three.recv(timeout=30))["data"]
            assert refusal["code"] == "CAPACITY_REACHED"
            assert (refusal["active_sessions"], refusal["max_sessions"]) == (2, 2)
            with pytest.raises(ConnectionClosed, match="1013"):
                three.recv(timeout=30)
        assert server.ask("POST", "/reset", {}).status == 503
        one.send('{"type": "close"}')
        with pytest.raises(ConnectionClosed, match="1000"):
            one.recv(timeout=30)
        assert server.ask("POST", "/reset", {}).status == 200


def test_a_session_can_be_attached_to_again(tmp_path):
    """Closing a connection to a created session keeps its episode; an unknown id is refused."""
    create = {"jsonrpc": "2.0", "id": 1, "method": "openenv/session/create"}
    with running(tmp_path) as server:
        id = server.post("/mcp", create)["result"]["session_id"]
        with server.socket(f"/ws?session_id={id}") as socket:
            talk(socket, "reset", {"task_id": "workflow/hard", "episode_id": "kept"})
            talk(socket, "step", WAIT)
            with server.socket(f"/ws?session_id={id}") as second:
                assert json.loads(second.recv(timeout=30))["data"]["code"] == "SESSION_ERROR"
            socket.send('{"type": "close"}')
            with pytest.raises(ConnectionClosed, match="1000"):
                socket.recv(timeout=30)
        with server.socket(f"/ws?session_id={id}") as socket:
            assert talk(socket, "state")["step_count"] == 1
            assert talk(socket, "step", WAIT)["observation"]["time_elapsed"] == 2
        with server.socket("/ws?session_id=unknown") as socket:
            assert json.loads(socket.recv(timeout=30))["data"]["code"] == "SESSION_ERROR"


def test_an_idle_connection_is_closed(tmp_path):
    """Its place is free again, and its episode stays in the log."""
    with running(tmp_path, idle_timeout=0.2) as server, server.socket() as socket:
        talk(socket, "reset", {"episode_id": "idle"})
        with pytest.raises(ConnectionClosed, match="1001"):
            socket.recv(timeout=30)
        assert server.get("/episodes/idle")["episode"]["ended"] is None


@pytest.mark.slow
def test_many_sessions_stay_apart(tmp_path):
    """100 at once, each with a seed of its own, each see their own world; verify passes on all."""
    with running(tmp_path) as server, ExitStack() as stack:
        sockets = [stack.enter_context(server.socket()) for _ in range(100)]
        seen = {}
        for seed, socket in enumerate(sockets):
            asked = {"task_id": "inbox/easy", "seed": seed, "episode_id": f"world-{seed}"}
            seen[seed] = talk(socket, "reset", asked)["observation"]["inbox"]
        for _ in range(3):
            replies = [talk(socket, "step", {"type": "archive"}) for socket in sockets]
        assert all(reply["done"] for reply in replies)
        for seed, reply in enumerate(replies):
            mails = [f"{mail['id']}:archive" for mail in seen[seed]]
            assert reply["observation"]["history"] == mails
    with EventLog(tmp_path / "log.db", readonly=True) as log:
        infos = list(log.episodes())
        assert {info.seed for info in infos} == set(range(100))
        assert all(verify(log.events(info.id)) is None for info in infos)


@pytest.mark.slow
def test_dropped_connections_leave_nothing(tmp_path):
    """Dozens of sessions that were opened and dropped are gone, and so is their memory."""
    with running(tmp_path) as server:
        for number in range(90):
            with server.socket() as socket:
                if number % 2:
                    talk(socket, "reset", {})
            if number == 30:
                gc.collect()
                before = sum(type(each) in (Session, Episode) for each in gc.get_objects())
        with server.socket() as socket:
            talk(socket, "state")
            figures = server.ask("GET", "/metrics").body.decode()
        gc.collect()
        after = sum(type(each) in (Session, Episode) for each in gc.get_objects())
    assert "refold_sessions 1.0\n" in figures
    assert after <= before + 5
