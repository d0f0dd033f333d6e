"""
An OpenAI-compatible API: where it is, and one request to it, come what may.

The only module that imports ``openai``. Keys are held here and go nowhere else: not into the
log, nor into an error.
"""

import asyncio
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from attrs import field, frozen

from agents.completions import NoCompletion, read_reply
from engine import RefoldError
from engine.exchanges import Attempt, Reply

if TYPE_CHECKING:
    from tenacity import RetryCallState

_LONGEST_WAIT = 60.0
_KEYS = ("OPENAI_API_KEY", "API_KEY", "HF_TOKEN")
_ADDRESSES = ("OPENAI_BASE_URL", "API_BASE_URL")
_MODEL = "MODEL_NAME"
_DENIED = {
    401: "refused the key; check --api-key or OPENAI_API_KEY",
    403: "forbids this to the key; check its rights",
    404: "knows no such address or model; check --base-url and the model's name",
}
_UNSUPPORTED = (400, 422, 501)


class Denied(RefoldError):
    """The API refuses everything (401, 403, 404): no use to go on."""


@frozen
class Endpoint:
    """
    Where requests go, and how patiently.

    Attributes:
        base_url: Address of the API, or None for OpenAI's own.
        api_key: The key; never shown.
        timeout: Seconds that one attempt may take.
        max_retries: Further attempts after the first.
    """

    base_url: str | None
    api_key: str = field(repr=False)
    timeout: float = 120.0
    max_retries: int = 5


@frozen
class Answer:
    """What became of a request: the reply, if any, the failed attempts, the time it all took."""

    reply: Reply | None
    faults: tuple[Attempt, ...]
    latency_ms: int

    @property
    def unsupported(self) -> bool:
        """Whether the API refused this form of request, so that another form may do."""
        return self.reply is None and bool(self.faults) and self.faults[-1].status in _UNSUPPORTED


def environment() -> Mapping[str, str]:
    """Return the environment, over what a file ``.env`` in the current folder says."""
    from dotenv import dotenv_values  # noqa: PLC0415 - only where a model is asked

    written = dotenv_values(".env") if Path(".env").is_file() else {}
    return {**{name: value for name, value in written.items() if value}, **os.environ}


def find_endpoint(
    settings: Mapping[str, str],
    *,
    base_url: str | None,
    api_key: str | None,
    timeout: float,
    max_retries: int,
) -> Endpoint:
    """
    Return the endpoint of the options given, filled in from *settings*, usually ``environment()``.

    A base URL of one's own needs no key.

    Raises:
        RefoldError: There is neither a key nor a base URL.
    """
    address = base_url or _first(settings, _ADDRESSES)
    key = api_key or _first(settings, _KEYS)
    if key is None and address is None:
        raise RefoldError(
            f"model: expected a key in {', '.join(_KEYS)} or --api-key, or a --base-url that "
            "needs none, got neither; `refold mock-model` gives one to try"
        )
    return Endpoint(address, key or "none", timeout, max_retries)


def find_model(settings: Mapping[str, str], agent: str) -> str:
    """
    Return the model that the agent ``openai`` or ``openai:MODEL`` names.

    Raises:
        RefoldError: None is named, neither there nor in MODEL_NAME.
    """
    model = agent.partition(":")[2] or settings.get(_MODEL, "")
    if not model:
        raise RefoldError(f"agent {agent!r}: expected openai:MODEL or {_MODEL}, got no model")
    return model


def _first(settings: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((settings[name] for name in names if settings.get(name)), None)


class Asker(Protocol):
    """Whatever answers requests: an API, or a log of what one answered before."""

    async def ask(self, body: dict[str, Any]) -> Answer:
        """Return the answer to the request *body*."""


class Client:
    """
    Asks one endpoint, many requests at once; close it in the end.

    Args:
        endpoint: Where requests go.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        from openai import AsyncOpenAI  # noqa: PLC0415 - heavy, only where a model is asked

        self._endpoint = endpoint
        self._client = AsyncOpenAI(
            base_url=endpoint.base_url,
            api_key=endpoint.api_key,
            timeout=endpoint.timeout,
            max_retries=0,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    async def ask(self, body: dict[str, Any]) -> Answer:
        """
        Return the answer to the chat completion request *body*.

        Rate limits, server errors, timeouts, lost connections and unreadable bodies are tried
        again, after the API's Retry-After or with exponential backoff and jitter.

        Raises:
            Denied: The API refuses the key or the model.
        """
        from tenacity import (  # noqa: PLC0415 - only where a model is asked
            AsyncRetrying,
            RetryError,
            retry_if_exception_type,
            stop_after_attempt,
        )

        began = time.monotonic()
        faults: list[Attempt] = []
        reply = None
        attempts = AsyncRetrying(
            stop=stop_after_attempt(self._endpoint.max_retries + 1),
            retry=retry_if_exception_type(_Fault),
            wait=_wait,
        )
        try:
            async for attempt in attempts:
                with attempt:
                    reply = await self._try(body, faults)
        except (RetryError, _Refused):
            reply = None
        return Answer(reply, tuple(faults), round((time.monotonic() - began) * 1000))

    async def _try(self, body: dict[str, Any], faults: list[Attempt]) -> Reply:
        try:
            async with asyncio.timeout(self._endpoint.timeout):
                return _read_reply(await self._post(body))
        except TimeoutError:
            fault = _Fault(Attempt("timeout", None))
        except _Fault as error:
            fault = error
        except _Refused as error:
            faults.append(error.attempt)
            raise
        faults.append(fault.attempt)
        raise fault

    async def _post(self, body: dict[str, Any]) -> bytes:
        from openai import APIConnectionError, APIStatusError, APITimeoutError  # noqa: PLC0415

        rest = {name: value for name, value in body.items() if name not in ("model", "messages")}
        try:
            response = await self._client.chat.completions.with_raw_response.create(
                model=body["model"], messages=body["messages"], extra_body=rest
            )
        except APITimeoutError:
            raise _Fault(Attempt("timeout", None)) from None
        except APIConnectionError:
            raise _Fault(Attempt("connection", None)) from None
        except APIStatusError as error:
            raise self._refusal(error.status_code, error.response.headers) from None
        return response.content

    def _refusal(self, status: int, headers: Mapping[str, str]) -> Exception:
        if status in _DENIED:
            where = self._endpoint.base_url or "the API"
            return Denied(f"model: {where} {_DENIED[status]} (status {status})")
        if status in _UNSUPPORTED:
            return _Refused(Attempt("status", status))
        return _Fault(Attempt("status", status), _retry_after(headers.get("retry-after")))


class _Refused(Exception):
    """An attempt failed in a way that no repetition mends."""

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt
        super().__init__(attempt.fault)


class _Fault(Exception):
    """An attempt failed in a way that may pass; *wait* is what the API asked for, in seconds."""

    def __init__(self, attempt: Attempt, wait: float | None = None) -> None:
        self.attempt = attempt
        self.wait = wait
        super().__init__(attempt.fault)


def _wait(state: "RetryCallState") -> float:
    from tenacity import wait_random_exponential  # noqa: PLC0415 - only where a model is asked

    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, _Fault) and error.wait is not None:
        return error.wait
    return wait_random_exponential(multiplier=0.5, max=_LONGEST_WAIT)(state)


def _retry_after(value: str | None) -> float | None:
    """Return the seconds of a Retry-After header, at most a minute; None if it has no number."""
    try:
        return min(max(float(value or ""), 0.0), _LONGEST_WAIT)
    except ValueError:
        return None
