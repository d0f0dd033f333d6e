"""
An episode as a path: the states that it came through, what was chosen there, and what happened.

Free text is left out of actions: two agents that answer the same e-mail in other words choose the
same. Memory is that of digests and short labels, whatever states hold.
"""

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from itertools import pairwise
from typing import Any

from attrs import frozen
from msgspec import Struct
from msgspec.structs import replace

from refold.engine import ActionRefused, ActionTaken, Event, Stream
from refold.engine.codec import encode
from refold.replays.stepping import Step, steps
from refold.reports.outcomes import Outcome

FREE_TEXT = ("content", "rationale", "message")
"""Fields of actions that hold words of the agent."""

_NUMBER = re.compile(r"\d+(\.\d+)?")

Node = tuple[int, bytes]
"""A number of actions taken and the digest of what there was to see then."""


@frozen
class Path:
    """
    One episode of a group.

    Attributes:
        id: The episode.
        agent: Who played.
        seed: Its random seed.
        passed: Whether its score is a pass.
        moves: Where it chose and what, in words without free text, first to last.
        happened: Its own events in words without numbers; where an external environment says what
            happens, the actions.
    """

    id: str
    agent: str
    seed: int
    passed: bool
    moves: tuple[tuple[Node, str], ...]
    happened: frozenset[str]


def path_of(outcome: Outcome, stream: Stream, *, pass_at: float) -> Path:
    """Return the path of the episode with *outcome* and events *stream*."""
    walked = list(steps(stream))
    return Path(
        id=outcome.id,
        agent=outcome.agent,
        seed=outcome.seed,
        passed=outcome.score >= pass_at,
        moves=tuple(_moves(stream, walked)),
        happened=frozenset(_happened(stream)),
    )


def _moves(stream: Stream, walked: list[Step]) -> Iterator[tuple[Node, str]]:
    for before, step in pairwise(walked):
        if step.action is not None:
            # Orders that commute meet again: a node is where an episode is, not how it came there.
            node = before.position, _digest(stream, before.state)
            yield node, stream.family.say(without_text(step.action))


def _digest(stream: Stream, state: Any) -> bytes:
    family = stream.family
    seen = _without_call_ids(family.observe(state)) if family.answered else family.view(state)
    return sha256(encode(seen)).digest()[:16]


def _without_call_ids(observation: Any) -> Any:
    messages = observation.get("messages") if isinstance(observation, Mapping) else None
    if not isinstance(messages, list):
        return observation
    return [
        {name: value for name, value in each.items() if name != "tool_call_id"}
        if isinstance(each, dict)
        else each
        for each in messages
    ]


def without_text(action: Any) -> Any:
    """Return *action* without its free text; one that is nothing else says ``…``."""
    if isinstance(action, Struct):
        texts = (name for name in FREE_TEXT if isinstance(getattr(action, name, None), str))
        return replace(action, **dict.fromkeys(texts, ""))
    if isinstance(action, dict):
        rest = {name: value for name, value in action.items() if name not in FREE_TEXT}
        return rest or {"content": "…"}
    return action


def _happened(stream: Stream) -> Iterator[str]:
    family = stream.family
    for event in stream:
        if family.answered:
            if isinstance(event, ActionTaken):
                yield _without_numbers(family.say(without_text(event.action)))
        elif isinstance(event, (*family.events, ActionRefused)):
            yield _without_numbers(_say(stream, event))


def _say(stream: Stream, event: Event) -> str:
    return stream.family.say(event)


def _without_numbers(text: str) -> str:
    return _NUMBER.sub("N", text)
