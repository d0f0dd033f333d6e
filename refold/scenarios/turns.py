"""One step while rules decide it."""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from refold.engine import Event

S = TypeVar("S")


class Turn(Generic[S]):
    """
    A step while it is decided: its events so far, and the state after them.

    Each phase of the rules sees what the earlier ones did by way of the reducer alone, so that
    the events hold the whole truth.

    Attributes:
        before: The state before the step.
        now: The state after the events so far.
        events: Those events.
    """

    __slots__ = ("_reduce", "before", "events", "now")

    def __init__(self, state: S, reduce: Callable[[S, Event], S]) -> None:
        self.before: Final = state
        self.now = state
        self.events: list[Event] = []
        self._reduce = reduce

    def emit(self, event: Event) -> None:
        """Add *event* and apply it."""
        self.events.append(event)
        self.now = self._reduce(self.now, event)
