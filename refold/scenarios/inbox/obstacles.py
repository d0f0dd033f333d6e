"""What inboxes of the rules version 1 put in the way, and what their events say of e-mails."""

from collections.abc import Sequence

from refold.engine import Event
from refold.engine.presentation import Attempt, Obstacle
from refold.scenarios.inbox.events import EmailHandled
from refold.scenarios.inbox.state import State


def find_obstacles(_start: State) -> Sequence[Obstacle]:
    """Return the limit of steps."""
    return (Obstacle("limit", "steps", lambda state: state.ended == "max_steps"),)


def attempted(event: Event) -> Attempt | None:
    """Return the e-mail that *event* handles."""
    if isinstance(event, EmailHandled):
        return event.email, event.action == event.expected
    return None
