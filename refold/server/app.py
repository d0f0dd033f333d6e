"""
The OpenEnv server as a process: ``refold.server.app:app`` for any ASGI server, ``main`` for ours.

Both read their settings from environment variables; ``refold serve`` passes options instead.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from socket import AF_INET, AF_INET6, create_server, socket

import uvicorn
from starlette.types import ASGIApp

from refold.engine import EventLog, RefoldError
from refold.engine.terminal_text import safe_text
from refold.server.asgi import make_app
from refold.server.http.access import is_loopback
from refold.server.http.connections import make_protocol
from refold.server.settings import ServerSettings

BOOT_FAILED = 3
"""Exit code of a worker that will never start, with uvicorn and gunicorn: it is not tried again."""
SHUTDOWN_SECONDS = 10
"""How long requests in flight may take to finish once the server is told to stop."""
# Pages, health checks and API calls need connections even when every session holds a WebSocket.
SPARE_CONNECTIONS = 256
IDLE_SECONDS = 30
"""How long a connection is kept open after an answer, if no further request comes."""
LARGEST_HEAD = 2**16
"""Bytes that the head of a request may have."""
PING_SECONDS = 30.0
# Training clients compute for minutes without reading their socket, so a pong may take long.
PONG_SECONDS = 300.0


def check_exposure(settings: ServerSettings) -> None:
    """
    Check that the server is not open to other machines by accident.

    Raises:
        RefoldError: It listens beyond this machine, with neither a token nor ``public``; or it
            labels as somebody, and anybody could.
    """
    if settings.label_as is not None and settings.is_open:
        raise RefoldError(
            f"--label-as {settings.label_as}: expected --token beside --public, got none; with it, "
            "nobody else can label in that name"
        )
    if not (is_loopback(settings.host) or settings.token or settings.public):
        raise RefoldError(
            f"--host {settings.host}: expected --token, or --public to let everybody in, got "
            "neither; or leave out --host to serve this machine only"
        )


def make_server(settings: ServerSettings, announce: Callable[[str], None]) -> uvicorn.Server:
    """
    Return a configured server; call its ``run`` to serve.

    Args:
        settings: The server's settings.
        announce: Called with the base URL as soon as connections are accepted.

    Raises:
        RefoldError: The settings are unsafe, or a scenario cannot be loaded.
    """
    check_exposure(settings)
    config = uvicorn.Config(
        make_app(settings),
        host=settings.host,
        port=settings.port,
        # On h11, as httptools takes a request head of any size.
        http=make_protocol(settings.connection_limit),
        h11_max_incomplete_event_size=LARGEST_HEAD,
        ws="websockets-sansio",
        # Beyond our own limit, so that a frame over it gets an error and keeps its connection.
        ws_max_size=2 * settings.largest_body,
        # Compression would cost CPU time at every step.
        ws_per_message_deflate=False,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PONG_SECONDS,
        limit_concurrency=settings.max_sessions + SPARE_CONNECTIONS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        timeout_keep_alive=IDLE_SECONDS,
        # The access guard writes its own log as JSON, and no header names the software.
        access_log=False,
        server_header=False,
        log_level="warning",
    )
    return AnnouncingServer(config, announce)


def serve(settings: ServerSettings, *, announce: Callable[[str], None] = lambda url: None) -> None:
    """
    Serve until SIGINT or SIGTERM, then finish the requests in flight and close the log.

    Raises:
        RefoldError: The settings are unsafe, the log cannot be opened, or the address is taken.
    """
    server = make_server(settings, announce)
    listener = listen(settings.host, settings.port)
    # Opened here as well, so that a bad log is one clear error; after the address is known to be
    # free, so that a server that cannot start leaves no new log behind.
    try:
        EventLog(settings.log, durable=settings.durable).close()
    except RefoldError:
        listener.close()
        raise
    server.run(sockets=[listener])


def listen(host: str, port: int) -> socket:
    """
    Return a socket that listens at *host* and *port*.

    Raises:
        RefoldError: The address is taken, or none of this machine.
    """
    # uvicorn would exit the process on a taken port; bound here, it is an error like any other.
    family = AF_INET6 if ":" in host else AF_INET
    try:
        return create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise RefoldError(
            f"--host {host} --port {port}: expected a free address of this machine, "
            f"got {error.strerror or error}"
        ) from None


class AnnouncingServer(uvicorn.Server):
    """A server that reports its base URL once it accepts connections."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[str], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Start, and report the URL."""
        await super().startup(sockets)
        if self.started:
            # Asked of the socket: with port 0, only the system knows which port it is.
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            self._announce(f"http://{f'[{host}]' if ':' in host else host}:{port}")


def main() -> None:
    """Serve with settings from the environment, then exit; 2 if they cannot be used."""
    try:
        serve(ServerSettings.from_environment())
    except RefoldError as error:
        print(safe_text(f"server: {error}"), file=sys.stderr)
        sys.exit(2)


def count_workers(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Return the workers that the ASGI server was asked for by its command line, 1 if unknown."""
    found = environment.get("WEB_CONCURRENCY", "")
    for option, value in zip(arguments, [*arguments[1:], ""], strict=True):
        name, _, joined = option.partition("=")
        if name == "--workers":
            found = joined or value
    return int(found) if found.isdigit() else 1


def __getattr__(name: str) -> ASGIApp:
    """Return the ASGI application ``app``, made at its first use."""
    # Not made on import: a bad environment variable would then break `refold serve` as well.
    if name != "app":
        raise AttributeError(name)
    if (workers := count_workers(sys.argv, os.environ)) > 1:
        print(
            f"server: expected one worker, got {workers}: sessions live in one process, and it is "
            "the log's only writer",
            file=sys.stderr,
        )
        sys.exit(BOOT_FAILED)
    app: ASGIApp = make_app(ServerSettings.from_environment())
    globals()["app"] = app
    return app


if __name__ == "__main__":
    main()
