"""
Limits on the heads of requests: how long one may take to arrive, and how large it may be.

uvicorn's own limits are for connections that do nothing. Who sends a head letter by letter could
keep all places taken, who sends one without end all memory.
"""

from asyncio import TimerHandle, Transport

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 20.0
LARGEST_HEAD = 2**16


class TimedHeads(HttpToolsProtocol):
    """HTTP as uvicorn speaks it; a connection is closed if a head is beyond the limits."""

    _late: TimerHandle | None = None
    _rest: TimerHandle | None = None
    _size = 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as there
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._late = self.loop.call_later(HEAD_SECONDS, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._in_time()
        self._whole()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Begin to wait for the rest of a further head."""
        if self._late is None:
            self._late = self.loop.call_later(HEAD_SECONDS, self.transport.close)
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Wait no longer."""
        self._in_time()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Begin to wait for the rest of a body that the answer did not need."""
        super().on_response_complete()
        if self.cycle.response_complete and self.cycle.more_body:
            self._rest = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def on_message_complete(self) -> None:
        """Wait no longer."""
        self._whole()
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        """Take *data*, and count it while a head is not whole."""
        super().data_received(data)
        self._size = self._size + len(data) if self._late is not None else 0
        if self._size > LARGEST_HEAD:
            self.transport.close()

    def _whole(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None

    def _in_time(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
