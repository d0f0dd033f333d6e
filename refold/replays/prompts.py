"""What models were told at the beginning of a conversation, and how two such texts differ."""

from collections.abc import Mapping, Sequence
from difflib import unified_diff
from typing import Any

from refold.engine import Event, Stream
from refold.engine.exchanges import ModelCalled
from refold.scenarios.answered.events import EnvironmentBegan
from refold.scenarios.answered.said import messages_in


def told_prompt(stream: Stream) -> str | None:
    """Return the system message in force at the end of *stream*; None if no model was told one."""
    for event in reversed(stream):
        for message in reversed(_told_in(event)):
            if message.get("role") == "system":
                return str(message.get("content") or "")
    return None


def _told_in(event: Event) -> Sequence[Mapping[str, Any]]:
    """Return the messages of a request, or those that an environment began with."""
    if isinstance(event, ModelCalled):
        return event.sent
    return messages_in(event.observation) if isinstance(event, EnvironmentBegan) else ()


def prompt_difference(a: Stream, b: Stream, names: tuple[str, str] = ("A", "B")) -> list[str]:
    """
    Return the lines of a unified diff of what the models in *a* and *b* were told.

    Empty if that is the same, or if one of them has no model.
    """
    texts = told_prompt(a), told_prompt(b)
    if texts[0] is None or texts[1] is None or texts[0] == texts[1]:
        return []
    left, right = (text.splitlines() for text in texts if text is not None)
    return list(unified_diff(left, right, *names, n=1, lineterm=""))
