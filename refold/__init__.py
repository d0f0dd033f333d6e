"""
refold: run LLM agents, log every step, and replay, re-grade and compare any run later.

These are the names that most programs need; anything else is imported from its own package, such
as ``refold.scenarios.workflow.events``. A name is imported when it is first used, so
``import refold`` itself is cheap.
"""

import sys
from typing import TYPE_CHECKING

from refold.lazy import hand_on

__all__ = [
    "Episode",
    "EpisodeOver",
    "EventLog",
    "Grade",
    "InvalidAction",
    "RefoldError",
    "Scenario",
    "StepResult",
    "Stream",
    "diff",
    "fold",
    "fold_to",
    "grade",
    "load",
    "load_rubric",
    "read",
    "record",
    "steps",
    "verify",
]

if TYPE_CHECKING:
    from refold.engine import (
        Episode,
        EpisodeOver,
        EventLog,
        InvalidAction,
        RefoldError,
        StepResult,
        Stream,
        fold,
        fold_to,
    )
    from refold.environments import record
    from refold.graders import Grade, grade
    from refold.replays import diff, steps, verify
    from refold.reports.frames import read
    from refold.scenarios import Scenario, load, load_rubric
else:
    # Lower floors first: each of these packages imports the ones before it anyway.
    __getattr__, __dir__ = hand_on(
        __name__,
        __all__,
        ".engine",
        ".scenarios",
        ".graders",
        ".environments",
        ".replays",
        ".reports.frames",
    )


if "IPython" in sys.modules:  # a notebook: episodes, grades and diffs show themselves in it
    from refold.notebook import register_formatters

    register_formatters()
