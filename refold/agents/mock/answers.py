"""
What the mock model answers: chat completions in, chat completions out, purely.

Equal requests get equal answers, to the byte: random choices are seeded with the request, and
nothing is remembered.
"""

import random
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec

from refold.agents.mock.choices import choose_call, choose_form, choose_value
from refold.agents.mock.requests import Request
from refold.agents.schema_values import Schema, read_schema
from refold.engine import RefoldError
from refold.engine.registry import all_families

MOCK_AGENTS = ("auto", "random")
"""How the mock model chooses: ``auto`` asks the prompt's family first, ``random`` never does."""

CREATED = 1_700_000_000
"""When every answer claims to have been made, in seconds since 1970."""

_NONSENSE = "Let me think about that for a while."


def answer(request: Request, *, agent: str) -> dict[str, Any]:
    """
    Return the chat completion that *agent*, one of ``MOCK_AGENTS``, gives to *request*.

    Raises:
        RefoldError: A schema in it is none, or cannot be met.
    """
    try:
        own = _own_action(request) if agent == "auto" else None
        return _choice(request, own, random.Random(_digest(request)))
    except RecursionError:
        raise RefoldError(
            "schema: expected one that a small value fits, got one that nests without an end"
        ) from None
    except UnicodeEncodeError:
        raise RefoldError("request: expected whole characters, got half a surrogate pair") from None


def saying(request: Request, text: str) -> dict[str, Any]:
    """Return the chat completion that says *text* to *request*."""
    return _completion(request, text)


def nonsense(request: Request) -> dict[str, Any]:
    """Return a proper chat completion that holds no action."""
    return _completion(request, _NONSENSE)


def _own_action(request: Request) -> dict[str, Any] | None:
    """Return the action of the family that the newest observation belongs to, if it is on offer."""
    for message in reversed(request.messages):
        if message.role not in ("user", "tool"):
            continue
        for family in all_families():
            action = family.mock(message.text) if family.mock else None
            if action is not None:
                fields: dict[str, Any] = msgspec.to_builtins(action)
                return fields if _is_offered(request, fields) else None
    return None


def _is_offered(request: Request, fields: Mapping[str, Any]) -> bool:
    """Return whether *request* has room for the action of *fields*, the first being its kind."""
    name, kind = next(iter(fields.items()))
    if request.tools:
        return kind in [tool.function.name for tool in request.tools]
    return name in (_schema(request).properties or {name})


def _choice(request: Request, own: dict[str, Any] | None, dice: random.Random) -> dict[str, Any]:
    """Return the action *own*, or any without one, in the form that *request* asks for."""
    if request.tools:
        name, arguments = _as_call(own) if own else choose_call(request, dice)
        return _completion(request, None, [_call(request, name, arguments)])
    if request.response_format and request.response_format.type != "text":
        value = _with_nulls(request, own) if own else choose_value(request, dice)
        return _completion(request, msgspec.json.encode(value).decode())
    action = own or choose_form(request, dice)
    if action is None:
        return nonsense(request)
    written = msgspec.json.format(msgspec.json.encode(action)).decode()
    return _completion(request, f"This is what I do next.\n\n```json\n{written}\n```\n")


def _as_call(fields: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    (_, kind), *rest = fields.items()
    return kind, dict(rest)


def _call(request: Request, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    called = {"name": name, "arguments": msgspec.json.encode(arguments).decode()}
    return {"id": f"call_{_digest(request)}", "type": "function", "function": called}


def _with_nulls(request: Request, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return *fields* with null for those that the schema requires and the action has not."""
    return {**dict.fromkeys(_schema(request).required), **fields}


def _schema(request: Request) -> Schema:
    form = request.response_format
    return read_schema(form.json_schema.schema if form and form.json_schema else {})


def _completion(
    request: Request, content: str | None, calls: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": None}
    if calls:
        message["tool_calls"] = calls
    asked = sum(len(each.text) for each in request.messages) // 4
    given = len(content or str(calls)) // 4
    return {
        "id": f"chatcmpl-{_digest(request)}",
        "object": "chat.completion",
        "created": CREATED,
        "model": request.model,
        "choices": [
            {
                "index": 0,
                "message": message,
                "logprobs": None,
                "finish_reason": "tool_calls" if calls else "stop",
            }
        ],
        "usage": {
            "prompt_tokens": asked,
            "completion_tokens": given,
            "total_tokens": asked + given,
        },
    }


def _digest(request: Request) -> str:
    return sha256(msgspec.json.encode(request)).hexdigest()[:24]
