"""Request bodies and responses as JSON: how they are read, checked and written everywhere."""

import math
from typing import Any

import msgspec
from fastapi import Request, Response

from refold.server.sessions.errors import BadRequest
from refold.server.sessions.messages import encode
from refold.server.sessions.reset_arguments import is_valid_text


class JsonResponse(Response):
    """A response in JSON, from a value or from bytes that are JSON already."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return *content* as JSON, bytes unchanged."""
        return content if isinstance(content, bytes) else encode(content)


async def read_json_object(request: Request) -> dict[str, Any]:
    """
    Return the JSON object in the body of *request*, ``{}`` if there is no body.

    Raises:
        BadRequest: The body is not JSON, or JSON of another type.
    """
    # The content type is ignored: `curl -d` says that it sends a form.
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
    Return the text under the first of *keys* that is there, None if none is or it is null.

    Raises:
        BadRequest: It is no text of 1 to *longest* characters, or holds control characters.
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
    Return the integer under *key*, None if there is none or it is null.

    Raises:
        BadRequest: It is no integer from *low* to *high*.
    """
    value = body.get(key)
    if value is None:
        return None
    # JavaScript has one kind of number, so 7.0 is 7; True is an int in Python, so `type`.
    if isinstance(value, float) and value.is_integer() and math.isfinite(value):
        value = int(value)
    if type(value) is not int or not low <= value <= high:
        raise BadRequest(f"expected a whole number {low} to {high}", "body", key)
    return value
