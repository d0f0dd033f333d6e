"""The login of browsers: a cookie that takes the place of the token."""

from fastapi import APIRouter, Request, Response
from msgspec import Struct

from refold.server.http.access import (
    LOGIN_COOKIE,
    client_address,
    login_cookie_value,
    tokens_match,
)
from refold.server.http.bodies import JsonResponse, get_text
from refold.server.http.openapi import route_docs, schema_ref, text_schema
from refold.server.http.rate_limits import RateLimiter
from refold.server.http.request_session import BodyDep, ContextDep, set_cookie

FAILED_LOGINS = 10
"""Wrong tokens that one client address may send in a minute."""

router = APIRouter(tags=["login"])


class Login(Struct):
    """Whether the token was right."""

    ok: bool


@router.post(
    "/login",
    name="login",
    **route_docs(
        "Get a cookie for the token",
        schema_ref(Login),
        {"ok": True},
        errors=(422, 429),
        body={
            "type": "object",
            "properties": {"token": text_schema("What the server was started with.")},
        },
        examples={"the token": {"token": "…"}},
    ),
)
async def log_in(request: Request, context: ContextDep, body: BodyDep) -> Response:
    """Set a cookie that stands for the token, for this site only and out of scripts' reach."""
    # Scripts cannot set headers on WebSockets, images or links, so a page needs a cookie.
    token, given = context.settings.token, get_text(body, "token")
    if token is None:
        return JsonResponse(Login(ok=True))
    # Before the token is looked at: a right one, found by guessing, must not be told by the answer.
    client = client_address(request.scope)
    failed: RateLimiter = request.app.state.failed_logins
    if failed.is_exhausted(client):
        problem = f"login: expected at most {FAILED_LOGINS} wrong tokens a minute, got more"
        return JsonResponse({"detail": problem}, 429, {"retry-after": "60"})
    if given is None or not tokens_match(given, token):
        failed.delay(client)
        return JsonResponse({"detail": "token: expected the server's, got another"}, 401)
    response = JsonResponse(Login(ok=True))
    set_cookie(request, response, LOGIN_COOKIE, login_cookie_value(token))
    return response
