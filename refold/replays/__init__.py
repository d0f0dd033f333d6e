"""Replays: walk through streams, verify, compare, fork, merge, export and import them."""

from refold.replays.differences import Diff, diff
from refold.replays.stepping import Step, steps
from refold.replays.verification import Divergence, find_row_mismatch, verify

__all__ = ["Diff", "Divergence", "Step", "diff", "find_row_mismatch", "steps", "verify"]
