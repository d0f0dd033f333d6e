"""
The choices of a scenario as numbers, which stay the same through an episode and across seeds.

A choice that is not possible now can be made all the same: it is a refused action, and a step.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from refold.engine.errors import UnknownName
from refold.scenarios.inbox.actions import Action as InboxAction
from refold.scenarios.inbox.state import Email
from refold.scenarios.inbox.state import State as Inbox
from refold.scenarios.workflow.actions import Action as WorkflowAction
from refold.scenarios.workflow.state import State as Workflow

Choice = Callable[[Any], Any]
"""From a state to the action that the choice is in it."""

INBOX_KINDS = ("respond", "escalate", "archive")


def reply_to(email: Email) -> str:
    """Return a reply to *email* that takes up all that its sender wrote."""
    return f"About “{email.subject}”: {email.body}"


def choices_of(family: str, state: Any) -> Sequence[Choice]:
    """
    Return the choices of an episode that *state* is the beginning of.

    Raises:
        UnknownName: The family is not prepared for this.
    """
    if family not in _CHOICES:
        raise UnknownName("family for Gymnasium", family, _CHOICES)
    return _CHOICES[family](state)


def _workflow(state: Workflow) -> list[Choice]:
    pairs = [
        (subtask, worker.name)
        for subtask in state.subtasks
        for worker in state.workers.values()
        if state.plan.types[subtask] in worker.capabilities
    ]
    actions = [
        WorkflowAction("wait"),
        WorkflowAction("synthesize"),
        *(WorkflowAction("delegate", *pair) for pair in pairs),
        *(WorkflowAction("retry", *pair) for pair in pairs),
        *(WorkflowAction("abort", subtask) for subtask in state.subtasks),
    ]
    return [_always(action) for action in actions]


def _always(action: Any) -> Choice:
    return lambda state: action


def _inbox(state: Inbox) -> list[Choice]:
    return [_handling(place, kind) for place in range(len(state.keywords)) for kind in INBOX_KINDS]


def _handling(place: int, kind: Any) -> Choice:
    """Return the choice to handle the e-mail that was at *place* of the inbox at first."""

    def choice(state: Inbox) -> InboxAction:
        id = list(state.keywords)[place]
        email = state.pending.get(id)
        content = reply_to(email) if email is not None and kind == "respond" else ""
        return InboxAction(kind, id, content)

    return choice


_CHOICES: Mapping[str, Callable[[Any], list[Choice]]] = {"inbox": _inbox, "workflow": _workflow}
