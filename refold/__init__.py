"""
refold: run LLM agents, log every step, and replay, re-grade and compare any run later.

These are the names that most programs need; anything else is imported from its own package, such
as ``refold.scenarios.workflow.events``. A name is imported when it is first used, so
``import refold`` itself is cheap.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING

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
else:  # hidden from type checkers, which would take it to mean that any name exists

    def __getattr__(name: str) -> object:
        """Return the public name *name* from the package that defines it."""
        if name in __all__:
            # Lower floors first: each of these packages imports the ones before it anyway.
            for room in (
                "engine",
                "scenarios",
                "graders",
                "environments",
                "replays",
                "reports.frames",
            ):
                found = vars(import_module(f"{__name__}.{room}"))
                if name in found:
                    return globals().setdefault(name, found[name])
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        """Return the public names too, whether or not they have been used yet."""
        return sorted({*globals(), *__all__})


if "IPython" in sys.modules:  # a notebook: episodes, grades and diffs show themselves in it
    from refold.notebook import register_formatters

    register_formatters()
