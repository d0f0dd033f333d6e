"""
A worker process: takes blocks of items as it gets to them, and sends back what came of each.

It ends when its parent does, in whatever way that ends.
"""

import os
import traceback
from collections import deque
from collections.abc import Iterator
from itertools import islice
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any

from refold.engine.log.left_out import LeftOut
from refold.jobs.messages import Block, BlockDone, Entry, Kind, SentError, There


def serve_blocks(connection: Connection, there: There[Any, Any]) -> None:
    """Go through the blocks that *connection* gives until it gives None; send what came of them."""
    Thread(target=_end_with_parent, daemon=True).start()
    try:
        _Worker(connection).go_through(there)
    except (EOFError, ConnectionError):  # the parent is gone, and nobody waits for an answer
        pass
    finally:
        connection.close()


def _end_with_parent() -> None:
    """Wait for the end of the parent, whatever else this process waits for, and end it too."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


class _Worker:
    """The state of a worker: blocks taken and not sent back yet, and items without a result."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._left_out = LeftOut()
        self._noted: set[tuple[int, int]] = set()
        self._told = 0  # of what was left out
        self._early: list[str] = []  # lines before the first item
        self._blocks: dict[int, list[Entry]] = {}
        self._pending: deque[tuple[int, int, Any]] = deque()
        self._taken = (-1, 0)  # block and place of the last item taken

    def go_through(self, there: There[Any, Any]) -> None:
        try:
            with there(self._left_out, self._tell) as run:
                for item, result in run(self._items()):
                    self._note_left_out()
                    self._add_result(item, result)
                self._note_left_out()
        except (EOFError, ConnectionError):
            raise
        except BaseException as error:  # raised again, in the parent
            self._note_left_out()
            for line in self._early:
                self._add(*self._current, Kind.LINE, line)
            self._add(*self._current, Kind.ERROR, SentError(error, traceback.format_exc()))
        self._send_done(None)
        self._connection.send(None)

    def _items(self) -> Iterator[Any]:
        self._connection.send(True)  # one more than is needed, so that no time is spent waiting
        while True:
            self._send_done(self._pending[0][0] if self._pending else None)
            self._connection.send(True)
            block: Block | None = self._connection.recv()
            if block is None:
                return
            self._blocks[block.number] = []
            for place, item in enumerate(block.items):
                self._taken = (block.number, place)
                self._pending.append((*self._taken, item))
                self._add_early_lines()
                yield item
                self._note_left_out()

    def _add_early_lines(self) -> None:
        """Add what was told before the first item, as every worker does, for the first block."""
        number, place = self._taken
        if number == 0:
            for line in self._early:
                self._add(number, place, Kind.LINE, line)
        self._early.clear()

    @property
    def _current(self) -> tuple[int, int]:
        """Block and place of the first item that nothing has come of; else of the last one."""
        places = (each[:2] for each in self._pending if each[:2] not in self._noted)
        return next(places, self._taken)

    def _tell(self, line: str) -> None:
        if self._taken[0] < 0:
            self._early.append(line)
        else:
            self._add(*self._current, Kind.LINE, line)

    def _note_left_out(self) -> None:
        """Add what was left out since the last time: it is the item taken last."""
        problems = self._left_out.problems
        for each in islice(problems.items(), self._told, None):
            self._add(*self._taken, Kind.LEFT_OUT, each)
            self._noted.add(self._taken)
        self._told = len(problems)

    def _add_result(self, item: Any, result: Any) -> None:
        # Whatever comes before it had no result, and will have none.
        number, place, each = self._pending.popleft()
        while each is not item:
            number, place, each = self._pending.popleft()
        self._add(number, place, Kind.RESULT, result)

    def _add(self, number: int, place: int, kind: Kind, value: Any) -> None:
        self._blocks.setdefault(number, []).append(Entry(place, kind, value))

    def _send_done(self, current: int | None) -> None:
        """Send the blocks before the block *current*, all of them if None."""
        for number in [each for each in self._blocks if current is None or each < current]:
            entries = self._blocks.pop(number)
            self._noted = {each for each in self._noted if each[0] != number}
            entries.sort(key=lambda entry: entry.place)  # stable
            self._connection.send(BlockDone(number, entries))
