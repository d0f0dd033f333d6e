"""
Send requests to an OpenAI-compatible API, with retries; record what failed.

The API key goes into requests and nowhere else: neither into the log nor into an error message.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Protocol

from attrs import frozen

from refold.agents.completions import NoCompletion, read_reply
from refold.agents.endpoint import Endpoint
from refold.agents.openai_client import open_client
from refold.agents.redaction import redact, redact_json, redact_struct
from refold.engine import RefoldError
from refold.engine.exchanges import Attempt, Reply

if TYPE_CHECKING:
    from openai import APIStatusError
    from tenacity import AsyncRetrying, RetryCallState

_LONGEST_WAIT = 60.0  # seconds; a Retry-After of an hour must not stop a run for an hour
_LONGEST_QUOTE = 300  # letters of the API's message: proxies answer with whole HTML pages
_DENIALS = {
    401: "refused the key; check --api-key or OPENAI_API_KEY",
    403: "forbids this to the key; check its rights",
    404: "knows no such address or model; check --base-url and the model's name",
}
# What APIs answer to tools or a JSON schema that they do not support. Sent again, the same
# request fails again; another action format may work.
_UNSUPPORTED_STATUSES = (400, 422, 501)


class AccessDenied(RefoldError):
    """The API rejects the key, the address or the model (401, 403, 404): retrying cannot help."""


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
    return bool(faults) and faults[-1].status in _UNSUPPORTED_STATUSES


class ModelBackend(Protocol):
    """Answers requests: an API, or a log that holds an API's earlier answers."""

    async def complete(self, body: dict[str, Any], *, rollout: str = "") -> ModelResponse:
        """
        Return the response to the request *body*.

        *rollout* identifies the episode within its run (``rollout_key``), equal in equal runs.
        """


class Client:
    """
    Sends requests to one endpoint, concurrently if wanted; close it when done.

    Args:
        endpoint: Where requests go.

    Attributes:
        last_failure: Why the last unanswered request failed, for people; empty if none has
            failed. Never contains the key.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.last_failure = ""
        self._endpoint = endpoint
        self._address = endpoint.display_address
        # No retries and no timeout of the library's own: it would not tell of its attempts.
        self._client = open_client(endpoint)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    async def complete(self, body: dict[str, Any], *, rollout: str = "") -> ModelResponse:  # noqa: ARG002 - an Asker
        """
        Return the response to the chat completion request *body*.

        Rate limits, server errors, timeouts, lost connections and malformed bodies are retried,
        after the API's Retry-After (at most a minute) or with exponential backoff, both with
        jitter.

        Raises:
            AccessDenied: The API refuses the key or the model.
        """
        began = time.monotonic()
        faults: list[Attempt] = []
        reply: Reply | None = None
        try:
            reply = await _retry_policy(self._endpoint.max_retries)(self._attempt, body, faults)
        except _AttemptFailed as failed:
            tries = f" {len(faults)} times" if len(faults) > 1 else ""
            self.last_failure = f"{self._address} gave no answer{tries}: {failed.words}"
        return ModelResponse(reply, tuple(faults), round((time.monotonic() - began) * 1000))

    async def _attempt(self, body: dict[str, Any], faults: list[Attempt]) -> Reply:
        try:
            async with asyncio.timeout(self._endpoint.timeout):
                return self._read_reply(await self._post(body))
        except TimeoutError:
            failed = _AttemptFailed("timeout", f"none within {self._endpoint.timeout:g} s")
        except NoCompletion:
            failed = _AttemptFailed("body", "what it sent is no chat completion")
        except _AttemptFailed as error:
            failed = error
        faults.append(failed.attempt)
        raise failed

    async def _post(self, body: dict[str, Any]) -> bytes:
        from openai import APIConnectionError, APIStatusError  # noqa: PLC0415 - heavy, as above

        try:
            # Not through chat.completions, which looks at each part of each message: that takes
            # more time than all else, 0.3 ms for each message.
            return await self._client.post("/chat/completions", cast_to=bytes, body=body)
        except APIConnectionError:
            raise _AttemptFailed("connection", "the connection failed") from None
        except APIStatusError as error:
            raise self._status_error(error) from None

    def _status_error(self, error: "APIStatusError") -> Exception:
        status = error.status_code
        if status in _DENIALS:
            return AccessDenied(f"model: {self._address} {_DENIALS[status]} (status {status})")
        said = _error_message(redact(error.body, self._endpoint.api_key))[:_LONGEST_QUOTE]
        words = f"status {status}{said and ': '}{said}"
        if status in _UNSUPPORTED_STATUSES:
            return _AttemptFailed("status", words, status=status, transient=False)
        retry_after = _parse_retry_after(error.response.headers.get("retry-after"))
        return _AttemptFailed("status", words, status=status, retry_after=retry_after)

    def _read_reply(self, content: bytes) -> Reply:
        """Return the reply in *content* without the key, which some APIs and proxies send back."""
        key = self._endpoint.api_key
        # Before, so that no limit cuts a key in two; after, for what was joined from parts.
        return redact_struct(read_reply(redact_json(content, key)), key)


class _AttemptFailed(Exception):
    """
    One attempt failed.

    Attributes:
        attempt: What is recorded of it.
        words: The same for people.
        transient: Whether a retry may succeed.
        retry_after: Seconds that the API asked to wait before the next attempt, or None.
    """

    def __init__(
        self,
        fault: str,
        words: str,
        *,
        status: int | None = None,
        transient: bool = True,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(fault)
        self.attempt = Attempt(fault, status)
        self.words = words
        self.transient = transient
        self.retry_after = retry_after


def _error_message(body: Any) -> str:
    """Return the message in an error's *body*, or an empty string."""
    message = body.get("message") if isinstance(body, dict) else body
    return " ".join(message.split()) if isinstance(message, str) else ""


def _retry_policy(retries: int) -> "AsyncRetrying":
    from tenacity import (  # noqa: PLC0415 - only where a model is asked
        AsyncRetrying,
        retry_if_exception,
        stop_after_attempt,
    )

    return AsyncRetrying(
        stop=stop_after_attempt(retries + 1),
        retry=retry_if_exception(
            lambda error: isinstance(error, _AttemptFailed) and error.transient
        ),
        wait=_retry_delay,
        reraise=True,
    )


def _retry_delay(state: "RetryCallState") -> float:
    from tenacity import wait_random_exponential  # noqa: PLC0415 - only where a model is asked

    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, _AttemptFailed) and error.retry_after is not None:
        # Never earlier than asked, and spread out: parallel episodes were all told the same time.
        return error.retry_after * random.uniform(1.0, 1.1)
    return wait_random_exponential(multiplier=0.5, max=_LONGEST_WAIT)(state)


def _parse_retry_after(value: str | None) -> float | None:
    """Return the seconds that a Retry-After header asks for, at most 60, or None."""
    try:
        seconds = float(value or "")
    except ValueError:
        seconds = _seconds_until(value or "")
    return min(seconds, _LONGEST_WAIT) if seconds >= 0 else None


def _seconds_until(date: str) -> float:
    """Return the seconds until an HTTP date: 0 if it has passed, -1 if *date* is not one."""
    try:
        left = parsedate_to_datetime(date) - datetime.now(UTC)
    except (TypeError, ValueError):
        return -1.0
    return max(left.total_seconds(), 0.0)
