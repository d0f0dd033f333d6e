"""Audits of worlds outside: what can be told from their answers, their offers and their scores."""

from refold.audits.worlds.target import WorldTarget

__all__ = ["WorldTarget"]
