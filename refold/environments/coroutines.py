"""Waiting for coroutines from code that is none, also while another loop runs in this thread."""

import asyncio
from collections.abc import Coroutine
from threading import Thread
from typing import Any


class Waiter:
    """
    Runs coroutines, one at a time, in a loop of its own.

    All in the same loop, since connections belong to the loop that opened them.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def wait(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Return what *coroutine* returns, or raise what it raises."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def close(self) -> None:
        """End the loop."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
