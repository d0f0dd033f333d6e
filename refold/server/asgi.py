"""The server as one ASGI application: HTTP by FastAPI, WebSockets beside it, a guard before."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Response
from fastapi.exceptions import RequestValidationError

from refold.engine import EventLog, RefoldError
from refold.server.context import Context
from refold.server.http import login
from refold.server.http.bodies import failed, malformed, not_allowed, refused
from refold.server.http.guard import App, Guard, Receive, Scope, Send
from refold.server.http.openapi import complete
from refold.server.http.rate_limits import Buckets
from refold.server.http.request_session import Server
from refold.server.metrics import Metrics
from refold.server.openenv import http_api, task_api
from refold.server.openenv.mcp import JsonRpc
from refold.server.openenv.mcp_socket import RpcSocket
from refold.server.openenv.websocket import Endpoint
from refold.server.routes import episodes, manual_play, pages, runs, standings
from refold.server.sessions.catalogue import catalogue
from refold.server.sessions.runner import Play
from refold.server.sessions.store import SessionStore
from refold.server.settings import Settings

REAP_SECONDS = 15.0

_words = logging.getLogger("refold.server")


def make_app(settings: Settings) -> App:
    """
    Return the server for *settings*; the log is opened when it starts, not before.

    Raises:
        RefoldError: A scenario of the settings cannot be used.
    """
    metrics = Metrics()
    buckets = Buckets(settings.rate, time.monotonic)
    served = catalogue(settings.scenarios, settings.default)
    sockets: dict[str, App] = {}

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with EventLog(settings.log, durable=settings.durable) as log:
            play = Play(log, served)
            store = SessionStore(
                settings.max_sessions,
                settings.client_sessions or settings.max_sessions,
                settings.idle_timeout,
                time.monotonic,
            )
            rpc = JsonRpc(play, store)
            app.state.context = Context(settings, log, play, store, metrics)
            app.state.rpc = rpc
            _watch(metrics, play, store)
            pause, largest = buckets.wait, settings.largest_body
            sockets["/ws"] = Endpoint(play, store, rpc, largest, pause, metrics.refused)
            sockets["/mcp"] = RpcSocket(store, rpc, largest, pause)
            async with _reaping(store):
                yield
        _words.info("log closed")

    http = _http(lifespan, served.families, token=settings.token is not None)

    async def site(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await http(scope, receive, send)
        elif scope["path"] in sockets:
            await sockets[scope["path"]](scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    return Guard(site, settings, buckets, metrics)


def _http(lifespan: Any, families: Any, *, token: bool) -> FastAPI:
    """Return the HTTP side: all routers, the errors, and the document that tells of them."""
    app = FastAPI(
        title="refold",
        version=f"1.{version('refold')}",
        description="An OpenEnv environment server with every episode on record.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        exception_handlers={
            RefoldError: refused,
            RequestValidationError: malformed,
            Exception: failed,
            405: not_allowed,
        },
        redirect_slashes=False,
    )

    @app.get("/metrics", include_in_schema=False)
    async def figures(context: Server) -> Response:
        return Response(context.metrics.text(), media_type="text/plain; version=0.0.4")

    for each in (pages, http_api, episodes, manual_play, runs, standings, task_api, login):
        app.include_router(each.router)
    made = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = complete(made(), families, token=token)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # as FastAPI's documents say
    return app


@asynccontextmanager
async def _reaping(store: SessionStore) -> AsyncIterator[None]:
    """Drop idle sessions for as long as it lasts."""
    reaper = asyncio.create_task(_reap(store))
    try:
        yield
    finally:
        reaper.cancel()
        with suppress(asyncio.CancelledError):
            await reaper


async def _reap(store: SessionStore) -> None:
    while True:
        await asyncio.sleep(min(REAP_SECONDS, max(0.05, store.idle_timeout / 4)))
        store.reap()


def _watch(metrics: Metrics, play: Play, store: SessionStore) -> None:
    metrics.watch(
        lambda: {"sessions": len(store), "sessions_most": store.most},
        lambda: {
            "episodes_started": play.counts.started,
            "episodes_ended": play.counts.ended,
            "steps": play.counts.steps,
            "sessions_dropped": store.dropped,
        },
    )
