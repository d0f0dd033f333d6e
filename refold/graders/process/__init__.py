"""Graders from Python files, run in a process of their own so that a crash stays there."""
