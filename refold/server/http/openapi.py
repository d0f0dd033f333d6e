"""
The OpenAPI document: every path with its request bodies, responses and examples.

Schemas are derived from the types that responses are encoded from, so the two cannot disagree.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from refold.engine import Family
from refold.engine.episode import LARGEST_SEED
from refold.server.http.access import LOGIN_COOKIE, is_open_path
from refold.server.sessions.json_schemas import Schema, protocol_schemas, rewrite_refs
from refold.server.sessions.messages import JsonObject
from refold.server.sessions.reset_arguments import TEXT_PATTERN

REF_TEMPLATE = "#/components/schemas/{name}"


class Problem(Struct):
    """What an answer of an error holds: words, or a list of what is wrong with the request."""

    detail: str | list[dict[str, Any]]


# Routes only refer to it: FastAPI would write its bounds as floats, which cannot hold 2**63 - 1.
_SEED = {"type": ["integer", "null"], "minimum": 0, "maximum": LARGEST_SEED}

_STATUS_DESCRIPTIONS = {
    400: "No such index, or a header is missing",
    401: "No token, or a wrong one",
    403: "Not for this host, origin or exposure",
    404: "There is no such thing",
    406: "The answer would be in none of the types that the request accepts",
    409: "Not possible now",
    413: "The body is too large",
    422: "The request does not have the right form",
    429: "Too many requests",
    503: "No room now; try again",
    507: "The log has reached its limit",
}
# What the access guard may answer to any request.
_COMMON_STATUSES = (401, 403, 413, 429)
_SECURITY_SCHEMES = {
    "token": {"type": "http", "scheme": "bearer"},
    "login": {"type": "apiKey", "in": "cookie", "name": LOGIN_COOKIE},
}
"""Ways to give the token; either is enough."""

# Filled while the route modules are imported, before any document is made.
_registered_types: list[Any] = [Problem]


def schema_ref(kind: Any) -> Schema:
    """Return a reference to the schema of *kind*, and add that schema to the document."""
    if kind not in _registered_types:
        _registered_types.append(kind)
    return {"$ref": REF_TEMPLATE.format(name=kind.__name__)}


def component_ref(name: str) -> Schema:
    """Return a reference to the component *name*: Action, Observation, State or Seed."""
    return {"$ref": REF_TEMPLATE.format(name=name)}


def text_schema(about: str, longest: int = 255) -> Schema:
    """Return the schema of a text of 1 to *longest* characters, none of them control, or null."""
    text = {"type": "string", "minLength": 1, "maxLength": longest, "pattern": f"^{TEXT_PATTERN}$"}
    return {"anyOf": [text, {"type": "null"}], "description": about}


def route_docs(
    summary: str,
    response: Schema,
    example: Any,
    *,
    errors: Sequence[int] = (),
    body: Schema | None = None,
    examples: Mapping[str, Any] | None = None,
    required: bool = False,
) -> JsonObject:
    """
    Return the keyword arguments of a route decorator that document the route.

    Args:
        summary: What the route does, in a few words.
        response: Schema of the response.
        example: An example of the response.
        errors: HTTP statuses of its errors, in addition to those that any request may get.
        body: Schema of the request body; None if it has none.
        examples: Examples of the request body, by their titles.
        required: Whether the request body is required.
    """
    problem = {"application/json": {"schema": schema_ref(Problem)}}
    responses: dict[int | str, JsonObject] = {
        200: {
            "description": "Done",
            "content": {"application/json": {"schema": response, "example": example}},
        }
    }
    for status in sorted({*errors, *_COMMON_STATUSES}):
        responses[status] = {"description": _STATUS_DESCRIPTIONS[status], "content": problem}
    docs: JsonObject = {"summary": summary, "responses": responses}
    if body is not None:
        named_examples = {name: {"value": value} for name, value in (examples or {}).items()}
        content = {"application/json": {"schema": body, "examples": named_examples}}
        docs["openapi_extra"] = {"requestBody": {"content": content, "required": required}}
    return docs


def complete_document(
    document: JsonObject, families: Sequence[Family], *, token: bool
) -> JsonObject:
    """
    Complete *document*, as FastAPI made it, with the schemas that it refers to, and return it.

    With *token*, it also says how to give the token, and which paths need none.
    """
    _, found = msgspec.json.schema_components(_registered_types, ref_template=REF_TEMPLATE)
    for name, schema in protocol_schemas(families).items():
        found |= _as_components(name.title(), schema)
    found["Seed"] = _SEED
    known = document.setdefault("components", {}).setdefault("schemas", {})
    # FastAPI describes its own error body, but our responses hold `Problem`.
    for unused in ("HTTPValidationError", "ValidationError"):
        known.pop(unused, None)
    known |= found
    for operations in document["paths"].values():
        for operation in operations.values():
            invalid = operation["responses"].get("422")
            if invalid is not None:
                invalid["content"] = {"application/json": {"schema": schema_ref(Problem)}}
    if token:
        _add_security(document)
    return document


def _add_security(document: JsonObject) -> None:
    document["components"]["securitySchemes"] = _SECURITY_SCHEMES
    document["security"] = [{name: []} for name in _SECURITY_SCHEMES]
    for path, operations in document["paths"].items():
        if is_open_path(path):
            for operation in operations.values():
                operation["security"] = []


def _as_components(name: str, schema: Schema) -> dict[str, Schema]:
    """Return *schema* as the component *name*, its definitions as components beside it."""
    whole = {key: value for key, value in schema.items() if key != "$defs"}
    parts = {f"{name}_{key}": value for key, value in schema.get("$defs", {}).items()}
    start = f"#/components/schemas/{name}_"
    return {key: rewrite_refs(value, start) for key, value in {name: whole, **parts}.items()}
