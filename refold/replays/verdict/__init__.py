"""The verdict on an episode, in words: how it ended, which step decided it, what was lost."""

from refold.replays.verdict.evidence import Evidence, Explanation, explain
from refold.replays.verdict.telling import VERSION, Verdict, verdict

__all__ = ["VERSION", "Evidence", "Explanation", "Verdict", "explain", "verdict"]
