"""
What an episode needs of a log, wherever the log keeps its events.

``EventLog`` is the implementation that refold ships; an ``Episode`` knows only this protocol.
"""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from refold.engine.log.info import EpisodeRecord
from refold.engine.stream import Stream


class Tail(Struct, frozen=True, gc=False):
    """
    The end of an episode's stream as its writer last saw it: an optimistic lock.

    An append is accepted only if the stream still ends there.

    Attributes:
        key: The log's own number for the episode.
        seq: Seq of the next event.
        head: Head of the hash chain so far, 32 bytes.
    """

    key: int
    seq: int
    head: bytes


class Log(Protocol):
    """Many event streams, one for each episode. Append-only."""

    def begin(self, record: EpisodeRecord, payloads: Sequence[bytes], *, end: bool = False) -> Tail:
        """
        Store a new episode with its first events, all or none; *end* if there will be no more.

        Raises:
            EpisodeExists: The log holds an episode of that id already.
        """

    def append(self, tail: Tail, payloads: Sequence[bytes], *, end: bool = False) -> Tail:
        """
        Store *payloads* right after *tail*, all or none, and return the new tail.

        Raises:
            StaleWriter: The episode has been appended to since *tail* was current.
        """

    def find(self, reference: str) -> EpisodeRecord:
        """
        Return the episode that *reference* names: an id, or what else the log takes.

        Raises:
            UnknownEpisode: There is none.
            AmbiguousEpisode: Several fit, and it is no whole id.
        """

    def tail(self, reference: str) -> Tail:
        """
        Return the current tail of an episode; raises as ``find`` does.

        Raises:
            LogDamaged: Its events have not the seqs 0, 1, 2 and so on.
        """

    def events(self, reference: str) -> Stream:
        """
        Return the event stream of an episode, its hash chain checked; raises as ``find`` does.

        Raises:
            LogDamaged: The chain is broken, or an event cannot be read.
        """
