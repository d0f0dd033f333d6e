"""What clients, proxies and process managers do that a server must live with."""

import json
import os
import re
import socket
import subprocess
import sys
from contextlib import suppress
from http.client import RemoteDisconnected
from urllib.parse import urlsplit

import pytest
import serving
from serving import running, talk

from refold.server.app import count_workers
from refold.server.http.access import check_access
from refold.server.settings import ServerSettings

server = serving.server

TOKEN = "a-token-of-some-length"  # noqa: S105 - of a test


def connected(server):
    """Return a connection to *server*."""
    where = urlsplit(server.url)
    return socket.create_connection((where.hostname, where.port), timeout=20)


def test_a_client_that_leaves_in_the_middle_of_a_body(tmp_path, capfd):
    """It is counted as 499 and logged in one line; nothing else is said, and others are served."""
    with running(tmp_path, access_log=True) as server:
        with connected(server) as connection:
            connection.sendall(
                b"POST /reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{"
            )
        counted = ""
        for _ in range(1000):  # until the server has seen the end of the connection
            counted = server.ask("GET", "/metrics").body.decode()
            if '"499"' in counted:
                break
        assert 'status="499"' in counted
        assert 'status="500"' not in counted
    said = capfd.readouterr().err
    assert "Traceback" not in said
    lines = [json.loads(line) for line in said.splitlines()]
    assert [line["path"] for line in lines if line["status"] == 499] == ["/reset"]


@pytest.mark.parametrize("path", ["/health", "/", "/tasks", "/episodes", "/viewer/site.css"])
def test_head(server, path):
    """It is answered as GET is, without the body."""
    get, head = server.ask("GET", path), server.ask("HEAD", path)
    assert head.status == get.status == 200
    assert head.body == b""
    assert head.headers["content-type"] == get.headers["content-type"]
    assert head.headers["content-length"] == str(len(get.body))


def test_head_where_there_is_no_get(server):
    """It is 405; Allow lists it where it is answered."""
    assert server.ask("HEAD", "/reset").status == 405
    assert server.ask("PUT", "/tasks").headers["allow"] == "GET, HEAD"


def test_a_head_that_arrives_slowly_is_cut_off(tmp_path, monkeypatch):
    """So is a connection that sends nothing, and one that begins a second request and stops."""
    monkeypatch.setattr("refold.server.http.connections.HEAD_SECONDS", 0.3)
    whole = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with running(tmp_path) as server:
        for earlier, begun in ((b"", b""), (b"", whole[:9]), (whole, whole[:9])):
            with connected(server) as connection:
                if earlier:
                    connection.sendall(earlier)
                    assert b"200 OK" in connection.recv(4096)
                connection.sendall(begun)
                while connection.recv(4096):
                    pass
        with server.socket() as session:
            with connected(server) as other:
                while other.recv(4096):
                    pass
            assert talk(session, "reset", {})["done"] is False


def test_one_address_of_a_public_server(tmp_path):
    """It gets half of the sessions, unless told otherwise; on a private server it may have all."""
    assert ServerSettings(public=True, max_sessions=10).session_limit == 5
    assert ServerSettings(public=True, max_sessions=1).session_limit == 1
    assert ServerSettings(public=True, client_sessions=8, max_sessions=10).session_limit == 8
    assert ServerSettings(public=True, token=TOKEN, max_sessions=10).session_limit == 10
    assert ServerSettings().connection_limit == 0
    with (
        running(tmp_path, public=True, max_sessions=2) as server,
        server.socket() as mine,
        server.socket() as another,
    ):
        assert talk(mine, "reset", {})["done"] is False
        assert json.loads(another.recv(timeout=30))["data"]["code"] == "CAPACITY_REACHED"


def test_a_full_log(tmp_path):
    """No new episode begins, however it is asked for; the running one goes on to its end."""
    with running(tmp_path, log_limit=0.25) as server, server.socket() as session:
        talk(session, "reset", {"task_id": "inbox/easy", "episode_id": "running"})
        for _ in range(1000):
            reply = server.ask("POST", "/run", {"task": "inbox/easy", "episodes": 10})
            if reply.status != 200:
                break
        assert reply.status == 507
        assert re.match(r"log: expected less than its limit of 0.25 MB", reply.json["detail"])
        for path, body in (
            ("/reset", {}),
            ("/api/episodes", {}),
            ("/grader", {"agent": "noop"}),
            ("/episodes/running/fork", {"at": 0}),
        ):
            assert server.ask("POST", path, body).status == 507
        assert talk(session, "reset", {})["message"].startswith("log: expected less")
        assert [talk(session, "step", {"type": "archive"})["done"] for _ in range(3)][-1]


def test_logins_have_a_brake(tmp_path):
    """After ten wrong tokens the right one is refused as well, for a while; a header is not."""
    with running(tmp_path, token=TOKEN) as server:
        statuses = [server.ask("POST", "/login", {"token": "x"}).status for _ in range(11)]
        assert statuses == [401] * 10 + [429]
        refused = server.ask("POST", "/login", {"token": TOKEN})
        assert (refused.status, refused.headers["retry-after"]) == (429, "60")
        assert "set-cookie" not in refused.headers
        server.get("/tasks", Authorization=f"Bearer {TOKEN}")


def head(**headers):
    """Return the head of a POST that came through a proxy on this machine."""
    given = {"host": "127.0.0.1:8000", "origin": "https://own.example", **headers}
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()]
    scope = {"type": "http", "method": "POST", "path": "/reset", "headers": pairs}
    return {**scope, "server": ("127.0.0.1", 8000)}


def test_a_proxy_that_puts_its_own_name_into_host():
    """The page's name counts if the proxy or the browser tells it and it is one of ours."""
    ours = ServerSettings(hosts=("own.example",))
    assert check_access(head(), ours).status == 403
    assert check_access(head(sec_fetch_site="same-origin"), ours) is None
    assert check_access(head(x_forwarded_host="own.example"), ours) is None
    assert check_access(head(x_forwarded_host="other.example"), ours).status == 403
    assert check_access(head(sec_fetch_site="cross-site"), ours).status == 403
    assert check_access(head(sec_fetch_site="same-site"), ours).status == 403
    # A name that was made to point to the proxy is none of ours.
    for way in ({"sec_fetch_site": "same-origin"}, {"x_forwarded_host": "own.example"}):
        assert check_access(head(**way), ServerSettings()).status == 403


def test_a_prefix(server):
    """The page finds its files below the prefix that a proxy tells of; no other text gets in."""
    plain = server.ask("GET", "/")
    assert b"<base" not in plain.body
    assert "base-uri 'none'" in plain.headers["content-security-policy"]
    below = server.ask("GET", "/", headers={"X-Forwarded-Prefix": "/tools/refold"})
    assert b'<base href="/tools/refold/">' in below.body
    assert "base-uri 'self'" in below.headers["content-security-policy"]
    for other in ('/"><script>', "//evil.example", "/a//b", "https://evil.example", "a"):
        reply = server.ask("GET", "/", headers={"X-Forwarded-Prefix": other})
        assert b"<base" not in reply.body


@pytest.mark.parametrize(
    ("arguments", "environment", "workers"),
    [
        (["uvicorn", "refold.server.app:app"], {}, 1),
        (["uvicorn", "refold.server.app:app", "--workers", "2"], {}, 2),
        (["gunicorn", "--workers=3", "refold.server.app:app"], {}, 3),
        (["uvicorn", "refold.server.app:app", "--workers", "1"], {"WEB_CONCURRENCY": "4"}, 1),
        (["uvicorn", "refold.server.app:app"], {"WEB_CONCURRENCY": "4"}, 4),
        (["uvicorn", "--workers"], {"WEB_CONCURRENCY": "many"}, 1),
    ],
)
def test_workers_that_were_asked_for(arguments, environment, workers):
    """They are read as uvicorn and gunicorn read them."""
    assert count_workers(arguments, environment) == workers


@pytest.mark.slow
def test_several_workers_are_refused(tmp_path):
    """With one line each and an exit, not an answer now and then that the session is gone."""
    command = [sys.executable, "-m", "uvicorn", "refold.server.app:app", "--workers", "2"]
    environment = {**os.environ, "REFOLD_LOG": str(tmp_path / "log.db")}
    done = subprocess.run(
        [*command, "--port", "0"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
    )
    assert "server: expected one worker, got 2: sessions live in one process" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "log.db").exists()


def test_the_access_log_is_plain(tmp_path, capfd):
    """Whatever stands in a path, each request is one line of ASCII without control characters."""
    paths = ["/a%1b%5b2J", "/b%0a{}", "/c%c2%9b", "/d%e2%80%ae", "/e%e2%80%a8"]
    with running(tmp_path, access_log=True) as server:
        for path in paths:
            server.ask("GET", path)
    said = capfd.readouterr().err
    assert said.isascii()
    assert said.replace("\n", "").isprintable()
    found = [json.loads(line)["path"] for line in said.splitlines()]
    assert found == ["/a\x1b[2J", "/b\n{}", "/c\x9b", "/d\u202e", "/e\u2028"]


def test_connections_of_one_address(tmp_path, monkeypatch):
    """On a public server one may hold a few beside its sessions; what is more is cut off."""
    monkeypatch.setattr("refold.server.settings.CLIENT_SPARE_CONNECTIONS", 2)
    monkeypatch.setattr("refold.server.http.connections.is_loopback", lambda address: False)
    with running(tmp_path, public=True, max_sessions=2) as server:
        held = [connected(server) for _ in range(3)]
        with connected(server) as refused, suppress(ConnectionResetError):
            assert refused.recv(4096) == b""
        held.pop().close()
        for _ in range(1000):  # until the server has seen that it was closed
            try:
                assert server.get("/health") == {"status": "healthy"}
                break
            except (ConnectionError, RemoteDisconnected):
                continue
        else:
            pytest.fail("expected room for another connection, got none")
        for each in held:
            each.close()
