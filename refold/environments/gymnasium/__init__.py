"""Gymnasium environments as worlds, and on record in one's own loop."""
