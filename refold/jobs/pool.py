"""
Worker processes, to which items are dealt; what came of them is given in the order of the items.

Workers take blocks as they get to them, so that none waits for another. An error is raised where
one process would have raised it: after the results of all items before it. When the results are
not wanted any longer, or the process is interrupted, the workers are ended.
"""

import signal
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, Self

from attrs import define, field

from refold.engine import RefoldError
from refold.jobs.messages import Block, BlockDone, Entry, ItemT, There
from refold.jobs.worker import serve_blocks

_BEFORE_ALL = -1  # the number of a block of no items, for an error before the first one
_MOST_AHEAD = 16  # blocks for each worker that may be done before their turn


class WorkerLost(RefoldError):
    """A worker process ended before its work was done."""

    def __init__(self, code: int | None) -> None:
        died = code is not None and code < 0
        how = f"by {signal.Signals(-code).name}" if died and code else f"with exit code {code}"
        super().__init__(
            f"worker process: expected it to finish its episodes, got its end {how}; "
            "if memory is short, `--jobs 1` needs the least"
        )


class _Worker:
    """A worker process, seen from its parent."""

    def __init__(self, there: There[Any, Any]) -> None:
        context = get_context("spawn")  # a fork would share SQLite's locks and whatever is open
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=serve_blocks, args=(theirs, there), daemon=True)
        self._process.start()
        theirs.close()  # so that the end of the process is seen here
        self.blocks: set[int] = set()
        self._finishes = False

    def send(self, block: Block | None) -> None:
        """Send *block* to go through; None, of which it needs but one, if there are no more."""
        if self._finishes:
            return
        self._finishes = block is None
        if block is not None:
            self.blocks.add(block.number)
        with suppress(ConnectionError):  # it has ended, which is told when it is listened to
            self.connection.send(block)

    def receive(self) -> Any:
        """
        Return what the worker says; to be called if there is something.

        Raises:
            WorkerLost: It has ended.
        """
        try:
            return self.connection.recv()
        except (EOFError, ConnectionError):
            self._process.join()
            raise WorkerLost(self._process.exitcode) from None

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self.connection.close()
        self._process.terminate()
        self._process.join()
        self._process.close()


@define
class _Dealt(Generic[ItemT]):
    """
    Items dealt as blocks, and what came of them.

    Attributes:
        block: Number of items that are dealt at once.
        turn: Number of the block whose results are next.
        error: What taking an item has raised: no more of them.
    """

    items: Iterator[ItemT]
    block: int
    turn: int = 0
    error: Exception | None = None
    _count: int = 0
    _blocks: dict[int, Sequence[ItemT]] = field(factory=dict)
    _done: dict[int, Sequence[Entry]] = field(factory=dict)

    @property
    def ahead(self) -> int:
        """Number of blocks dealt whose turn has not come."""
        return self._count - self.turn

    def deal(self) -> Block | None:
        """Return the next block; None if there are no more items."""
        taken: list[ItemT] = []
        if self.error is None:
            try:
                for item in islice(self.items, self.block):
                    taken.append(item)  # noqa: PERF402 - what comes before an error counts
            except Exception as error:  # raised when its turn has come
                self.error = error
        if not taken:
            return None
        self._blocks[self._count] = taken
        self._count += 1
        return Block(self._count - 1, taken)

    def add(self, done: BlockDone) -> None:
        """Keep what came of a block."""
        self._done[done.number] = done.entries

    def take_turns(self) -> Iterator[tuple[Sequence[ItemT], Sequence[Entry]]]:
        """Yield the blocks whose turn it is, each with what came of it."""
        if _BEFORE_ALL in self._done:
            yield (), self._done.pop(_BEFORE_ALL)
        while self.turn in self._done:
            done = self._blocks.pop(self.turn, ()), self._done.pop(self.turn)
            self.turn += 1
            yield done


class Pool:
    """Worker processes; use it in a ``with``."""

    def __init__(self, there: There[Any, Any], jobs: int) -> None:
        self._there = there
        self._jobs = jobs
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        # Ctrl-C is for this process, which then ends the workers; a mask is handed down.
        resource_tracker.ensure_running()  # it would lift the mask when the first worker starts
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            for _ in range(self._jobs):
                self._workers.append(_Worker(self._there))
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.end()

    def results(
        self, items: Iterable[ItemT], block: int
    ) -> Iterator[tuple[Sequence[ItemT], Sequence[Entry]]]:
        """Yield *items* by the *block*, in order, each block with what came of it."""
        dealt = _Dealt(iter(items), block)
        asking: list[_Worker] = []
        working = {worker.connection: worker for worker in self._workers}
        while working:
            for connection in wait(list(working)):
                assert isinstance(connection, Connection)
                worker = working[connection]
                said = worker.receive()
                if said is None:
                    del working[connection]
                elif isinstance(said, BlockDone):
                    worker.blocks.discard(said.number)
                    dealt.add(said)
                else:
                    asking.append(worker)
            # Before the results are taken, which takes time, and once more when there is room.
            asking = self._serve(asking, dealt)
            yield from dealt.take_turns()
            asking = self._serve(asking, dealt)
        if dealt.error is not None:
            raise dealt.error

    def _serve(self, asking: Iterable[_Worker], dealt: _Dealt[Any]) -> list[_Worker]:
        """Send each its next block, or that there is none; return those that have to wait."""
        waiting = []
        for worker in asking:
            # Who has the block whose turn it is may need more items before it gives the results.
            if dealt.ahead < _MOST_AHEAD * self._jobs or dealt.turn in worker.blocks:
                worker.send(dealt.deal())
            else:
                waiting.append(worker)
        return waiting
