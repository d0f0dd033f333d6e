"""A login for browsers, which cannot send a token with every request: a cookie in its place."""

from fastapi import APIRouter, Request, Response
from msgspec import Struct

from refold.server.http.access import LOGIN_COOKIE, is_token, login_value
from refold.server.http.bodies import Json, text_of
from refold.server.http.openapi import ref, text_schema, told
from refold.server.http.request_session import Asked, Server, set_cookie

router = APIRouter(tags=["login"])


class Login(Struct):
    """Whether the token was right."""

    ok: bool


@router.post(
    "/login",
    **told(
        "Get a cookie for the token",
        ref(Login),
        {"ok": True},
        errors=(422,),
        body={
            "type": "object",
            "properties": {"token": text_schema("What the server was started with.")},
        },
        sent={"the token": {"token": "…"}},
    ),
)
async def login(request: Request, context: Server, asked: Asked) -> Response:
    """Set a cookie that stands for the token, for this site only and out of scripts' reach."""
    token, given = context.settings.token, text_of(asked, "token")
    if token is None:
        return Json(Login(ok=True))
    if given is None or not is_token(given, token):
        return Json({"detail": "token: expected the server's, got another"}, 401)
    response = Json(Login(ok=True))
    set_cookie(request, response, LOGIN_COOKIE, login_value(token))
    return response
