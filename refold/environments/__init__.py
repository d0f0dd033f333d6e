"""
External environments that answer an agent's actions, put on record.

A kind of environment, such as ``gymnasium``, is an ``Environment``; packages add further kinds by
entry points of the group ``refold.environments``.
"""

from typing import TYPE_CHECKING

from refold.lazy import hand_on

__all__ = ["Environment", "Worlds", "answered", "answered_scenario", "began", "failed", "record"]

if TYPE_CHECKING:
    from refold.environments.answers import answered, began, failed
    from refold.environments.kind import Environment, answered_scenario
    from refold.environments.opening import Worlds
    from refold.environments.recording.recorder import record
else:
    __getattr__, __dir__ = hand_on(
        __name__, __all__, ".answers", ".kind", ".opening", ".recording.recorder"
    )
