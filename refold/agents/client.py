"""
Send requests to an OpenAI-compatible API, with retries; record what failed.

The API key goes into requests and nowhere else: neither into the log nor into an error message.
"""

import asyncio
import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from attrs import frozen

from refold.agents.attempts import AttemptFailed, malformed, parse_retry_after, retry_policy
from refold.agents.bodies import BodyTooLarge, bounded_http_client
from refold.agents.causes import (
    ADVICE,
    PASSING,
    STOPS,
    UNSUPPORTED_STATUSES,
    Refusal,
    cause_of_exception,
    cause_of_refusal,
    read_refusal,
    refused_parameter,
)
from refold.agents.completions import CompletionFailed, NoCompletion, read_reply, rejected_reply
from refold.agents.endpoint import Endpoint
from refold.agents.environment_check import check_environment
from refold.agents.openai_client import open_client
from refold.agents.redaction import redact, redact_json, redact_struct
from refold.engine import RefoldError
from refold.engine.exchanges import Attempt, Reply

if TYPE_CHECKING:
    from openai import DefaultAsyncHttpxClient

_LONGEST_QUOTE = 300  # letters of the API's message: proxies answer with whole HTML pages
_DENIALS = {
    401: "refused the key; check --api-key or OPENAI_API_KEY",
    403: "forbids this to the key; check its rights",
    404: "knows no such address or model; check --base-url and the model's name",
}
_TOO_MANY = 429
_SHORT_PAUSE = 1.0  # seconds, if the API does not say how long
_encode = msgspec.json.Encoder().encode  # names stay in their order, as models may see them
_TOOL_USE_FAILED = "tool_use_failed"
_PERMANENT = {"unsupported", "context_length", *STOPS} - PASSING


class Unavailable(RefoldError):
    """
    The user's account, network or machine keeps the API from answering: only the user can fix that.

    Attributes:
        cause: What it is, a word such as ``quota`` or ``dns``.
    """

    def __init__(self, message: str, cause: str) -> None:
        super().__init__(message)
        self.cause = cause


class AccessDenied(Unavailable):
    """The API rejects the key, the address or the model (401, 403, 404): retrying cannot help."""


class Filtered(Unavailable):
    """The API refuses this conversation by its content filter; it may take others."""


@frozen
class ModelResponse:
    """
    The result of one request.

    Attributes:
        reply: The model's reply; None if every attempt failed.
        faults: The failed attempts, oldest first.
        latency_ms: Wall time of all attempts and the waits between them, in milliseconds.
    """

    reply: Reply | None
    faults: tuple[Attempt, ...]
    latency_ms: int


def is_unsupported(faults: Sequence[Attempt]) -> bool:
    """Return whether the API rejected the request's format, so that another may work."""
    return (
        bool(faults)
        and (faults[-1].status in UNSUPPORTED_STATUSES or faults[-1].parameter is not None)
        and faults[-1].cause in (None, "unsupported")  # logs of release 0.1.0 name no cause
    )


class ModelBackend(Protocol):
    """Answers requests: an API, or a log that holds an API's earlier answers."""

    async def complete(self, body: dict[str, Any], *, rollout: str = "") -> ModelResponse:
        """
        Return the response to the request *body*.

        *rollout* identifies the episode within its run (``rollout_key``), equal in equal runs.
        """


class Pace(Protocol):
    """Says when requests may begin, to clients that share an API's limit."""

    async def take(self) -> None:
        """Return when one more request may begin."""

    async def pause(self, seconds: float) -> None:
        """Let none begin for so many *seconds*."""


class Client:
    """
    Sends requests to one endpoint, concurrently if wanted; close it when done.

    Args:
        endpoint: Where requests go.

    Raises:
        RefoldError: A variable of the environment makes requests impossible.

    Attributes:
        endpoint: The same.
        last_failure: Why the last unanswered request failed, for people; empty if none has
            failed. Never contains the key.
        pace: What each attempt waits for; None for nothing.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        check_environment(os.environ)
        self.last_failure = ""
        self.pace: Pace | None = None
        self._last_fault: Attempt | None = None
        self.endpoint = endpoint
        self._address = endpoint.display_address
        # No retries and no timeout of the library's own: it would not tell of its attempts.
        self._client = open_client(endpoint, _http_client())

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    async def complete(self, body: dict[str, Any], *, rollout: str = "") -> ModelResponse:  # noqa: ARG002 - ModelBackend has it
        """
        Return the response to the chat completion request *body*.

        Rate limits, server errors, timeouts, lost connections and malformed bodies are retried,
        after the API's Retry-After (at most a minute) or with exponential backoff, both with
        jitter.

        Raises:
            AccessDenied: The API refuses the key or the model.
            Filtered: The API's content filter refuses the conversation.
            Unavailable: Account, network or machine keep it from answering.
        """
        began = time.monotonic()
        faults: list[Attempt] = []
        reply: Reply | None = None
        try:
            reply = await retry_policy(self.endpoint.max_retries)(self._attempt, body, faults)
        except AttemptFailed as failed:
            if failed.attempt.cause in STOPS:
                raise self._unavailable(failed.attempt) from None
            self._last_fault = failed.attempt
            tries = f" {len(faults)} times" if len(faults) > 1 else ""
            advice = ADVICE.get(failed.attempt.cause or "")
            words = f"{failed.words}; {advice}" if advice else failed.words
            self.last_failure = f"{self._address} gave no answer{tries}: {words}"
        else:
            if self._last_fault is not None and is_unsupported([self._last_fault]):
                self.last_failure = ""  # asked in another way, it does answer
        return ModelResponse(reply, tuple(faults), round((time.monotonic() - began) * 1000))

    async def _attempt(self, body: dict[str, Any], faults: list[Attempt]) -> Reply:
        if self.pace is not None:
            await self.pace.take()
        try:
            async with asyncio.timeout(self.endpoint.timeout):
                return await self.ask(body)
        except TimeoutError:
            failed = AttemptFailed(
                Attempt("timeout", None, "timeout"), f"none within {self.endpoint.timeout:g} s"
            )
        except NoCompletion:
            failed = malformed("what it sent is no chat completion")
        except AttemptFailed as error:
            failed = error
        faults.append(failed.attempt)
        if self.pace is not None and failed.attempt.status == _TOO_MANY:
            asked = failed.retry_after
            await self.pace.pause(_SHORT_PAUSE if asked is None else asked)
        raise failed

    async def ask(self, body: dict[str, Any]) -> Reply:
        """Return the reply to *body* from one attempt; raises what is recorded of a failure."""
        from openai import APIConnectionError, APIStatusError  # noqa: PLC0415 - heavy, only where a model is asked

        try:
            # Not through chat.completions, which looks at each part of each message, and encoded
            # here: the library would take more time for both than for all else.
            content = await self._client.post(
                "/chat/completions", cast_to=bytes, content=_encode(body)
            )
            return self.read_reply(content)
        except CompletionFailed as error:
            raise self._failure("body", error.refusal, body) from None
        except BodyTooLarge as error:
            raise malformed(str(error)) from None
        except APIConnectionError as error:
            raise self.connection_failure(error) from None
        except APIStatusError as error:
            told = redact(error.body, self.endpoint.api_key)
            refusal = read_refusal(error.status_code, told)
            if refusal.code == _TOOL_USE_FAILED:
                return rejected_reply(refusal.generation or "")
            retry_after = error.response.headers.get("retry-after")
            raise self.refusal_failure(refusal, body, retry_after) from None
        except UnicodeEncodeError:
            raise Unavailable(
                "model: expected headers of ASCII letters, got others; "
                "check OPENAI_ORG_ID and OPENAI_PROJECT_ID",
                "auth",
            ) from None

    def refusal_failure(
        self, refusal: Refusal, body: dict[str, Any], retry_after: str | None
    ) -> Exception:
        """Return what a *refusal* of *body* with an HTTP status means."""
        status = refusal.status
        failed = self._failure("status", refusal, body)
        # Routers answer 404 if no provider of theirs takes one of the parameters.
        if status is not None and status in _DENIALS and failed.attempt.parameter is None:
            if failed.attempt.cause in ("credits", "quota", "content_filter"):
                return failed
            words = f"model: {self._address} {_DENIALS[status]} (status {status})"
            return AccessDenied(words, "auth")
        failed.retry_after = parse_retry_after(retry_after)
        return failed

    def connection_failure(self, error: BaseException) -> Exception:
        """Return what *error*, of a connection, means."""
        if isinstance(error.__cause__, BodyTooLarge):
            return malformed(str(error.__cause__))
        cause = cause_of_exception(error)
        transient = cause not in STOPS or cause in PASSING
        attempt = Attempt("connection", None, cause)
        return AttemptFailed(attempt, "the connection failed", transient=transient)

    def _failure(self, fault: str, refusal: Refusal, body: dict[str, Any]) -> AttemptFailed:
        cause = cause_of_refusal(refusal)
        said = redact(refusal.words, self.endpoint.api_key)[:_LONGEST_QUOTE]
        rejected = cause in ("unsupported", "server_error") and fault == "status"
        parameter = refused_parameter(refusal, body) if rejected else None
        if parameter is not None:
            cause = "unsupported"
        status = refusal.status if fault == "status" else None
        words = ": ".join(filter(None, (f"status {status}" if status else cause, said)))
        permanent = cause in _PERMANENT
        # What a filter took out of one reply may be in no other one.
        again = fault == "body" and cause == "content_filter"
        return AttemptFailed(
            Attempt(fault, status, cause, said, parameter), words, transient=again or not permanent
        )

    def _unavailable(self, attempt: Attempt) -> Unavailable:
        cause = attempt.cause or ""
        said = f": {attempt.words}" if attempt.words else ""
        status = f", status {attempt.status}" if attempt.status else ""
        kind = Filtered if cause == "content_filter" else Unavailable
        return kind(f"model: {self._address} {STOPS[cause]} ({cause}{status}{said})", cause)

    def read_reply(self, content: bytes) -> Reply:
        """Return the reply in *content* without the key, which some APIs and proxies send back."""
        key = self.endpoint.api_key
        # Before, so that no limit cuts a key in two; after, for what was joined from parts.
        return redact_struct(read_reply(redact_json(content, key)), key)


def _http_client() -> "DefaultAsyncHttpxClient":
    """Return ``bounded_http_client()``; raise Unavailable if the environment does not let it be."""
    try:
        return bounded_http_client()
    except OSError:  # a certificate file that is missing or holds none
        raise Unavailable(
            "model: expected a readable file of certificates, got none; "
            "check SSL_CERT_FILE and SSL_CERT_DIR",
            "tls",
        ) from None
    except (ImportError, ValueError):
        raise Unavailable(
            "model: expected proxies like http://HOST:PORT, got one that is not supported; "
            "check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY",
            "proxy",
        ) from None
