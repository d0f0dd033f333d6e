"""
One episode's event stream as a value.

A stream is immutable and knows the digest of its stored bytes, so that whatever is derived from
it (a grade, an export, a comparison) can name exactly what it was derived from.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, overload

from refold.engine.chain import chain_heads
from refold.engine.codec import FORMAT, codec_of, encode, opening_of
from refold.engine.errors import LogDamaged
from refold.engine.events import EpisodeStarted, Event
from refold.engine.family import Family
from refold.engine.upcasting import UPCASTS, Upcast, upcast


class Stream(Sequence[Event]):
    """
    The events of one episode in seq order, without gaps: a read-only sequence.

    Can be pickled and copied where the family is installed.

    Attributes:
        family: The rules that the events belong to.
        payloads: The stored bytes of each event.
        digest: Hex head of the hash chain over the payloads. Equal digests mean equal
            streams, in any log, on any machine.
        current: The bytes of each event in this release's format: the payloads themselves,
            unless an older release stored them.
    """

    def __init__(
        self,
        family: Family,
        events: Sequence[Event],
        payloads: Sequence[bytes],
        digest: str,
        *,
        current: Sequence[bytes] | None = None,
    ) -> None:
        self.family = family
        self.payloads = tuple(payloads)
        self.digest = digest
        self.current = self.payloads if current is None else tuple(current)
        self._events = events

    @classmethod
    def read(
        cls,
        payloads: Sequence[bytes],
        *,
        head: bytes | None = None,
        episode: str,
        upcasts: Mapping[int, Upcast] = UPCASTS,
    ) -> "Stream":
        """
        Return the stream of the stored *payloads*.

        Args:
            payloads: The stored bytes of each event from the first on, at least one.
            head: Head of the chain over them; computed if None.
            episode: Id of the episode, for errors.
            upcasts: Functions that read older formats, by format.

        Raises:
            LogDamaged: A payload is no event of the family that the first one names, or the
                stream is of a format that no function reads.
            UnknownName: No installed package provides that family.
        """
        if not payloads:
            raise LogDamaged(episode, 0, "expected episode_started, got no events")
        opening = opening_of(payloads[0], episode=episode)
        codec = codec_of(opening.scenario.family, opening.scenario.rules)
        digest = (head or chain_heads(payloads)[-1]).hex()
        if opening.format == FORMAT:
            events = codec.events(payloads, episode=episode)
            return cls(codec.family, events, payloads, digest)
        upcasted = upcast(payloads, of=opening.format, to=FORMAT, upcasts=upcasts, episode=episode)
        events = codec.events(upcasted, episode=episode)
        # Encoded from the events: plain JSON that was upcast may lack the canonical field order.
        current = [encode(event) for event in events]
        return cls(codec.family, events, payloads, digest, current=current)

    def __reduce__(self) -> tuple[Any, ...]:
        # By the stored bytes: a family is made of functions, some of which cannot be pickled.
        return _unpickle, (self.payloads, self.digest)

    def __repr__(self) -> str:
        name = f"{self.family.name}.{self.family.rules}"
        return f"<Stream of {len(self)} events by {name}, digest {self.digest[:12]}>"

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events)

    @overload
    def __getitem__(self, seq: int) -> Event: ...
    @overload
    def __getitem__(self, seq: slice) -> Sequence[Event]: ...
    def __getitem__(self, seq: int | slice) -> Event | Sequence[Event]:
        return self._events[seq]

    @property
    def started(self) -> EpisodeStarted:
        """The first event."""
        first = self._events[0]
        assert isinstance(first, EpisodeStarted)
        return first

    def prefix(self, count: int) -> "Stream":
        """Return the stream of the first *count* events, at least one."""
        payloads = self.payloads[:count]
        digest = chain_heads(payloads)[-1].hex()
        events = self._events[:count]
        return Stream(self.family, events, payloads, digest, current=self.current[:count])

    @cached_property
    def scenario(self) -> bytes:
        """Canonical JSON of the scenario, as the first event holds it."""
        return bytes(self.started.scenario)


def _unpickle(payloads: Sequence[bytes], digest: str) -> Stream:
    return Stream.read(payloads, head=bytes.fromhex(digest), episode="(pickled)")
