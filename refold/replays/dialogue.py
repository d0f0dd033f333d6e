"""
What agent and model said to each other, without what never repeats: ids, latency, tokens.

So two runs can be compared for what was asked and answered, and the first word that differs
told as the cause of what came after it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from refold.engine import Event
from refold.engine.exchanges import (
    ActionForfeited,
    ModelCalled,
    ModelConfigured,
    Reply,
    ReplyUnread,
)
from refold.replays.stepping import Step

Said = tuple[str, Any]
"""Kind and content: ``model`` (how it is asked from here on), ``prompt`` or ``reply``."""


def talk(walked: Iterable[Step]) -> list[tuple[Said, ...]]:
    """Return what was said in each of the steps *walked*, which are a stream's from its start."""
    configured = None
    found = []
    for step in walked:
        said: list[Said] = []
        for event in step.events:
            if isinstance(event, ModelConfigured):
                if event != configured:
                    said.append(("model", event))
                configured = event
            else:
                said.extend(_said(event))
        found.append(tuple(said))
    return found


def _said(event: Event) -> Iterator[Said]:
    match event:
        case ModelCalled():
            yield "prompt", (tuple(map(_message, event.sent)), event.first)
            yield "reply", _reply(event.reply) if event.reply else None
        case ReplyUnread() | ActionForfeited():
            yield "reply", event.reason


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in message.items() if key != "tool_call_id"}


def _reply(reply: Reply) -> tuple[Any, ...]:
    return reply.text, tuple((call.name, call.arguments) for call in reply.tool_calls)


def why_other_action(a: Sequence[tuple[Said, ...]], b: Sequence[tuple[Said, ...]]) -> str:
    """
    Return why two agents chose differently, of whom *a* and *b* are all that was said until then.

    ``model``, ``prompt`` or ``reply``: what differs first. ``action`` if nothing does, or if one
    of the two is no model.
    """
    for one, other in zip(_flat(a), _flat(b), strict=False):
        if one != other:
            kinds = {one[0], other[0]}
            return one[0] if len(kinds) == 1 else "model" if "model" in kinds else "prompt"
    return "action"


def _flat(said: Sequence[tuple[Said, ...]]) -> Iterator[Said]:
    return (each for step in said for each in step)
