"""``refold proxy``: the process between OpenEnv clients and their server."""

from collections.abc import Callable

import uvicorn
from attrs import frozen
from starlette.types import ASGIApp, Receive, Scope, Send

from refold.engine import EventLog
from refold.environments.openenv_recording import Recorder
from refold.environments.openenv_servers import Server
from refold.server.app import LARGEST_HEAD, SHUTDOWN_SECONDS, AnnouncingServer, listen
from refold.server.http.access import is_loopback
from refold.server.proxy.headers import by_name
from refold.server.proxy.http import HttpProxy
from refold.server.proxy.recording import RecorderThread
from refold.server.proxy.sockets import SocketProxy

LARGEST_FRAME = 2**27
"""Bytes of a client's frame; OpenEnv's own clients take 100 MB."""


@frozen
class ProxySettings:
    """
    The settings of a proxy.

    Attributes:
        base: URL of the server, without a slash at its end.
        about: What it says of itself.
        log: Path of the log; created if missing.
        run: Name of the run that the episodes belong to.
        agent: Who plays, for the log.
        host: Address to listen on.
        port: Port to listen on; 0 for any free one.
    """

    base: str
    about: Server
    log: str
    run: str
    agent: str
    host: str = "127.0.0.1"
    port: int = 8001


def make_proxy(
    settings: ProxySettings, announce: Callable[[str], None], tell: Callable[[str], None]
) -> uvicorn.Server:
    """
    Return a configured proxy; call its ``run`` to serve.

    Args:
        settings: The proxy's settings.
        announce: Called with the base URL as soon as connections are accepted.
        tell: Called with what was not recorded, and in the end with what was, in words.

    Raises:
        RefoldError: The log cannot be opened.
    """
    # Opened here as well, so that a bad log is an error before the first client comes.
    EventLog(settings.log).close()

    def make_recorder(log: EventLog) -> Recorder:
        return Recorder(
            settings.base, settings.about, log, run=settings.run, agent=settings.agent, tell=tell
        )

    recorder = RecorderThread(settings.log, make_recorder, tell)
    config = uvicorn.Config(
        _make_app(settings, recorder),
        host=settings.host,
        port=settings.port,
        http="h11",
        h11_max_incomplete_event_size=LARGEST_HEAD,
        ws="websockets-sansio",
        ws_max_size=LARGEST_FRAME,
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        access_log=False,
        # The answers are the server's: these headers too.
        server_header=False,
        date_header=False,
        log_level="warning",
    )
    return AnnouncingServer(config, announce)


def serve_proxy(
    settings: ProxySettings, announce: Callable[[str], None], tell: Callable[[str], None]
) -> None:
    """
    Serve until SIGINT or SIGTERM, then record what has passed and close the log.

    Raises:
        RefoldError: As ``make_proxy``, or the address is taken.
    """
    listener = listen(settings.host, settings.port)
    try:
        server = make_proxy(settings, announce, tell)
    except BaseException:
        listener.close()
        raise
    server.run(sockets=[listener])


def _make_app(settings: ProxySettings, recorder: RecorderThread) -> ASGIApp:
    http = HttpProxy(settings.base, recorder)
    sockets = SocketProxy(settings.base, recorder)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(recorder, receive, send)
        elif not _is_known(scope, settings.host):
            await _deny(scope, receive, send)
        elif scope["type"] == "websocket":
            await sockets(scope, receive, send)
        else:
            await http(scope, receive, send)

    return app


def _is_known(scope: Scope, host: str) -> bool:
    """
    Return whether a request names this machine, where only this machine is served.

    A page of another site could otherwise have its own name point here, and read what it likes.
    """
    name = by_name(scope["headers"]).get("host", "").lower()
    name = name.partition("]")[0] if name.startswith("[") else name.partition(":")[0]
    return not is_loopback(host) or is_loopback(name.strip("["))


async def _deny(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
    kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    body = b"host: expected a name of this machine, got another"
    headers = [(b"content-type", b"text/plain")]
    await send({"type": f"{kind}.start", "status": 403, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})


async def _live(recorder: RecorderThread, receive: Receive, send: Send) -> None:
    """Record from startup to shutdown: uvicorn's process may end right after."""
    await receive()
    recorder.start()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    recorder.close()
    await send({"type": "lifespan.shutdown.complete"})
