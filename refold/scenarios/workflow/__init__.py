"""Workflow: an agent coordinates a DAG of subtasks over unreliable simulated workers."""

from typing import TYPE_CHECKING

from refold.lazy import hand_on

__all__ = ["FAMILY"]

if TYPE_CHECKING:
    from refold.scenarios.workflow.family import FAMILY
else:
    __getattr__, __dir__ = hand_on(__name__, __all__, ".family")
