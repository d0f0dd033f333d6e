"""A stand-in for a model: an OpenAI-compatible server on loopback that plays built-in policies."""

from refold.agents.mock.model import MockModel

__all__ = ["MockModel"]
