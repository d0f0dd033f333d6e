"""Inbox: an agent triages support and compliance mail: respond, escalate or archive."""

from typing import TYPE_CHECKING

from refold.lazy import hand_on

__all__ = ["FAMILY"]

if TYPE_CHECKING:
    from refold.scenarios.inbox.family import FAMILY
else:
    __getattr__, __dir__ = hand_on(__name__, __all__, ".family")
