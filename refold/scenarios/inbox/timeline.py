"""What pictures of an inbox show beside words and views: its e-mails, and wrong decisions."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from refold.engine import Event, StepRewarded
from refold.engine.presentation import Mark, Placed, Say, Timeline
from refold.scenarios.inbox.events import EmailHandled, InboxFilled
from refold.scenarios.inbox.rules import due_action
from refold.scenarios.inbox.state import State


def _parameters(
    parameters: Mapping[str, Any], start: State, stream: Sequence[Event], running: bool
) -> dict[str, Any]:
    filled = next((event for event in stream if isinstance(event, InboxFilled)), None)
    words = {each.id: each.keywords for each in filled.emails} if filled else {}
    emails = []
    for email in start.pending.values():
        shown: dict[str, Any] = {
            "id": email.id,
            "sender": email.sender,
            "subject": email.subject,
            "body": email.body,
            "priority": email.priority,
            "category": email.category,
        }
        if not running:
            shown["expected"] = due_action(email.category)
            shown["keywords"] = list(words.get(email.id, ()))
        emails.append(shown)
    return {"max_steps": parameters["max_steps"], "emails": emails}


def _marks(placed: Placed, say: Say, _steps: int, _parameters: Mapping[str, Any]) -> Iterator[Mark]:
    handled = ""
    for position, event in placed:
        if isinstance(event, EmailHandled):
            handled = say(event)
            if event.action != event.expected:
                yield position, "mistake", handled
        if isinstance(event, StepRewarded) and event.parts.get("safety_penalty", 0.0) < 0:
            yield position, "risky", handled


def _at_hand(parameters: Mapping[str, Any], view: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the lines of the current e-mail."""
    for email in (each for each in parameters["emails"] if each["id"] == view["current"]):
        yield " · ".join(email[key] for key in ("id", "category", "priority", "sender")), "dim"
        yield email["subject"], "bold"
        yield email["body"], ""


TIMELINE = Timeline(
    parameters=_parameters,
    marks=_marks,
    hidden=frozenset({"emails", "expected", "late", "found"}),
    at_hand=_at_hand,
)
