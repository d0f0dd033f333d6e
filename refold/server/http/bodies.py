"""Requests read and answers written as JSON, the same way everywhere."""

import math
import re
from typing import Any

import msgspec
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError

from refold.engine import InvalidAction, RefoldError
from refold.engine.errors import UnknownName
from refold.server.context import Overloaded
from refold.server.sessions.errors import BadRequest, SessionsFull, client_message, http_status
from refold.server.sessions.messages import encode
from refold.server.sessions.runner import is_valid_text

_MEDIA = "application/json"


class JsonResponse(Response):
    """Some value, or what is JSON already, as an answer."""

    media_type = _MEDIA

    def render(self, content: Any) -> bytes:
        """Return *content* as JSON."""
        return content if isinstance(content, bytes) else encode(content)


async def read_json_object(request: Request) -> dict[str, Any]:
    """
    Return the JSON object in the body of *request*, an empty one if there is no body.

    The content type does not matter: ``curl -d`` says that it sends a form.

    Raises:
        BadRequest: The body is something else.
    """
    body = await request.body()
    if not body.strip():
        return {}
    try:
        found = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BadRequest(f"expected JSON, got something else ({error})", "body") from None
    if not isinstance(found, dict):
        raise BadRequest(f"expected an object, got {type(found).__name__}", "body")
    return found


def get_text(body: dict[str, Any], *keys: str, longest: int = 255) -> str | None:
    """
    Return the first text under one of *keys*, None if there is nothing.

    Raises:
        BadRequest: It is no text, or too long a one.
    """
    for key in keys:
        value = body.get(key)
        if value is None:
            continue
        if not is_valid_text(value, longest):
            raise BadRequest(f"expected 1 to {longest} letters, none of control", "body", key)
        return value
    return None


def get_integer(body: dict[str, Any], key: str, low: int, high: int) -> int | None:
    """
    Return the whole number under *key*, None if there is nothing.

    Raises:
        BadRequest: It is none, or out of bounds.
    """
    value = body.get(key)
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer() and math.isfinite(value):
        value = int(value)
    if type(value) is not int or not low <= value <= high:
        raise BadRequest(f"expected a whole number {low} to {high}", "body", key)
    return value


async def respond_to_refold_error(_request: Request, error: Exception) -> Response:
    """Return the answer to a request that met a ``RefoldError``."""
    assert isinstance(error, RefoldError)
    if isinstance(error, Overloaded):
        return JsonResponse({"detail": str(error)}, 503, {"retry-after": "5"})
    status = http_status(error)
    detail: Any = client_message(error)
    if isinstance(error, BadRequest):
        detail = [{"type": "value_error", "loc": list(error.location), "msg": error.problem}]
    elif isinstance(error, InvalidAction):
        detail = [{"type": "invalid_action", "loc": ["body", "action"], "msg": detail}]
    elif isinstance(error, UnknownName):
        detail = [{"type": "unknown", "loc": [error.kind], "msg": detail}]
    headers = {"retry-after": "1"} if isinstance(error, SessionsFull) else None
    return JsonResponse({"detail": detail}, status, headers)


async def respond_to_invalid_request(_request: Request, error: Exception) -> Response:
    """Return the answer to a request whose path or query does not fit."""
    assert isinstance(error, RequestValidationError)
    detail = [
        {"type": each["type"], "loc": list(each["loc"]), "msg": each["msg"]}
        for each in error.errors()
    ]
    return JsonResponse({"detail": detail}, 422)


async def respond_to_fault(_request: Request, _error: Exception) -> Response:
    """Return the answer to a request that met a mistake of ours; the guard logs what it was."""
    return JsonResponse({"detail": "the server could not do that"}, 500)


async def respond_to_wrong_method(request: Request, _error: Exception) -> Response:
    """Return the answer to a method that a path does not take, with all that it does take."""
    methods: set[str] = set()
    for template, operations in request.app.openapi()["paths"].items():
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, request.url.path):
            methods |= {method.upper() for method in operations}
    return JsonResponse(
        {"detail": "Method Not Allowed"}, 405, {"allow": ", ".join(sorted(methods))}
    )
