"""
Events to bytes and back, and the hash chain over the bytes.

Encoding is canonical: equal events give equal bytes, in any process. The bytes that were stored
are what is hashed, exported and copied; nobody encodes an event again to hash it.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import sha256
from typing import Any, Union

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from refold.engine.definition import Header
from refold.engine.errors import InvalidAction, LogDamaged
from refold.engine.events import SHARED_EVENTS, ActionTaken, Event
from refold.engine.exchanges import EXCHANGE_EVENTS
from refold.engine.family import Family
from refold.engine.registry import find_family

FORMAT = 1
"""Version of the event schema that this release writes."""

GENESIS = sha256(b"refold event chain 1").digest()
"""Head of an empty chain. The first event holds the whole scenario, so its hash covers that."""

encode = msgspec.json.Encoder(order="deterministic").encode
"""Return the canonical JSON of an event, or of any other value of refold."""


class Opening(Struct, tag_field="type", tag="episode_started"):
    """What tells how to read a stream: the part of ``EpisodeStarted`` that never changes."""

    format: int
    scenario: Header


_decode_opening = msgspec.json.Decoder(Opening).decode


def link(head: bytes, seq: int, payload: bytes) -> bytes:
    """Return the 32-byte head of the chain after the event *payload* at *seq* follows *head*."""
    return sha256(head + seq.to_bytes(8, "big") + payload).digest()


def chain(payloads: Iterable[bytes], *, head: bytes = GENESIS, seq: int = 0) -> list[bytes]:
    """Return the chain's head after each of *payloads*, the first of which stands at *seq*."""
    heads = []
    for place, payload in enumerate(payloads, seq):
        head = link(head, place, payload)
        heads.append(head)
    return heads


class Codec:
    """Reads the events and actions of one family."""

    def __init__(self, family: Family) -> None:
        self.family = family
        taken: Any = ActionTaken[family.action]  # type: ignore[name-defined]  # known at run time
        kinds: Any = Union[(*SHARED_EVENTS, *EXCHANGE_EVENTS, taken, *family.events)]
        self._stream = msgspec.json.Decoder(list[kinds])
        self._event = msgspec.json.Decoder(kinds)
        self._action = msgspec.json.Decoder(family.action)

    def events(self, payloads: Sequence[bytes], *, episode: str) -> list[Event]:
        """
        Return the events of *payloads*, which are one stream from its beginning.

        Raises:
            LogDamaged: A payload is no event of this family.
        """
        try:
            events: list[Event] = self._stream.decode(b"[" + b",".join(payloads) + b"]")
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            events = []
        if len(events) == len(payloads):
            return events
        return [self._one(episode, seq, payload) for seq, payload in enumerate(payloads)]

    def _one(self, episode: str, seq: int, payload: bytes) -> Event:
        try:
            event: Event = self._event.decode(payload)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise LogDamaged(episode, seq, f"expected an event, got {error}") from None
        return event

    def action(self, given: Any) -> Any:
        """
        Return *given*, a dict or an action, as an action of the family.

        Raises:
            InvalidAction: It does not fit the family's action type.
        """
        try:
            plain = asdict(given) if isinstance(given, Struct) else given
            return self._action.decode(encode(msgspec.convert(plain, self.family.action)))
        except (msgspec.ValidationError, TypeError, ValueError, RecursionError) as error:
            name = self.family.name
            got = "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(error)[:300])
            raise InvalidAction(f"action: expected one of family {name}, got {got}") from None


@cache
def codec_of(name: str, rules: int) -> Codec:
    """
    Return the codec of the family *name* with the rules version *rules*.

    Raises:
        UnknownName: No installed package provides that family.
    """
    return Codec(find_family(name, rules))


def opening_of(payload: bytes, *, episode: str) -> Opening:
    """
    Return how to read the stream whose first event is *payload*.

    Raises:
        LogDamaged: It is no start of an episode, or of a newer format.
    """
    try:
        opening = _decode_opening(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise LogDamaged(episode, 0, f"expected episode_started, got {error}") from None
    if opening.format > FORMAT:
        problem = f"expected event format {FORMAT} or older, got {opening.format}"
        raise LogDamaged(episode, 0, f"{problem} (update refold to read it)")
    return opening


def codec_for(payload: bytes, *, episode: str) -> Codec:
    """
    Return the codec for the stream whose first event is *payload*.

    Raises:
        LogDamaged: It is no start of an episode, or of a newer format.
        UnknownName: No installed package provides its family.
    """
    scenario = opening_of(payload, episode=episode).scenario
    return codec_of(scenario.family, scenario.rules)
