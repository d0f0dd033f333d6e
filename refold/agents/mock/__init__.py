"""The mock model: an OpenAI-compatible server on loopback that answers by itself."""

from refold.agents.mock.model import MockModel

__all__ = ["MockModel"]
