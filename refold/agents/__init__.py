"""Agents: from an observation to an action, and the loop that plays them."""

from typing import TYPE_CHECKING

from refold.lazy import hand_on

__all__ = ["Policy", "builtin_agents", "known_agents", "make_policy", "play", "plays"]

if TYPE_CHECKING:
    from refold.agents.rollout import builtin_agents, known_agents, make_policy, play, plays
    from refold.engine.presentation import Policy
else:
    __getattr__, __dir__ = hand_on(__name__, __all__, ".rollout")
