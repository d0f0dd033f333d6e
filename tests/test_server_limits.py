import socket
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from serving import running

from refold.server.app import LARGEST_HEAD

HEAD = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"


def connected(server):
    """Return a connection to *server*."""
    where = urlsplit(server.url)
    return socket.create_connection((where.hostname, where.port), timeout=20)


def test_a_head_without_end_is_cut_off(tmp_path):
    """Long before it fills the memory, and others are served all the while."""
    with running(tmp_path) as server, connected(server) as connection:
        connection.sendall(HEAD)
        with pytest.raises(ConnectionError):
            connection.sendall((b"x-more: %s\r\n" % (b"y" * 8000)) * 5000)
        assert server.get("/health") == {"status": "healthy"}


def test_a_head_just_below_the_limit_is_served(tmp_path):
    """Large cookies and tokens are no attack."""
    with running(tmp_path) as server, connected(server) as connection:
        filler = b"x-more: %s\r\n" % (b"y" * (LARGEST_HEAD - 1000))
        connection.sendall(HEAD + filler + b"\r\n")
        assert b"200 OK" in connection.recv(4096)


def test_a_silent_connection_is_closed_after_an_answer(tmp_path, monkeypatch):
    """So is one whose request had a body that the answer did not wait for."""
    monkeypatch.setattr("refold.server.app.IDLE_SECONDS", 0.5)
    refused = HEAD.replace(b"health", b"tasks") + b"Content-Length: 10\r\n\r\n"
    with running(tmp_path, token="x" * 20) as server:
        for head, status in ((HEAD + b"\r\n", b"200"), (refused, b"401")):
            with connected(server) as connection:
                connection.sendall(head)
                assert status in connection.recv(4096)
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


def test_who_takes_time_over_a_body_or_a_session_is_served(tmp_path, monkeypatch):
    """Both may be silent for longer than a connection that has its answer."""
    monkeypatch.setattr("refold.server.app.IDLE_SECONDS", 0.5)
    with running(tmp_path) as server, connected(server) as connection, server.socket() as session:
        connection.sendall(b"POST /reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{")
        with connected(server) as other:  # as long as it takes to be turned away
            other.sendall(HEAD + b"\r\n")
            while other.recv(4096):
                pass
        connection.sendall(b"}")
        assert b"200 OK" in connection.recv(4096)
        session.ping().wait(10)
