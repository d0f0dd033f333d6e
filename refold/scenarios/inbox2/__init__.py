"""
Inbox, rules version 2: a support desk with records to look up, deadlines, and people who deceive.

Worlds are drawn from the episode's seed around actions that score 1, and the rewards of an ended
episode add up to its score.
"""

from typing import TYPE_CHECKING

from refold.lazy import hand_on

__all__ = ["FAMILY"]

if TYPE_CHECKING:
    from refold.scenarios.inbox2.family import FAMILY
else:
    __getattr__, __dir__ = hand_on(__name__, __all__, ".family")
