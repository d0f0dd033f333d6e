"""
What the index of a log holds of its episodes beside their rows: words, grades, verdicts.

They are derived from the events, kept by digest, and made for the episodes that lack them.
"""

from typing import TYPE_CHECKING

from refold.lazy import hand_on

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

if TYPE_CHECKING:
    from refold.triage.derived import MOST_VERDICTS, add_words, short_verdict, short_verdicts
    from refold.triage.outcomes import indexed_scores, run_episodes
    from refold.triage.words import Hit, hits_of
else:
    __getattr__, __dir__ = hand_on(__name__, __all__, ".words", ".outcomes", ".derived")
