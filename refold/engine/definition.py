"""A scenario as the engine sees it: its canonical JSON, of which it reads only the header."""

from functools import lru_cache
from typing import Protocol

import msgspec
from msgspec import Struct

from refold.engine.errors import RefoldError


class Header(Struct, frozen=True):
    """The part of a scenario's JSON that the engine reads; the rest is the family's."""

    name: str
    family: str
    rules: int


class Definition(Protocol):
    """A scenario that episodes can be started from."""

    @property
    def seed(self) -> int:
        """The scenario's own seed, used when none is asked for."""

    @property
    def body(self) -> bytes:
        """Canonical JSON of the whole scenario; begins every stream of it."""


_decode_header = msgspec.json.Decoder(Header).decode


@lru_cache(maxsize=64)  # a run plays few scenarios many times, and their JSON may be long
def header_of(scenario: bytes) -> Header:
    """
    Return name, family and rules version of a scenario's JSON.

    Raises:
        RefoldError: It is no scenario.
    """
    try:
        return _decode_header(scenario)
    except msgspec.MsgspecError as error:
        raise RefoldError(f"scenario: expected name, family and rules, got {error}") from None
