"""Audits of external environments, from their answers, their offers and their scores."""

from refold.audits.worlds.target import WorldTarget

__all__ = ["WorldTarget"]
