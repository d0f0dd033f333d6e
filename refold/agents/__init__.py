"""Agents: from an observation to an action, and the loop that plays them."""

from refold.agents.rollout import builtin_agents, known_agents, make_policy, play, plays
from refold.engine.presentation import Policy

__all__ = ["Policy", "builtin_agents", "known_agents", "make_policy", "play", "plays"]
