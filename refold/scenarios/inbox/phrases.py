"""Inbox actions and events in words, one line each: the same words everywhere."""

from functools import singledispatch
from typing import Any

from refold.engine import ActionRefused, ActionTaken
from refold.engine.phrases import say_shared
from refold.scenarios.inbox.actions import Action
from refold.scenarios.inbox.events import EmailHandled, InboxFilled

_REASONS = {
    "unknown_email": "there is no such e-mail",
    "already_handled": "that e-mail has left the inbox",
}


@singledispatch
def say(thing: Any) -> str:
    """Return an action or an event in words: one line, no full stop."""
    return say_shared(thing)


@say.register
def _(action: Action) -> str:
    reply = f": {' '.join(action.content.split())}" if action.content else ""
    return f"{action.type} {action.email_id or 'the current e-mail'}{reply}"


@say.register
def _(event: ActionTaken) -> str:  # type: ignore[type-arg]  # singledispatch takes plain classes
    return say(event.action)


@say.register
def _(event: ActionRefused) -> str:
    reason = _REASONS.get(event.error)
    return f"refused: {event.error}{f' ({reason})' if reason else ''}"


@say.register
def _(event: InboxFilled) -> str:
    return f"inbox: {', '.join(email.id for email in event.emails)}"


@say.register
def _(event: EmailHandled) -> str:
    due = "as expected" if event.action == event.expected else f"{event.expected} was due"
    late = ", too late for its deadline" if event.late else ""
    found = (
        f", keywords found: {', '.join(event.found) or 'none'}" if event.found is not None else ""
    )
    return f"{event.email}: {event.action}, {due}{late}{found}"
