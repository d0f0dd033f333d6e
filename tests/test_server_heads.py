import socket
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from serving import running

HEAD = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Return a server that waits for a head for a short time only."""
    monkeypatch.setattr("refold.server.http.heads.HEAD_SECONDS", 0.5)
    with running(tmp_path) as server:
        yield server


def connected(server):
    """Return a connection to *server*."""
    where = urlsplit(server.url)
    return socket.create_connection((where.hostname, where.port), timeout=20)


@pytest.mark.parametrize("sent", [b"", HEAD, HEAD[:5]], ids=["nothing", "no end", "a word"])
def test_a_head_that_does_not_come_is_not_waited_for(server, sent):
    """The connection is closed, without an answer."""
    with connected(server) as connection:
        connection.sendall(sent)
        assert connection.recv(100) == b""


def test_neither_is_a_second_head(server):
    """After an answer the same holds for the next request on the connection."""
    with connected(server) as connection:
        connection.sendall(HEAD + b"\r\n")
        assert b"200 OK" in connection.recv(4096)
        connection.sendall(HEAD)
        while rest := connection.recv(4096):
            assert b"HTTP" not in rest


def test_a_head_without_end_is_cut_off(tmp_path):
    """Long before it fills the memory, and others are served all the while."""
    with running(tmp_path) as server, connected(server) as connection:
        connection.sendall(HEAD)
        with pytest.raises(ConnectionError):
            connection.sendall((b"x-more: %s\r\n" % (b"y" * 8000)) * 5000)
        assert server.get("/health") == {"status": "healthy"}


def test_a_body_that_nobody_asked_for_is_not_waited_for(tmp_path, monkeypatch):
    """What follows an answer that needed no body keeps no connection open."""
    monkeypatch.setattr("refold.server.http.heads.HEAD_SECONDS", 0.5)
    with running(tmp_path, token="x" * 20) as server, connected(server) as connection:
        connection.sendall(HEAD.replace(b"health", b"tasks") + b"Content-Length: 10\r\n\r\n")
        assert b"401" in connection.recv(4096)
        connection.sendall(b"1")
        while connection.recv(4096):
            pass


def test_a_body_letter_by_letter_is_cut_off(tmp_path, monkeypatch):
    """Its time is that of the whole body, however often a letter comes."""
    monkeypatch.setattr("refold.server.http.guard.BODY_SECONDS", 0.5)
    with running(tmp_path) as server, connected(server) as connection:
        connection.sendall(b"POST /reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n")
        connection.settimeout(0.1)
        answer = b""
        for _ in range(100):
            connection.sendall(b" ")
            with suppress(TimeoutError):
                answer = connection.recv(100)
                break
        assert b"408" in answer


def test_who_takes_time_over_anything_else_is_served(server):
    """A body may come later than a head, and a session may be silent."""
    with connected(server) as connection, server.socket() as session:
        connection.sendall(b"POST /reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{")
        with connected(server) as other:  # as long as it takes to be turned away
            assert other.recv(100) == b""
        connection.sendall(b"}")
        assert b"200 OK" in connection.recv(4096)
        session.ping().wait(10)
