"""One step while rules decide it."""

from typing import Any, Final, Generic, TypeVar

from refold.engine import ActionTaken, Event
from refold.engine.family import Decided, Drafts, Reducer

S = TypeVar("S")


class Turn(Generic[S]):
    """
    A step while rules decide what an action causes: the events so far, and the state after them.

    Each phase of the rules sees what the earlier ones did by way of the reducer alone, so that
    the events hold the whole truth.

    Attributes:
        before: The state before the step.
        now: The state after the action and the events so far; with *drafts*, a draft of it.
        events: Those events.
    """

    __slots__ = ("_drafts", "_reducer", "before", "events", "now")

    def __init__(
        self,
        state: S,
        action: object,
        reducer: Reducer[Any],
        drafts: Drafts[S] | None = None,
    ) -> None:
        self.before: Final = state
        self.now = state if drafts is None else drafts.begin(state)
        self.events: list[Event] = []
        self._reducer = reducer
        self._drafts = drafts
        take = reducer.get(ActionTaken)
        if take is not None:  # the action itself is no event of the rules
            self.now = take(self.now, ActionTaken(action))

    def emit(self, event: Event) -> None:
        """Add *event* and apply it."""
        self.events.append(event)
        change = self._reducer.get(type(event))
        if change is not None:
            self.now = change(self.now, event)

    def end(self) -> Decided:
        """Return the events, with the state after the step."""
        after = self.now if self._drafts is None else self._drafts.end(self.now)
        return Decided(self.events, after)
