"""Replays: walk through streams, verify, compare, fork, merge, export and import them."""

from typing import TYPE_CHECKING

from refold.lazy import hand_on

__all__ = ["Diff", "Divergence", "Step", "diff", "find_row_mismatch", "steps", "verify"]

if TYPE_CHECKING:
    from refold.replays.differences import Diff, diff
    from refold.replays.stepping import Step, steps
    from refold.replays.verification import Divergence, find_row_mismatch, verify
else:
    __getattr__, __dir__ = hand_on(__name__, __all__, ".stepping", ".differences", ".verification")
