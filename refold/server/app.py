"""
The server to start: ``refold.server.app:app`` for any ASGI server, ``main`` for a process.

Both are set up by the environment; `refold serve` takes options.
"""

import sys
from collections.abc import Callable
from socket import AF_INET, AF_INET6, create_server, socket

import uvicorn

from refold.engine import EventLog, RefoldError
from refold.server.application import make_app
from refold.server.http.access import is_loopback
from refold.server.http.guard import App
from refold.server.settings import Settings

GRACE_SECONDS = 10
CONNECTIONS_BESIDE_SESSIONS = 256
IDLE_SECONDS = 30
"""How long a connection is kept open after an answer, if no further request comes."""
LARGEST_HEAD = 2**16
PING_SECONDS = 30.0
PONG_SECONDS = 300.0
"""Long, for clients that compute for minutes without looking at their connection."""


def check_exposure(settings: Settings) -> None:
    """
    Check that the server is not open to other machines by accident.

    Raises:
        RefoldError: It would be.
    """
    if not (is_loopback(settings.host) or settings.token or settings.public):
        raise RefoldError(
            f"--host {settings.host}: expected --token, or --public to let everybody in, got "
            "neither; or leave out --host to serve this machine only"
        )


def make_server(settings: Settings, listening: Callable[[str], None]) -> uvicorn.Server:
    """
    Return a server that is ready to ``run``.

    Args:
        settings: How it is set up.
        listening: Called with the address once connections are taken.

    Raises:
        RefoldError: The settings cannot be used.
    """
    check_exposure(settings)
    config = uvicorn.Config(
        make_app(settings),
        host=settings.host,
        port=settings.port,
        http="h11",  # httptools takes a request head of any size
        h11_max_incomplete_event_size=LARGEST_HEAD,
        ws="websockets-sansio",
        ws_max_size=2 * settings.largest_body,
        ws_per_message_deflate=False,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PONG_SECONDS,
        limit_concurrency=settings.max_sessions + CONNECTIONS_BESIDE_SESSIONS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=IDLE_SECONDS,
        access_log=False,
        server_header=False,
        log_level="warning",
    )
    return _Server(config, listening)


def serve(settings: Settings, *, listening: Callable[[str], None] = lambda url: None) -> None:
    """
    Serve until SIGINT or SIGTERM; then end what is under way, and close the log.

    Raises:
        RefoldError: The settings cannot be used, or the address cannot be had.
    """
    server = make_server(settings, listening)
    EventLog(settings.log, durable=settings.durable).close()  # so that a mistake is told now
    family = AF_INET6 if ":" in settings.host else AF_INET
    try:
        listener = create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        raise RefoldError(
            f"--host {settings.host} --port {settings.port}: expected a free address of this "
            f"machine, got {error.strerror or error}"
        ) from None
    server.run(sockets=[listener])


class _Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[str], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            self._listening(f"http://{f'[{host}]' if ':' in host else host}:{port}")


def main() -> None:
    """Serve as the environment says, and exit."""
    try:
        serve(Settings.from_environment())
    except RefoldError as error:
        print(f"server: {error}", file=sys.stderr)
        sys.exit(2)


def __getattr__(name: str) -> App:
    """Return ``app``, made when it is first asked for."""
    if name != "app":
        raise AttributeError(name)
    globals()["app"] = make_app(Settings.from_environment())
    made: App = globals()["app"]
    return made


if __name__ == "__main__":
    main()
