"""
Name the cause of a failed attempt: what an API's status, code and words, or an exception, mean.

Whose failure it is follows from the cause. Nothing is decided by words alone where an API gives a
status or a code for it; but most give the same 400 to everything, and only their words tell.
"""

import errno
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import frozen

STOPS: Mapping[str, str] = {
    "credits": "has no credit left for this key; add some",
    "quota": "says that the key's quota is used up; raise it, or wait until it is renewed",
    "content_filter": "refuses the conversation by its content filter; use another model or API",
    "auth": "refused the key; check --api-key or OPENAI_API_KEY",
    "dns": "has a host name that cannot be resolved; check --base-url and the network",
    "tls": "cannot be reached over TLS; check the certificate, SSL_CERT_FILE and --base-url",
    "refused_connection": "refuses connections; check --base-url and that the API is running",
    "proxy": "cannot be reached through the proxy; check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY",
    "too_many_open_files": "cannot be reached with so many open files; "
    "lower --parallel or raise `ulimit -n`",
}
"""Causes in the user's account, network or machine, which stop a run, and what to do about each."""

ADVICE: Mapping[str, str] = {
    "context_length": "set --history N to repeat fewer turns",
    "unsupported": "see --action-format, and --param NAME=null to leave a parameter out",
    "rate_limited": "lower --parallel, or raise --max-retries",
}
"""What may help against causes that end an episode."""

PASSING = frozenset({"dns", "refused_connection", "too_many_open_files"})
"""Those of ``STOPS`` that may pass by themselves: they stop a run only after the last attempt."""

UNSUPPORTED_STATUSES = (400, 422, 501)
"""What APIs answer to a request that they do not support. Sent again, it fails again."""

_CODES: Mapping[str, str] = {
    "insufficient_quota": "quota",
    "billing_hard_limit_reached": "quota",
    "billing_not_active": "quota",
    "insufficient_balance": "credits",
    "insufficient_credits": "credits",
    "context_length_exceeded": "context_length",
    "content_filter": "content_filter",
    "content_policy_violation": "content_filter",
    "data_inspection_failed": "content_filter",
    "responsibleaipolicyviolation": "content_filter",
    "moderation_blocked": "content_filter",
    "invalid_api_key": "auth",
    "rate_limit_exceeded": "rate_limited",
    "overloaded_error": "overloaded",
    "unsupported_parameter": "unsupported",
    "unsupported_value": "unsupported",
}
_STATUSES: Mapping[int, str] = {
    402: "credits",
    408: "timeout",
    429: "rate_limited",
    503: "overloaded",
    529: "overloaded",
}
_WORDS: tuple[tuple[str, str], ...] = (
    ("credits", r"insufficient (credits|balance|funds)|credit balance|out of credits"),
    ("quota", r"insufficient_quota|exceeded your current quota(?!.*(per minute|metric|retry))"),
    ("auth", r"(api[ _-]?key (is )?not valid|(invalid|incorrect) api[ _-]?key)"),
    (
        "content_filter",
        r"content (management|filter|policy)|safety system|data ?inspection|moderation|"
        r"was flagged|inappropriate content",
    ),
    (
        "context_length",
        r"context (length|window|size)|prompt is too long|input is too long|too many tokens|"
        r"reduce the length|input token count|exceeds? the (maximum|max|available) .{0,40}token",
    ),
    ("overloaded", r"overloaded"),
)
_REFUSAL = re.compile(
    r"unsupported|support|does not|do not|not allowed|not permitted|unknown|unrecogni[sz]ed|"
    r"unexpected|extra (inputs|fields)|invalid|requires?|must|only|deprecated|instead",
    re.IGNORECASE,
)
_NO_SYSTEM = re.compile(
    r"system[^.]{0,30} role|role[^.]{0,30}\bsystem\b|(system|developer) (message|prompt|"
    r"instruction)s?\b.{0,40}(not|unsupported)|roles must alternate",
    re.IGNORECASE,
)
_NAMES = (
    *("temperature", "max_tokens", "max_completion_tokens", "tool_choice", "parallel_tool_calls"),
    *("response_format", "seed", "top_p", "tools"),
)
SYSTEM_ROLE = "system"
"""Named as the parameter that an API refused if it takes no system message."""


@frozen
class Refusal:
    """
    What an API said as it refused.

    Attributes:
        status: The HTTP status, or the number in an error that came with status 200.
        words: Its message, on one line.
        code: Its code or type; empty if none.
        parameter: The parameter that it names in a field of its own, if any.
        generation: What the model wrote, if the API refused that and quotes it.
    """

    status: int | None
    words: str
    code: str = ""
    parameter: str = ""
    generation: str | None = None


def read_refusal(status: int | None, body: Any) -> Refusal:
    """Return what an error's *body*, JSON in any of the shapes that APIs use, says."""
    error = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(error, list) and error:
        error = error[0]
    if not isinstance(error, dict):
        return Refusal(status, _on_one_line(error))
    code = error.get("code")
    number = code if isinstance(code, int) and not isinstance(code, bool) else None
    known = [each for each in (code, error.get("type")) if isinstance(each, str)]
    words = next((error[name] for name in ("message", "detail", "msg") if error.get(name)), "")
    generation = error.get("failed_generation")
    return Refusal(
        status=status or number,
        words=_on_one_line(words),
        code=next((each for each in known if each.lower() in _CODES), (known or [""])[0]),
        parameter=_on_one_line(error.get("param") or ""),
        generation=generation if isinstance(generation, str) else None,
    )


def _on_one_line(value: Any) -> str:
    text = " ".join(str(value or "").split())
    return text.encode("utf-8", "replace").decode()  # half surrogate pairs cannot be recorded


def cause_of_refusal(refusal: Refusal) -> str:
    """Return the cause of a refusal, a word such as ``quota`` or ``rate_limited``."""
    if refusal.code.lower() in _CODES:
        return _CODES[refusal.code.lower()]
    for cause, pattern in _WORDS:
        if re.search(pattern, refusal.words, re.IGNORECASE):
            return cause
    if refusal.status is not None and refusal.status in _STATUSES:
        return _STATUSES[refusal.status]
    if refusal.status in UNSUPPORTED_STATUSES:
        return "unsupported"
    return "server_error"


def refused_parameter(refusal: Refusal, body: Mapping[str, Any]) -> str | None:
    """
    Return the parameter of the request *body* that an API refused, or None if it names none.

    It is a key of *body* other than its messages, or ``SYSTEM_ROLE``.
    """
    if _NO_SYSTEM.search(refusal.words):
        return SYSTEM_ROLE
    named = re.split(r"[.\[]", refusal.parameter)[0]
    if named in body and named not in ("messages", "model"):
        return named
    if not _REFUSAL.search(refusal.words):
        return None
    names = (*_NAMES, *(each for each in body if "_" in each))
    return next((each for each in names if each in body and _names(refusal.words, each)), None)


def _names(words: str, parameter: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(parameter)}(?![\w-])", words) is not None


def cause_of_exception(error: BaseException) -> str:
    """Return the cause of a failed connection: the first that is known in the chain of errors."""
    causes = (_connection_cause(each) for each in _chain(error))
    return next(filter(None, causes), "connection_lost")


def _connection_cause(error: BaseException) -> str | None:
    import socket  # noqa: PLC0415 - slow, and needed after a failure only
    import ssl  # noqa: PLC0415 - the same

    if isinstance(error, socket.gaierror):
        return "dns"
    if isinstance(error, ssl.SSLError):
        return "tls"
    if isinstance(error, ConnectionRefusedError):
        return "refused_connection"
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return "too_many_open_files"
    # By name: the client library brings its own HTTP library, and which one depends on its release.
    if type(error).__name__ in ("ProxyError", "UnsupportedProtocol"):
        return "proxy"
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield *error* and all errors that led to it."""
    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        causes: Iterable[BaseException | None] = (each.__cause__, each.__context__)
        inner = each.exceptions if isinstance(each, BaseExceptionGroup) else ()
        waiting.extend(filter(None, (*causes, *inner)))
