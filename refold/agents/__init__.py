"""Agents: from an observation to an action, and the loop that plays them."""

from refold.agents.policies import Policy
from refold.agents.rollout import AGENTS, make_policy, play

__all__ = ["AGENTS", "Policy", "make_policy", "play"]
