"""
One episode's events as a value.

A stream is immutable and knows the digest that its stored bytes have, so whatever is derived
from it (a grade, an export, a comparison) can say of what it was derived.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import overload

from refold.engine.codec import FORMAT, chain, codec_of, encode, opening_of
from refold.engine.errors import LogDamaged
from refold.engine.events import EpisodeStarted, Event
from refold.engine.family import Family
from refold.engine.upcasting import UPCASTS, Upcast, upcast


class Stream(Sequence[Event]):
    """
    The events of one episode in seq order, without gaps; a sequence, read only.

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
        Return the stream of stored *payloads*, at least one; *episode* is named in errors.

        Args:
            payloads: The stored bytes of each event from the first on.
            head: The chain's head over them, where the caller has computed it already.
            episode: What errors call the episode.
            upcasts: What reads older formats.

        Raises:
            LogDamaged: A payload is no event of the family that the first one names, or the
                stream is of a format that nothing reads.
            UnknownName: No installed package provides that family.
        """
        if not payloads:
            raise LogDamaged(episode, 0, "expected episode_started, got no events")
        opening = opening_of(payloads[0], episode=episode)
        codec = codec_of(opening.scenario.family, opening.scenario.rules)
        digest = (head or chain(payloads)[-1]).hex()
        if opening.format == FORMAT:
            events = codec.events(payloads, episode=episode)
            return cls(codec.family, events, payloads, digest)
        raised = upcast(payloads, of=opening.format, to=FORMAT, upcasts=upcasts, episode=episode)
        events = codec.events(raised, episode=episode)
        current = [encode(event) for event in events]
        return cls(codec.family, events, payloads, digest, current=current)

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

    @cached_property
    def scenario(self) -> bytes:
        """Canonical JSON of the scenario, as the first event holds it."""
        return bytes(self.started.scenario)
