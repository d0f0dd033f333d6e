"""A log that is written in batches, for recorders that cannot wait for it at each step."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from itertools import count
from threading import get_ident

from attrs import Factory, define, evolve

from refold.engine import EventLog, Stream
from refold.engine.chain import GENESIS, chain_heads
from refold.engine.log.info import EpisodeRecord, utc_now
from refold.engine.log.protocol import Tail

_Key = tuple[str, int, int]
_shared: dict[_Key, EventLog] = {}
_users: Counter[_Key] = Counter()


def open_shared(path: str) -> tuple[EventLog, Callable[[], None]]:
    """
    Return the log at *path*, one for all in this thread that write to it, and what lets go of it.

    It is closed when the last of them has let go. Raises as ``EventLog`` does.
    """
    key = os.path.realpath(path), os.getpid(), get_ident()
    if key not in _shared:
        _shared[key] = EventLog(path)
    _users[key] += 1

    def let_go() -> None:
        _users[key] -= 1
        if not _users[key]:
            _shared.pop(key).close()

    return _shared[key], let_go


@define
class _Waiting:
    """An episode's events that wait: at the *tail* of what is stored, None before its beginning."""

    record: EpisodeRecord
    tail: Tail | None = None
    payloads: list[bytes] = Factory(list)
    end: bool = False


class BatchedLog:
    """
    A log for episodes whose events wait until ``flush`` stores all of them in one transaction.

    Args:
        log: Where they are stored.
    """

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._keys = count()
        self._waiting: dict[int, _Waiting] = {}

    def begin(self, record: EpisodeRecord, payloads: Sequence[bytes], *, end: bool = False) -> Tail:
        """Let a new episode with its first events wait, as ``Log.begin`` stores it."""
        key = next(self._keys)
        self._waiting[key] = _Waiting(record)
        return self.append(Tail(key, 0, GENESIS), payloads, end=end)

    def append(self, tail: Tail, payloads: Sequence[bytes], *, end: bool = False) -> Tail:
        """Let *payloads* wait, as ``Log.append`` stores them."""
        waiting = self._waiting[tail.key]
        waiting.payloads += payloads
        if end:
            waiting.end = True
            waiting.record = evolve(waiting.record, ended_at=utc_now())
        head = chain_heads(payloads, head=tail.head, seq=tail.seq)[-1] if payloads else tail.head
        return Tail(tail.key, tail.seq + len(payloads), head)

    def flush(self) -> None:
        """
        Store all that waits; raises as ``EventLog.append`` does, and all of it waits on then.

        Raises:
            LogBusy, DiskFull: It cannot be stored now.
        """
        due = {key: each for key, each in self._waiting.items() if each.payloads}
        if not due:
            return
        # What is stored of one episode is a transaction already.
        with self._log.transaction() if len(due) > 1 else nullcontext():
            tails = {key: self._store(each) for key, each in due.items()}
        for key, tail in tails.items():
            if due[key].end:
                del self._waiting[key]
            else:
                due[key].tail, due[key].payloads = tail, []

    def _store(self, waiting: _Waiting) -> Tail:
        if waiting.tail is None:
            return self._log.begin(waiting.record, waiting.payloads, end=waiting.end)
        return self._log.append(waiting.tail, waiting.payloads, end=waiting.end)

    def find(self, reference: str) -> EpisodeRecord:
        """Return an episode of what is stored, as ``Log.find`` does."""
        return self._log.find(reference)

    def tail(self, reference: str) -> Tail:
        """Return the tail of an episode of what is stored, as ``Log.tail`` does."""
        return self._log.tail(reference)

    def events(self, reference: str) -> Stream:
        """Return the events of an episode of what is stored, as ``Log.events`` does."""
        return self._log.events(reference)
