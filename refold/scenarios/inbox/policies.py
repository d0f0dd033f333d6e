"""The built-in policy of an inbox: what it does is fixed, so its score is a reference point."""

from collections.abc import Callable, Sequence
from typing import Any

from refold.scenarios.inbox.actions import Action, ActionKind
from refold.scenarios.inbox.observation import Observation

_ROUTES: dict[str, ActionKind] = {
    "legal": "escalate",
    "compliance": "escalate",
    "payment": "escalate",
    "security": "escalate",
    "access": "respond",
    "account": "respond",
    "billing": "respond",
    "product": "respond",
}


def baseline(observation: Observation, _legal: Callable[[], Sequence[Any]]) -> Action | None:
    """
    Return the published deterministic action on the first pending e-mail.

    Routed by category, but for the routine password reset, which it archives; a reply holds
    one keyword at most.
    """
    email = observation.current
    if email is None:
        return None
    text = f"{email.subject} {email.body}".lower()
    if email.category == "account" and "routine password reset" in email.subject.lower():
        return Action("archive", email.id)
    kind = _ROUTES.get(email.category, "archive")
    content = _reply(text) if kind == "respond" else ""
    return Action(kind, email.id, content)


def _reply(text: str) -> str:
    if "mfa" in text:
        return "We are looking into your mfa."
    if "invoice" in text:
        return "We are looking into your invoice."
    if "reset" in text or "password" in text:
        return "We are looking into your reset."
    return "We are looking into it."
