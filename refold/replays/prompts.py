"""What models were told at the beginning of a conversation, and how two such texts differ."""

from difflib import unified_diff

from refold.engine import Stream
from refold.engine.exchanges import ModelCalled


def told_prompt(stream: Stream) -> str | None:
    """Return the system message in force at the end of *stream*; None if no model was told one."""
    for event in reversed(stream):
        if isinstance(event, ModelCalled):
            for message in reversed(event.sent):
                if message.get("role") == "system":
                    return str(message.get("content") or "")
    return None


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
