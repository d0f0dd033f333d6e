import gzip
import json
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import serving
from attrs import frozen
from openenv_worlds import count, counting, error, vanish
from serving import Running, actions, raw, say, talk
from shell import SCRIPT, Shell
from websockets.exceptions import ConnectionClosed, InvalidStatus

from refold.engine import Episode, EventLog
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.environments import Worlds
from refold.environments.openenv.servers import describe_server
from refold.graders import saved_grades
from refold.replays import verify
from refold.replays.live import verify_live
from refold.scenarios import load
from refold.server.proxy import recording
from refold.server.proxy.app import ProxySettings, make_proxy
from refold.server.proxy.exchanges import Exchange, HttpSessions

server = serving.server
WAIT = {"action_type": "wait"}
TOKEN = "-".join(["a", "token", "of", "16", "letters"])


@frozen
class Proxied(Running):
    """A proxy that runs; what it *told* is complete when it has ended."""

    told: list[str]

    def episodes(self):
        """Return (info, stream) of each episode on record, oldest first."""
        with EventLog(self.log, readonly=True) as log:
            return [(info, log.events(info.id)) for info in log.episodes()]


@contextmanager
def proxying(base, folder, **settings):
    """Give a proxy for the server at *base*, in a thread; on leaving, all is on record."""
    log = folder / "proxy.db"
    ready = threading.Event()
    urls, told = [], []

    def listening(url):
        urls.append(url)
        ready.set()

    chosen = {"log": str(log), "run": "run", "agent": "openenv", "port": 0, **settings}
    proxy = make_proxy(ProxySettings(base, describe_server(base), **chosen), listening, told.append)
    thread = threading.Thread(target=proxy.run)
    thread.start()
    try:
        assert ready.wait(30)
        yield Proxied(urls[0], log, told)
    finally:
        proxy.should_exit = True
        thread.join(30)
        assert not thread.is_alive()


def direct(url, given, seed):
    """Return the stream of the actions *given*, played directly in the world that *url* names."""
    world = f"openenv:{url}"
    episode = Episode.start(load(world), seed=seed, open_world=Worlds([world]))
    for action in given:
        if not episode.over:
            episode.step(action)
    episode.close()
    return episode.events


@pytest.mark.parametrize("task", ["workflow/hard", "inbox/medium"])
def test_a_session_is_recorded_as_if_played_directly(server, tmp_path, task):
    """Frames pass byte for byte, and the episode's digest is that of openenv: itself."""
    given = [*actions(task)[:3], {"type": "shout"}, *actions(task)[3:]]
    with (
        server.socket() as plain,
        proxying(server.url, tmp_path) as proxy,
        proxy.socket() as through,
    ):
        asked = {"task_id": task, "seed": 5, "episode_id": "mine"}
        assert raw(through, "reset", asked) == raw(plain, "reset", asked)
        for action in given:
            assert raw(through, "step", action) == raw(plain, "step", action)
        assert raw(through, "state") == raw(plain, "state")
    ((info, stream),) = proxy.episodes()
    assert stream.digest == direct(f"{server.url}?task={task}", given, 5).digest
    assert (info.run, info.agent, info.scenario) == ("run", "openenv", f"openenv:refold/{task}")
    assert verify(stream) is None
    with EventLog(proxy.log, readonly=True) as log:
        assert len(saved_grades(log, info.id)) == (info.ended is not None)
    assert proxy.told == ["1 episode recorded"]


def test_over_http_a_session_is_the_same_episode(server, tmp_path):
    """Statuses, headers and bodies pass, and two clients' sessions stay two episodes."""
    given = actions("inbox/easy")
    with proxying(server.url, tmp_path) as proxy:
        begun = [
            proxy.ask("POST", "/reset", {"task": "inbox/easy", "seed": seed}) for seed in (1, 2)
        ]
        ids = [each.headers["x-session-id"] for each in begun]
        for action in given:
            for id in ids:
                step = proxy.ask("POST", "/step", {"action": action}, {"X-Session-Id": id})
                assert step.status == 200
        other = server.ask("POST", "/reset", {"task": "inbox/easy", "seed": 1})
        assert begun[0].body == other.body
        assert begun[0].headers.keys() == other.headers.keys()
    found = [stream.digest for _, stream in proxy.episodes()]
    assert found == [direct(f"{server.url}?task=inbox/easy", given, seed).digest for seed in (1, 2)]


def test_a_refusal_over_http_is_on_record(server, tmp_path):
    """422 to a step is an answer; the reply names no session, and belongs to it all the same."""
    with proxying(server.url, tmp_path) as proxy:
        proxy.post("/reset?task=inbox/easy&seed=3")
        assert proxy.ask("POST", "/step", {"action": {"type": "shout"}}).status == 422
        assert proxy.ask("POST", "/step", b"{").status == 422
        proxy.post("/step", {"type": "archive"})
    ((info, stream),) = proxy.episodes()
    said = [event.observation for event in stream if type(event).__name__ == "EnvironmentAnswered"]
    assert [list(each) for each in said[:2]] == [["error"], ["error"]]
    assert said[2]["history"]
    assert (info.seed, info.scenario) == (3, "openenv:refold/inbox/easy")


def test_all_else_of_the_server_passes(server, tmp_path):
    """Pages, errors, HEAD, large bodies and odd paths are answered as by the server itself."""
    requests = [
        ("GET", "/health", None),
        ("GET", "/web", None),
        ("HEAD", "/web", None),
        ("GET", "/viewer/nothing%20here?a=%2F&b", None),
        ("GET", "/schema?task=inbox/easy", None),
        ("POST", "/mcp", {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}),
        ("POST", "/step", b"x" * (2**20 + 1)),
        ("DELETE", "/health", None),
    ]
    with proxying(server.url, tmp_path) as proxy:
        for request in requests:
            one, other = proxy.ask(*request), server.ask(*request)
            assert (one.status, one.body) == (other.status, other.body), request
            own = {name: value for name, value in one.headers.items() if name != "date"}
            assert own == {
                n: v for n, v in other.headers.items() if n not in ("date", "connection")
            }
    assert proxy.episodes() == []


@pytest.mark.slow
def test_many_sessions_at_once_are_not_mixed(server, tmp_path):
    """Each of 32 clients gets its own world, and its episode alone is on record for its seed."""
    given = actions("inbox/medium")

    def play(seed):
        with proxy.socket() as through:
            talk(through, "reset", {"task": "inbox/medium", "seed": seed})
            together.wait()
            for action in given:
                say(through, json.dumps({"type": "step", "data": action}))

    together = threading.Barrier(32)
    with proxying(server.url, tmp_path) as proxy, ThreadPoolExecutor(32) as pool:
        list(pool.map(play, range(32)))
    found = {info.seed: stream.digest for info, stream in proxy.episodes()}
    assert found.keys() == set(range(32))
    for seed in (0, 13, 31):
        url = f"{server.url}?task=inbox/medium"
        assert found[seed] == direct(url, given, seed).digest
    assert len(set(found.values())) == 32
    assert proxy.told == ["32 episodes recorded"]


def test_frames_that_are_sent_ahead_keep_their_replies(server, tmp_path):
    """A client that does not wait for replies is recorded all the same, in order."""
    given = actions("inbox/easy")
    with proxying(server.url, tmp_path) as proxy, proxy.socket() as through:
        reset = {"type": "reset", "data": {"task": "inbox/easy", "seed": 4}}
        for frame in (reset, *({"type": "step", "data": each} for each in given)):
            through.send(json.dumps(frame).encode())
        for _ in range(len(given) + 1):
            through.recv(timeout=30)
    ((_, stream),) = proxy.episodes()
    assert stream.digest == direct(f"{server.url}?task=inbox/easy", given, 4).digest


def test_a_reset_without_a_seed_can_be_played_again(server, tmp_path):
    """That there was none is part of the scenario, so live verification gives none either."""
    with proxying(server.url, tmp_path) as proxy, proxy.socket() as through:
        talk(through, "reset", {"task": "hard"})
        talk(through, "step", WAIT)
    ((info, stream),) = proxy.episodes()
    assert info.scenario == "openenv:refold/hard?seed=null"
    assert verify_live(stream, Worlds([f"openenv:{server.url}"])).verdict == "same"


def test_what_is_no_step_passes_unrecorded_and_is_told(server, tmp_path):
    """Odd frames get the server's replies, and are counted by what they are."""
    odd = ["no JSON", '{"type":"dance"}', json.dumps({"type": "step", "data": WAIT}), "[1]"]
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "observe"}}
    listing = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    with server.socket() as plain, proxying(server.url, tmp_path) as proxy:
        with proxy.socket() as through:
            for frame in odd:
                assert say(through, frame) == say(plain, frame)
            assert raw(through, "mcp", call) == raw(plain, "mcp", call)
            assert raw(through, "mcp", listing) == raw(plain, "mcp", listing)
            assert raw(through, "reset", {"task": "no"}) == raw(plain, "reset", {"task": "no"})
        with proxy.socket("/mcp") as through:
            say(through, json.dumps(listing))
    assert proxy.episodes() == []
    (summary,) = proxy.told[-1:]
    assert summary.startswith("0 episodes recorded; not recorded: ")
    assert "a frame that is none of OpenEnv (3)" in summary
    for told in ("a step outside of an episode", "a call of MCP", "a WebSocket of /mcp"):
        assert f"{told} (1)" in summary
    assert len(proxy.told) == 6


def test_a_client_that_vanishes_frees_its_session(tmp_path):
    """The server sees the end of the session at once; the episode stays open, as it may go on."""
    with serving.running(tmp_path, max_sessions=1) as small, proxying(small.url, tmp_path) as proxy:
        for seed in (1, 2):
            with proxy.socket() as through:
                while "CAPACITY" in raw(through, "reset", {"task": "hard", "seed": seed}):
                    pytest.fail("the session was not freed")
                talk(through, "step", WAIT)
                vanish(through)
            wait_until(lambda: has_no_session(small))
    assert [(info.seed, info.steps, info.ended) for info, _ in proxy.episodes()] == [
        (1, 1, None),
        (2, 1, None),
    ]


def wait_until(true):
    """Return when *true* is."""
    for _ in range(1000):
        if true():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never came true")


def has_no_session(running):
    """Return whether the server *running* has no open session."""
    return b"refold_sessions 0.0" in running.ask("GET", "/metrics").body


def test_a_server_that_dies_is_told_to_the_client_and_recorded(tmp_path):
    """The client's connection breaks as the server's did, and the episode is not counted."""

    def die(connection, frame, steps):
        vanish(connection) if steps == 2 else count(connection, frame, steps)

    with counting(die) as url, proxying(url, tmp_path) as proxy, proxy.socket() as through:
        talk(through, "reset", {"seed": 1})
        talk(through, "step", {"add": 1})
        with pytest.raises(ConnectionClosed, match="1011"):
            talk(through, "step", {"add": 1})
    ((info, stream),) = proxy.episodes()
    assert (info.reason, info.steps) == (INSTRUMENT_FAILED, 2)
    assert "connection to the server was lost" in stream.payloads[-3].decode()
    assert proxy.told == ["1 episode recorded"]


def test_a_failing_environment_ends_the_episode_as_openenv_would(tmp_path):
    """An error that is no refusal is a fault of the world, of the same digest as directly."""

    def fail(connection, frame, steps):
        connection.send(error("EXECUTION_ERROR")) if steps == 2 else count(connection, frame, steps)

    with counting(fail) as url, proxying(url, tmp_path) as proxy:
        with proxy.socket() as through:
            talk(through, "reset", {"seed": 0})
            for _ in range(3):
                talk(through, "step", {"add": 1})
        expected = direct(url, [{"add": 1}] * 2, 0)
    ((_, stream),) = proxy.episodes()
    assert stream.digest == expected.digest
    assert proxy.told[-1].endswith("not recorded: a step outside of an episode (1)")


def test_a_server_that_is_gone_is_a_bad_gateway(tmp_path):
    """Requests get 502 and a reason, as do handshakes."""
    with counting() as url:
        proxy = proxying(url, tmp_path)
        running = proxy.__enter__()
    try:
        reply = running.ask("POST", "/reset", {})
        assert (reply.status, "Connection refused" in reply.json["detail"]) == (502, True)
        with pytest.raises(InvalidStatus, match="502"), running.socket():
            pass
    finally:
        proxy.__exit__(None, None, None)


def test_the_servers_own_refusals_pass(tmp_path, monkeypatch):
    """A server that asks for a token gets the client's, and its 401 reaches the client."""
    monkeypatch.setenv("REFOLD_TOKEN", TOKEN)
    with serving.running(tmp_path, token=TOKEN) as locked, proxying(locked.url, tmp_path) as proxy:
        assert proxy.ask("POST", "/reset", {}).status == 401
        with pytest.raises(InvalidStatus) as refused, proxy.socket():
            pass
        assert refused.value.response.status_code == 401
        assert b"token" in refused.value.response.body
        known = {"Authorization": f"Bearer {TOKEN}"}
        with proxy.socket(additional_headers=known) as through:
            assert not talk(through, "reset", {"task": "hard", "seed": 1})["done"]
    assert [info.seed for info, _ in proxy.episodes()] == [1]


def test_pages_of_other_sites_stay_outside(server, tmp_path):
    """A name that was made to point here is refused, and a foreign origin stays foreign."""
    with proxying(server.url, tmp_path) as proxy:
        assert proxy.ask("GET", "/health", headers={"Host": "evil.example"}).status == 403
        origin = {"Origin": "http://evil.example"}
        assert proxy.ask("POST", "/reset", {}, origin).status == 403
        with pytest.raises(InvalidStatus, match="403"), proxy.socket(additional_headers=origin):
            pass
        assert proxy.ask("POST", "/reset", {}, {"Origin": proxy.url}).status == 200


def test_a_log_that_fails_disturbs_no_client(server, tmp_path, monkeypatch):
    """While another process holds the log, clients are served; what is missing is told."""
    monkeypatch.setattr("refold.engine.log.file.BUSY_SECONDS", 0.1)
    with proxying(server.url, tmp_path) as proxy:
        with proxy.socket() as through:
            talk(through, "reset", {"task": "inbox/easy", "seed": 1})
        # The server's first answer is written in a transaction after that of the beginning.
        wait_until(lambda: [len(stream) for _, stream in proxy.episodes()] == [2])
        holder = sqlite3.connect(proxy.log, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        with proxy.socket() as through:
            talk(through, "reset", {"task": "inbox/easy", "seed": 2})
            for action in actions("inbox/easy"):
                talk(through, "step", action)
        wait_until(lambda: proxy.told)
        holder.execute("ROLLBACK")
        holder.close()
        with proxy.socket() as through:
            talk(through, "reset", {"task": "inbox/easy", "seed": 3})
    assert [info.seed for info, _ in proxy.episodes()] == [1, 3]
    assert proxy.told[0].startswith("passed on, not recorded: an episode, since ")
    assert "expected the write lock within 0.1 s" in proxy.told[0]


def test_what_a_slow_log_cannot_take_is_told(server, tmp_path, monkeypatch):
    """An episode that misses a step ends there on record, and the client plays on."""
    monkeypatch.setattr(recording, "MOST_WAITING", 3)
    with proxying(server.url, tmp_path) as proxy, proxy.socket() as through:
        talk(through, "reset", {"task": "workflow/hard", "seed": 1})
        talk(through, "step", WAIT)
        wait_until(lambda: [info.steps for info, _ in proxy.episodes()] == [1])
        holder = sqlite3.connect(proxy.log, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        for _ in range(12):
            talk(through, "step", WAIT)
        holder.execute("ROLLBACK")
        holder.close()
        wait_until(lambda: proxy.told)
        talk(through, "step", WAIT)
    ((info, stream),) = proxy.episodes()
    assert 1 <= info.steps <= 5
    assert verify(stream) is None
    assert "the rest of an episode, since the log is too slow" in proxy.told[0]


def test_who_plays_is_a_claim(server, tmp_path):
    """The name that a client gives is marked if it could cost something."""
    with proxying(server.url, tmp_path, agent="mine") as proxy, proxy.socket() as through:
        for more in ({}, {"agent": "script:/etc/passwd"}, {"agent": "greedy"}):
            talk(through, "reset", {"task": "inbox/easy", "seed": 1, **more})
    found = proxy.episodes()
    assert [info.agent for info, _ in found] == ["mine", "network:script:/etc/passwd", "greedy"]
    assert [info.epoch for info, _ in found] == [0, 1, 2]
    assert len({stream.digest for _, stream in found}) == 1


def test_compressed_answers_are_read():
    """An answer in gzip passes as it is, and is recorded as what it holds."""
    body = gzip.compress(b'{"observation":{"x":1},"reward":null,"done":false}')
    sent = {"content-encoding": "gzip", "x-session-id": "s"}

    class Noting:
        def reset(self, *given):
            self.given = given

    noting = Noting()
    HttpSessions().record(noting, Exchange("/reset", "seed=3", b"", {}, 200, body, sent))
    session, arguments, reply = noting.given
    assert (session, arguments) == ("http s", {"seed": 3})
    assert reply.data["observation"] == {"x": 1}


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_program_with_all_on_record(server, tmp_path, number):
    """What was answered before the signal is in the log, and the program says how much."""
    command = [sys.executable, "-c", SCRIPT, "proxy", server.url, "--port", "0"]
    with subprocess.Popen(
        [*command, "--log", "p.db", "--name", "mine"], cwd=tmp_path, stderr=subprocess.PIPE
    ) as process:
        url = re.search(r"at (http\S+);", process.stderr.readline().decode()).group(1)
        with Running(url, tmp_path / "p.db").socket() as through:
            talk(through, "reset", {"task": "hard", "seed": 1})
            for _ in range(5):
                talk(through, "step", WAIT)
            process.send_signal(number)
            with pytest.raises(ConnectionClosed):
                through.recv(timeout=30)
        said = process.stderr.read().decode()
        assert process.wait(30) in (130, -signal.SIGTERM)
    assert "1 episode recorded" in said
    assert "Traceback" not in said
    with EventLog(tmp_path / "p.db", readonly=True) as log:
        assert [(info.run, info.steps) for info in log.episodes()] == [("mine", 5)]


def test_a_wrong_command_is_one_line(server, tmp_path):
    """No server, a taken port and a taken name are told before anything is served."""
    refold = Shell(tmp_path)
    refold.refuses("proxy http://127.0.0.1:9 --log log.db", match="got Connection refused")
    refold.refuses("proxy nowhere --log log.db", match="expected http://HOST:PORT")
    refold("record workflow/easy --agent random --name night --log log.db")
    refold.refuses(f"proxy {server.url} --log log.db --name night", match="expected a new name")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = f"proxy {server.url} --log log.db --port {port}"
        refold.refuses(refused, match="expected a free address")
