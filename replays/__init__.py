"""Replays: streams step by step, decided again, compared, exported and imported."""

from replays.diff import Diff, diff
from replays.steps import Step, steps
from replays.verify import Divergence, misfiled, verify

__all__ = ["Diff", "Divergence", "Step", "diff", "misfiled", "steps", "verify"]
