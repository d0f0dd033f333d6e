"""
The whole server as one ASGI application.

HTTP goes through FastAPI, WebSockets go straight to their endpoints, and the access guard stands
in front of both. The log has one writer, which lives on the event loop's thread.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI, Response
from fastapi.exceptions import RequestValidationError
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from refold.engine import EventLog, RefoldError
from refold.release import RELEASE
from refold.server.context import ServerContext
from refold.server.http import browser_login
from refold.server.http.error_responses import (
    respond_to_disconnect,
    respond_to_fault,
    respond_to_invalid_request,
    respond_to_refold_error,
    respond_to_wrong_method,
)
from refold.server.http.guard import AccessGuard
from refold.server.http.openapi import complete_document
from refold.server.http.rate_limits import RateLimiter
from refold.server.http.request_session import ContextDep
from refold.server.metrics import ServerMetrics
from refold.server.openenv import http_api, task_api
from refold.server.openenv.mcp import RpcDispatcher
from refold.server.openenv.mcp_http import McpEndpoint
from refold.server.openenv.mcp_socket import RpcSocket
from refold.server.openenv.websocket import EnvironmentSocket
from refold.server.routes import (
    episode_list,
    forks,
    labels,
    manual_play,
    overviews,
    pages,
    runs,
    saved_episodes,
    standings,
)
from refold.server.sessions.runner import SessionRunner
from refold.server.sessions.store import SessionStore
from refold.server.sessions.tasks import load_catalogue
from refold.server.settings import ServerSettings

IDLE_CHECK_SECONDS = 15.0
"""Longest pause between two searches for idle sessions."""

_ROUTERS = (
    pages.router,
    http_api.router,
    episode_list.router,
    saved_episodes.router,
    manual_play.router,
    labels.router,
    runs.router,
    overviews.router,
    forks.router,
    standings.router,
    task_api.router,
    browser_login.router,
)
"""In the order of the OpenAPI document."""

_logger = logging.getLogger("refold.server")


def make_app(settings: ServerSettings) -> ASGIApp:
    """
    Return the server for *settings*; the log is opened at startup, not here.

    Raises:
        RefoldError: A scenario of the settings cannot be loaded.
    """
    metrics = ServerMetrics()
    limiter = RateLimiter(settings.rate_limit, time.monotonic)
    catalogue = load_catalogue(settings.scenarios, settings.default_task)
    # Filled at startup: the sockets need the log's writer, which must be opened on that thread.
    sockets: dict[str, ASGIApp] = {}

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with EventLog(settings.log, durable=settings.durable) as log:
            runner = SessionRunner(log, catalogue, log_limit=settings.log_limit)
            store = _make_store(settings)
            rpc = RpcDispatcher(runner, store)
            app.state.context = ServerContext(settings, log, runner, store, metrics)
            app.state.rpc = rpc
            app.state.failed_logins = RateLimiter(
                browser_login.FAILED_LOGINS, lambda: time.monotonic() / 60
            )
            app.state.mcp = McpEndpoint(runner, store)
            _add_figures(metrics, runner, store)
            delay, largest_frame = limiter.delay, settings.largest_body
            sockets["/ws"] = EnvironmentSocket(
                runner, store, rpc, largest_frame, delay, metrics.count_error_frame
            )
            sockets["/mcp"] = RpcSocket(store, rpc, largest_frame, delay)
            async with _dropping_idle_sessions(store):
                yield
        _logger.info("log closed")

    http = _make_http_app(lifespan, catalogue.families, token=settings.token is not None)

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await http(scope, receive, send)
        elif scope["path"] in sockets:
            # Past FastAPI: plain ASGI costs least per frame, and a step is one frame.
            await sockets[scope["path"]](scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    return AccessGuard(dispatch, settings, limiter, metrics)


def _make_store(settings: ServerSettings) -> SessionStore:
    return SessionStore(
        settings.max_sessions,
        settings.session_limit,
        settings.idle_timeout,
        time.monotonic,
    )


def _make_http_app(lifespan: Any, families: Any, *, token: bool) -> FastAPI:
    """Return the FastAPI application: all routers, error responses, and the OpenAPI document."""
    app = FastAPI(
        title="refold",
        version=f"1.{RELEASE}",
        description="An OpenEnv environment server with every episode on record.",
        lifespan=lifespan,
        # FastAPI's documentation pages load scripts from a CDN, which our CSP forbids.
        docs_url=None,
        redoc_url=None,
        exception_handlers={
            RefoldError: respond_to_refold_error,
            RequestValidationError: respond_to_invalid_request,
            ClientDisconnect: respond_to_disconnect,
            Exception: respond_to_fault,
            405: respond_to_wrong_method,
        },
        redirect_slashes=False,
    )

    @app.get("/metrics", include_in_schema=False)
    async def render_metrics(context: ContextDep) -> Response:
        return Response(context.metrics.render(), media_type="text/plain; version=0.0.4")

    for router in _ROUTERS:
        app.include_router(router)
    make_document = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = complete_document(make_document(), families, token=token)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # as FastAPI's documentation does it
    return app


@asynccontextmanager
async def _dropping_idle_sessions(store: SessionStore) -> AsyncIterator[None]:
    """Drop idle sessions in the background while the context is open."""
    task = asyncio.create_task(_drop_idle_sessions(store))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _drop_idle_sessions(store: SessionStore) -> None:
    while True:
        # A quarter of the timeout bounds how late a session goes, even when the timeout is short.
        await asyncio.sleep(min(IDLE_CHECK_SECONDS, max(0.05, store.idle_timeout / 4)))
        store.drop_idle()


def _add_figures(metrics: ServerMetrics, runner: SessionRunner, store: SessionStore) -> None:
    metrics.add_figures(
        lambda: {"sessions": len(store), "sessions_most": store.limit},
        lambda: {
            "episodes_started": runner.counts.started,
            "episodes_ended": runner.counts.ended,
            "steps": runner.counts.steps,
            "sessions_dropped": store.dropped,
        },
    )
