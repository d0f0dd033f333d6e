"""What inboxes of the rules version 2 put in the way, and what their events say of threads."""

from collections.abc import Sequence

from refold.engine import Event
from refold.engine.presentation import Attempt, Obstacle
from refold.scenarios.inbox2.events import ThreadClosed
from refold.scenarios.inbox2.state import State


def find_obstacles(_start: State) -> Sequence[Obstacle]:
    """Return the limits of every inbox, and the attacks."""
    return (
        Obstacle("limit", "steps", lambda state: state.ended == "max_steps"),
        Obstacle("limit", "deadlines", _is_late),
        Obstacle("trap", "attacks", lambda state: state.tally.harms > 0),
    )


def attempted(event: Event) -> Attempt | None:
    """Return the thread that *event* closes."""
    return (event.thread, event.right) if isinstance(event, ThreadClosed) else None


def _is_late(state: State) -> bool:
    return any(thread.due is not None and thread.due < state.t for thread in state.open)
