"""
The OpenAPI document: every path with its bodies, answers and examples.

Schemas are made of the types that answers are encoded from, so they cannot tell otherwise.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from refold.engine import Family
from refold.engine.episode import LARGEST_SEED
from refold.server.http.access import LOGIN_COOKIE, is_open_path
from refold.server.sessions.runner import TEXT_PATTERN
from refold.server.sessions.schemas import Schema, protocol_schemas

JsonObject = dict[str, Any]

REF_TEMPLATE = "#/components/schemas/{name}"


class Problem(Struct):
    """What an answer of an error holds: words, or a list of what is wrong with the request."""

    detail: str | list[dict[str, Any]]


_SEED = {"type": ["integer", "null"], "minimum": 0, "maximum": LARGEST_SEED}
"""Only referred to: FastAPI writes bounds within a route as floats, and 2**63 - 1 is none."""

_STATUS_DESCRIPTIONS = {
    400: "No such index",
    401: "No token, or a wrong one",
    403: "Not for this host, origin or exposure",
    404: "There is no such thing",
    409: "Not possible now",
    413: "The body is too large",
    422: "The request does not have the right form",
    429: "Too many requests",
    503: "No room now; try again",
}
_COMMON_STATUSES = (401, 403, 413, 429)
_SECURITY_SCHEMES = {
    "token": {"type": "http", "scheme": "bearer"},
    "login": {"type": "apiKey", "in": "cookie", "name": LOGIN_COOKIE},
}
"""Either one is enough where a token is asked for."""

_registered_types: list[Any] = [Problem]


def schema_ref(kind: Any) -> Schema:
    """Return a reference to the schema of *kind*, which is in the document from now on."""
    if kind not in _registered_types:
        _registered_types.append(kind)
    return {"$ref": REF_TEMPLATE.format(name=kind.__name__)}


def component_ref(name: str) -> Schema:
    """Return a reference to the schema *name*: Action, Observation, State or Seed."""
    return {"$ref": REF_TEMPLATE.format(name=name)}


def text_schema(about: str, longest: int = 255) -> Schema:
    """Return the schema of a name or an id, or null: 1 to *longest* letters, none of control."""
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
    Return the arguments that document a route.

    Args:
        summary: What it does, in a few words.
        response: Schema of the answer.
        example: An answer.
        errors: Statuses of errors, beside those that any request may meet.
        body: Schema of the request's body, if it has one.
        examples: Bodies by the words for them.
        required: Whether there must be a body.
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
    Return *document*, as FastAPI made it, with all schemas that it refers to.

    If a *token* is asked for, it says how to give it, and which paths need none.
    """
    _, found = msgspec.json.schema_components(_registered_types, ref_template=REF_TEMPLATE)
    for name, schema in protocol_schemas(families).items():
        found |= _as_components(name.title(), schema)
    found["Seed"] = _SEED
    known = document.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        known.pop(unused, None)
    known |= found
    if token:
        document["components"]["securitySchemes"] = _SECURITY_SCHEMES
        document["security"] = [{name: []} for name in _SECURITY_SCHEMES]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if token and is_open_path(path):
                operation["security"] = []
            wrong = operation["responses"].get("422")
            if wrong is not None:
                wrong["content"] = {"application/json": {"schema": schema_ref(Problem)}}
    return document


def _as_components(name: str, schema: Schema) -> dict[str, Schema]:
    """Return *schema* as the component *name*, its definitions as components beside it."""
    whole = {key: value for key, value in schema.items() if key != "$defs"}
    parts = {f"{name}_{key}": value for key, value in schema.get("$defs", {}).items()}
    return {key: _moved(value, name) for key, value in {name: whole, **parts}.items()}


def _moved(schema: Any, name: str) -> Any:
    if isinstance(schema, Mapping):
        return {
            key: value.replace("#/$defs/", f"#/components/schemas/{name}_")
            if key == "$ref" and isinstance(value, str)
            else _moved(value, name)
            for key, value in schema.items()
        }
    if isinstance(schema, list):
        return [_moved(each, name) for each in schema]
    return schema
