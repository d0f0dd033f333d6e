"""Graders from Python files, run in a process of their own so that a crash stays there."""

DEFAULT_TIMEOUT = 60.0
"""Time limit for each episode in seconds, if none is given."""
