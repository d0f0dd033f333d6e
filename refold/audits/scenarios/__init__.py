"""Audits of scenarios that rules of refold decide."""

from refold.audits.scenarios.target import ScenarioTarget

__all__ = ["ScenarioTarget"]
