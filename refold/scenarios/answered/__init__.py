"""
Answered: whatever an external environment is, with its answers on record.

An environment that is not refold's, such as a server, a benchmark or a Python object, decides what
an action causes. The rules only say what follows from its answer: reward, end and limit.
"""

from typing import TYPE_CHECKING

from refold.lazy import hand_on

__all__ = ["FAMILY"]

if TYPE_CHECKING:
    from refold.scenarios.answered.family import FAMILY
else:
    __getattr__, __dir__ = hand_on(__name__, __all__, ".family")
