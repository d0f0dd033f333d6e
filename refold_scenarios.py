"""The taskset ``refold-scenarios``: verifiers finds it by the name of this module."""

from refold.integrations.verifiers import ScenarioEnv, ScenarioTaskset

__all__ = ["ScenarioEnv", "ScenarioTaskset"]
