"""Judges: questions about an episode, and what models answered to them, as records."""
