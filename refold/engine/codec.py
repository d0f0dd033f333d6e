"""
Events to bytes and back.

Encoding is canonical: equal events give equal bytes, in any process. The bytes that were stored
are what is hashed, exported and copied; an event is never encoded again to hash it.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Union

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from refold.engine.definition import Header
from refold.engine.errors import InvalidAction, LogDamaged, UnstorableEvent
from refold.engine.events import SHARED_EVENTS, ActionTaken, Event
from refold.engine.exchanges import EXCHANGE_EVENTS
from refold.engine.family import Family
from refold.engine.registry import find_family
from refold.engine.values import encode_value, to_json_value

FORMAT = 1
"""Version of the event schema that this release writes."""

_encoder = msgspec.json.Encoder(order="deterministic")

encode = _encoder.encode
"""Return the canonical JSON of an event, or of any other value of refold."""


class Opening(Struct, tag_field="type", tag="episode_started"):
    """The part of ``EpisodeStarted`` that never changes; it says how to read the stream."""

    format: int
    scenario: Header


# Other fields are ignored here, so that streams of any later release can at least be named.
_decode_opening = msgspec.json.Decoder(Opening).decode


class Codec:
    """The decoders of one family's events and actions."""

    def __init__(self, family: Family) -> None:
        self.family = family
        # Decoders are costly to build and depend on the family only: one set for all its streams.
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
        # One call for the whole stream is several times as fast as one for each event. If it fails,
        # or finds another number of events, event by event shows which of them is wrong.
        try:
            events: list[Event] = self._stream.decode(b"[" + b",".join(payloads) + b"]")
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            events = []
        if len(events) == len(payloads):
            return events
        return [self._decode_one(episode, seq, payload) for seq, payload in enumerate(payloads)]

    def _decode_one(self, episode: str, seq: int, payload: bytes) -> Event:
        try:
            event: Event = self._event.decode(payload)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise LogDamaged(episode, seq, f"expected an event, got {error}") from None
        return event

    def payloads(self, events: Sequence[Event]) -> list[bytes]:
        """
        Return the bytes of each of *events* to store, checked to read back as the same bytes.

        Raises:
            UnstorableEvent: One would read back as another value, or not at all.
        """
        # msgspec checks no types when an event is made: an integer in a float's place is written
        # as one and read as a float. One call for all events, as in `events`; an event is a line.
        lines = _encoder.encode_lines(events)
        try:
            same = _encoder.encode_lines(self._event.decode_lines(lines)) == lines
        except (msgspec.MsgspecError, RecursionError):
            same = False
        payloads = lines.split(b"\n")[:-1]
        if same and len(payloads) == len(events):  # a ``Raw`` may hold line breaks of its own
            return payloads
        payloads = [encode(event) for event in events]
        for payload in payloads:
            self._check_payload(payload)
        return payloads

    def _check_payload(self, payload: bytes) -> None:
        """Raise ``UnstorableEvent`` if *payload* does not read back as the same bytes."""
        try:
            again = encode(self._event.decode(payload))
        except (msgspec.MsgspecError, RecursionError) as error:
            raise UnstorableEvent(_type_of(payload), str(error)) from None
        if again != payload:
            stored, read_back = map(msgspec.json.decode, (payload, again))
            path, was, read = _first_change(stored, read_back, "$")
            problem = f"expected {encode(read).decode()}, got {encode(was).decode()} - at `{path}`"
            raise UnstorableEvent(_type_of(payload), problem)

    def action(self, given: Any) -> Any:
        """
        Return *given*, a dict or an action, as an action of the family.

        Raises:
            InvalidAction: It does not fit the family's action type.
        """
        # Not every Struct was validated when it was made, and a dict may hold what JSON cannot:
        # through JSON and back, the live action is exactly what will be read from the log.
        try:
            plain = asdict(given) if isinstance(given, Struct) else given
            if self.family.answered:
                return self._answered_action(plain)
            return self._action.decode(encode(msgspec.convert(plain, self.family.action)))
        except (msgspec.ValidationError, TypeError, ValueError, RecursionError) as error:
            name = self.family.name
            # Part of the text may be the model's own; the error must stay one printable line.
            got = "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(error)[:300])
            raise InvalidAction(f"action: expected one of family {name}, got {got}") from None

    def _answered_action(self, given: Any) -> Any:
        """Return *given*, for an external environment, as JSON data; raises ``TypeError``."""
        if given is None:
            raise TypeError("null, which is no action")
        return self._action.decode(encode_value(to_json_value(given), "action"))


def _type_of(payload: bytes) -> str:
    return str(msgspec.json.decode(payload)["type"])


def _first_change(was: Any, read: Any, path: str) -> tuple[str, Any, Any]:
    """Return path and both forms of the first value that differs in the bytes it encodes to."""
    keys: Iterable[Any] = ()
    if isinstance(was, dict) and isinstance(read, dict) and was.keys() == read.keys():
        keys = was
    elif isinstance(was, list) and isinstance(read, list) and len(was) == len(read):
        keys = range(len(was))
    for key in keys:
        if encode(was[key]) != encode(read[key]):
            inner = f"[{key}]" if isinstance(was, list) else f".{key}"
            return _first_change(was[key], read[key], path + inner)
    return path, was, read


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
    Return the format and scenario header of the stream whose first event is *payload*.

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
