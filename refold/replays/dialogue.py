"""
The dialogue of agent and model, without what never repeats: call ids, latency, token counts.

So two runs can be compared by what was asked and answered, and the first difference named as the
cause of what follows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from refold.engine import Event
from refold.engine.exchanges import (
    ActionForfeited,
    ModelCalled,
    ModelConfigured,
    ProgramLoaded,
    Reply,
    ReplyUnread,
)
from refold.replays.stepping import Step

Utterance = tuple[str, Any]
"""
Kind and content: ``model`` (its configuration from here on, or the program that plays), ``prompt``
or ``reply``.
"""


def dialogue_by_step(walked: Iterable[Step]) -> list[tuple[Utterance, ...]]:
    """Return the utterances in each of *walked*, the steps of a stream from its start."""
    configured = None
    found = []
    for step in walked:
        said: list[Utterance] = []
        for event in step.events:
            if isinstance(event, ModelConfigured):
                asked = _without_text(event)
                if asked != configured:
                    said.append(("model", asked))
                configured = asked
            else:
                said.extend(_utterances(event))
        found.append(tuple(said))
    return found


def _without_text(event: ModelConfigured) -> ModelConfigured:
    # A text of the user's is told to the model, and counts as a prompt there.
    return event if event.text is None else replace(event, prompt=event.own_prompt, text=None)


def _utterances(event: Event) -> Iterator[Utterance]:
    match event:
        case ProgramLoaded():
            yield "model", event
        case ModelCalled():
            yield "prompt", _request_content(event)
            yield "reply", _reply_content(event.reply) if event.reply else None
        case ReplyUnread() | ActionForfeited():
            yield "reply", event.reason


def _request_content(event: ModelCalled) -> tuple[Any, ...] | None:
    """Return what was asked; None if that is unknown, as of a run that another tool recorded."""
    return (tuple(map(_without_call_id, event.sent)), event.first) if event.request else None


def _without_call_id(message: Mapping[str, Any]) -> dict[str, Any]:
    # APIs invent a new id for each call: equal dialogues would never be equal.
    return {key: value for key, value in message.items() if key != "tool_call_id"}


def _reply_content(reply: Reply) -> tuple[Any, ...]:
    return reply.text, tuple((call.name, call.arguments) for call in reply.tool_calls)


def cause_of_other_action(
    a: Sequence[tuple[Utterance, ...]], b: Sequence[tuple[Utterance, ...]]
) -> str:
    """
    Return why two agents chose differently, given their dialogues *a* and *b* up to then.

    ``model``, ``prompt`` or ``reply``, whichever differs first; ``action`` if none differs, if
    one of the agents is not a model, or if it is not known what the models were asked.
    """
    asked: Any = None
    for one, other in zip(_flatten(a), _flatten(b), strict=False):
        if one == other:
            asked = one[1] if one[0] == "prompt" else asked
            continue
        kinds = {one[0], other[0]}
        if kinds == {"reply"} and asked is None:
            return "action"
        return one[0] if len(kinds) == 1 else "model" if "model" in kinds else "prompt"
    return "action"


def _flatten(said: Sequence[tuple[Utterance, ...]]) -> Iterator[Utterance]:
    return (each for step in said for each in step)
