"""The built-in agent of inboxes: what it does is fixed, so that its scores are a reference."""

from collections.abc import Mapping

from refold.engine.presentation import LegalActions, Policy
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


def baseline(observation: Observation, _legal: LegalActions) -> Action | None:
    """
    Routes by category, replies with one keyword.

    The published baseline: it acts on the first pending e-mail and archives the routine
    password reset.
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


POLICIES: Mapping[str, Policy] = {"baseline": baseline}
