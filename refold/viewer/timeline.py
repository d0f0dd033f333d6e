"""The marks of a timeline that every family has; a family's ``Timeline`` adds its own."""

from collections.abc import Iterator

from refold.engine import ActionRefused, Reseeded
from refold.engine.exchanges import ActionForfeited, ModelCalled, ReplyUnread
from refold.engine.presentation import Mark, Placed, Say


def shared_marks(placed: Placed, say: Say) -> Iterator[Mark]:
    """Yield the marks that every family has: refusals, other seeds, answers of no use."""
    for position, event in placed:
        match event:
            case ActionRefused():
                yield position, "refused", say(event)
            case Reseeded():
                yield position, "operator", say(event)
            case ReplyUnread() | ActionForfeited() | ModelCalled(reply=None):
                yield position, "parse", say(event)
