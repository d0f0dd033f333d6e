"""The best that a scenario allows: its optimum, with a proof, or a bound."""

from refold.solving.limits import Limits
from refold.solving.solver import Solution, play_actions, solve

__all__ = ["Limits", "Solution", "play_actions", "solve"]
