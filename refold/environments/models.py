"""
Models that environments call, such as one that plays a user, through the agents' client and key.

Their API is no part of a scenario, since a log holds no address.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Thread
from typing import Any

from attrs import frozen

from refold.agents.api_settings import read_settings
from refold.agents.client import Client, ModelResponse, Pace, Unavailable
from refold.agents.endpoint import Endpoint, find_endpoint
from refold.engine.errors import RefoldError
from refold.engine.exchanges import Reply

FindEndpoint = Callable[[], Endpoint]


def _endpoint_of_environment() -> Endpoint:
    return find_endpoint(read_settings(), base_url=None, api_key=None, timeout=120.0, max_retries=5)


@frozen
class _Asking:
    find: FindEndpoint
    pace: Pace | None


_USUALLY = _Asking(_endpoint_of_environment, pace=None)
_asking: ContextVar[_Asking] = ContextVar("asking", default=_USUALLY)


@contextmanager
def asking_at(find: FindEndpoint, *, pace: Pace | None = None) -> Iterator[None]:
    """
    Within this context, environments ask models behind the API that *find* returns.

    *pace* says when requests may begin, if anything does.
    """
    token = _asking.set(_Asking(find, pace))
    try:
        yield
    finally:
        _asking.reset(token)


class AskedModel:
    """
    Asks a model, one request at a time, from any thread; nothing is opened before the first.

    Requests run in a thread of their own, as environments are asked from within event loops, too.
    """

    def __init__(self) -> None:
        self._opened: _Opened | None = None
        self._asking: Future[ModelResponse] | None = None

    def ask(self, body: dict[str, Any]) -> Reply:
        """
        Return the reply to the chat completion request *body*.

        Without its ``temperature``, if the API refuses that.

        Raises:
            RefoldError: There is none. The words name no address, as they may be recorded.
        """
        response = self._complete(body)
        refused = response.faults[-1].parameter if response.faults else None
        if response.reply is None and refused == "temperature":
            response = self._complete({k: v for k, v in body.items() if k != "temperature"})
        if response.reply is None:
            fault = response.faults[-1]
            raise _no_reply(fault.cause or fault.fault)
        return response.reply

    def close(self) -> None:
        """Give up the request that is under way, if any, and close all connections."""
        if self._asking is not None:
            self._asking.cancel()
        if self._opened is not None:
            self._opened.close()
        self._opened = None

    def _complete(self, body: dict[str, Any]) -> ModelResponse:
        if self._opened is None:
            asking = _asking.get()
            self._opened = _Opened(asking.find(), asking.pace)
        self._asking = self._opened.begin(body)
        try:
            return self._asking.result()
        except Unavailable as error:
            raise _no_reply(error.cause) from None
        except CancelledError:
            raise _no_reply("interrupted") from None


class _Opened:
    """A client, and the thread in which its requests run."""

    def __init__(self, endpoint: Endpoint, pace: Pace | None) -> None:
        self._client = Client(endpoint)
        self._client.pace = pace
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def begin(self, body: dict[str, Any]) -> "Future[ModelResponse]":
        return asyncio.run_coroutine_threadsafe(self._client.complete(body), self._loop)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._client.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def _no_reply(cause: str) -> RefoldError:
    return RefoldError(
        f"user: expected a reply of the model that plays the user, got none ({cause}); check the "
        "model's name, --base-url and the key"
    )
