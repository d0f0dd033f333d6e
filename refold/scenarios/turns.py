"""One step while rules decide it."""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from refold.engine import ActionTaken, Event
from refold.engine.family import Decided

S = TypeVar("S")


class Turn(Generic[S]):
    """
    A step while rules decide what an action causes: the events so far, and the state after them.

    Each phase of the rules sees what the earlier ones did by way of the reducer alone, so that
    the events hold the whole truth.

    Attributes:
        before: The state before the step.
        now: The state after the action and the events so far.
        events: Those events.
    """

    __slots__ = ("_reduce", "before", "events", "now")

    def __init__(self, state: S, action: object, reduce: Callable[[S, Event], S]) -> None:
        self.before: Final = state
        self.now = reduce(state, ActionTaken(action))
        self.events = Decided()
        self._reduce = reduce

    def emit(self, event: Event) -> None:
        """Add *event* and apply it."""
        self.events.append(event)
        self.now = self._reduce(self.now, event)

    def end(self) -> Decided:
        """Return the events, with the state after the step."""
        self.events.after = self.now
        return self.events
