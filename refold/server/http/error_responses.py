"""HTTP responses to errors: always JSON with ``detail``, never a path, a key or a traceback."""

import re
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError

from refold.engine import InvalidAction, RefoldError
from refold.engine.errors import UnknownName
from refold.server.context import Overloaded
from refold.server.http.bodies import JsonResponse
from refold.server.sessions.errors import BadRequest, SessionsFull, client_message, http_status


async def respond_to_refold_error(_request: Request, error: Exception) -> Response:
    """Return the response to a request that raised a ``RefoldError``."""
    assert isinstance(error, RefoldError)
    if isinstance(error, Overloaded):
        return JsonResponse({"detail": str(error)}, 503, {"retry-after": "5"})
    status = http_status(error)
    detail: Any = client_message(error)
    # In the form of FastAPI's own 422 responses, so that a client needs one parser for both.
    if isinstance(error, BadRequest):
        detail = [{"type": "value_error", "loc": list(error.location), "msg": error.problem}]
    elif isinstance(error, InvalidAction):
        detail = [{"type": "invalid_action", "loc": ["body", "action"], "msg": detail}]
    elif isinstance(error, UnknownName):
        detail = [{"type": "unknown", "loc": [error.kind], "msg": detail}]
    headers = {"retry-after": "1"} if isinstance(error, SessionsFull) else None
    return JsonResponse({"detail": detail}, status, headers)


async def respond_to_invalid_request(_request: Request, error: Exception) -> Response:
    """Return the response to a request whose path, query or headers FastAPI refused."""
    assert isinstance(error, RequestValidationError)
    # Without `input` and `ctx`, which would echo what was sent.
    detail = [
        {"type": each["type"], "loc": list(each["loc"]), "msg": each["msg"]}
        for each in error.errors()
    ]
    return JsonResponse({"detail": detail}, 422)


async def respond_to_fault(_request: Request, _error: Exception) -> Response:
    """Return the response to a request that met a bug of ours; the access guard logs it."""
    return JsonResponse({"detail": "the server could not do that"}, 500)


async def respond_to_disconnect(_request: Request, _error: Exception) -> Response:
    """Return the response to a client that left before its request was whole; nobody reads it."""
    # Not a fault of ours: counted and logged under a status of its own, as nginx has it.
    return JsonResponse({"detail": "body: expected all of it, got a part"}, 499)


async def respond_to_wrong_method(request: Request, _error: Exception) -> Response:
    """Return the response to an unsupported method, with the supported ones in ``Allow``."""
    # Starlette names the methods of one route only; a path with GET and POST has two.
    methods: set[str] = set()
    for template, operations in request.app.openapi()["paths"].items():
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, request.url.path):
            methods |= {method.upper() for method in operations}
    if "GET" in methods:
        methods.add("HEAD")
    return JsonResponse(
        {"detail": "Method Not Allowed"}, 405, {"allow": ", ".join(sorted(methods))}
    )
