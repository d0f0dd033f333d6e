"""
What the index of a log holds of its episodes beside their rows: words, grades, verdicts.

They are derived from the events, kept by digest, and made for the episodes that lack them.
"""

from refold.triage.derived import MOST_VERDICTS, add_words, short_verdict, short_verdicts
from refold.triage.outcomes import indexed_scores, run_episodes
from refold.triage.words import Hit, hits_of

__all__ = [
    "MOST_VERDICTS",
    "Hit",
    "add_words",
    "hits_of",
    "indexed_scores",
    "run_episodes",
    "short_verdict",
    "short_verdicts",
]
