"""The moments of an episode worth a look: those that every family has, and a family's own."""

from collections.abc import Iterator, Mapping
from typing import Any

from refold.engine import ActionRefused, Family, Reseeded
from refold.engine.exchanges import ActionForfeited, ModelCalled, ReplyUnread
from refold.engine.presentation import Mark, Placed, Say

MISTAKE = "mistake"
"""A decision that the rules call wrong: known once the episode has ended, hidden before."""


def find_marks(
    family: Family, placed: Placed, say: Say, steps: int, parameters: Mapping[str, Any]
) -> list[Mark]:
    """
    Return the marks of an episode by position.

    Args:
        family: Its family.
        placed: Its events with the position that their step leads to.
        say: Puts an event into words.
        steps: Number of whole steps.
        parameters: The scenario's parameters as recorded.
    """
    own = family.timeline.marks(placed, say, steps, parameters)
    return sorted([*_shared_marks(placed, say), *own], key=lambda mark: mark[0])


def _shared_marks(placed: Placed, say: Say) -> Iterator[Mark]:
    """Yield the marks that every family has: refusals, other seeds, answers of no use."""
    for position, event in placed:
        match event:
            case ActionRefused():
                yield position, "refused", say(event)
            case Reseeded():
                yield position, "operator", say(event)
            case ReplyUnread() | ActionForfeited() | ModelCalled(reply=None):
                yield position, "parse", say(event)
