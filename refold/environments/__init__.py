"""
External environments that answer an agent's actions, put on record.

A kind of environment, such as ``gymnasium``, is an ``Environment``; packages add further kinds by
entry points of the group ``refold.environments``.
"""

from refold.environments.answers import answered, began, failed
from refold.environments.kind import Environment, answered_scenario
from refold.environments.opening import Worlds
from refold.environments.recording.recorder import record

__all__ = ["Environment", "Worlds", "answered", "answered_scenario", "began", "failed", "record"]
