"""What tells scenarios apart, whatever their rubrics: equal keys mean equal parameters."""

from functools import lru_cache
from hashlib import sha256

import msgspec
from msgspec import Raw, Struct

from refold.engine.definition import header_of

ScenarioKey = tuple[str, str, int, str]
"""Name, family, rules and the digest of the parameters."""


class _ScenarioBody(Struct):
    """The parameters in a scenario's JSON; they are hashed as they stand, never re-encoded."""

    parameters: Raw


_decode_body = msgspec.json.Decoder(_ScenarioBody).decode


@lru_cache(maxsize=64)  # keyed by the scenario's bytes, which the episodes of a run share
def scenario_key(body: bytes) -> ScenarioKey:
    """Return what tells the scenario apart whose canonical JSON is *body*, whatever its rubric."""
    header = header_of(body)
    parameters = sha256(bytes(_decode_body(body).parameters)).hexdigest()
    return header.name, header.family, header.rules, parameters
