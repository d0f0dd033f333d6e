"""What the agent of an inbox may see, and what a watcher may see."""

from typing import Any

from msgspec import Struct

from refold.scenarios.inbox.state import Email, State


class Observation(Struct, frozen=True, gc=False):
    """
    Everything that the agent may see, between two steps.

    Attributes:
        instructions: The task in words.
        inbox: Pending e-mails, in order.
        current: The first of them, or None.
        history: ``id:action`` of each handled e-mail, in order.
        step_count: Steps taken.
        remaining_count: Pending e-mails.
    """

    instructions: str
    inbox: tuple[Email, ...]
    current: Email | None
    history: tuple[str, ...]
    step_count: int
    remaining_count: int


def observe(state: State) -> Observation:
    """Return what the agent may see of *state*, sharing its parts."""
    return Observation(
        instructions=state.plan.instructions,
        inbox=tuple(state.pending.values()),
        current=state.current,
        history=state.history,
        step_count=state.t,
        remaining_count=len(state.pending),
    )


def view(state: State) -> dict[str, Any]:
    """
    Return what a watcher may see of *state*: JSON data with fixed keys.

    ``handled`` maps an id to [action, step].
    """
    return {
        "t": state.t,
        "left": state.plan.max_steps - state.t,
        "current": state.current.id if state.current else None,
        "pending": list(state.pending),
        "handled": {id: [each.action, each.step] for id, each in state.handled.items()},
        "total": state.total,
    }
