"""
Workflow, rules version 2: many tasks, unreliable systems, and hidden needs that words tell of.

Worlds are drawn from the episode's seed around a plan that scores 1, and the rewards of an ended
episode add up to its score.
"""

from typing import TYPE_CHECKING

from refold.lazy import hand_on

__all__ = ["FAMILY"]

if TYPE_CHECKING:
    from refold.scenarios.workflow2.family import FAMILY
else:
    __getattr__, __dir__ = hand_on(__name__, __all__, ".family")
