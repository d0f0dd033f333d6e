"""The sizes of drawn workflows, and their knobs."""

from collections.abc import Iterator, Mapping
from typing import Literal

from attrs import frozen

MOST_TASKS = 1_000
MOST_WORKERS = 100

Size = Literal["easy", "medium", "hard", "expert"]
Split = Literal["all", "train", "test"]


@frozen
class Knobs:
    """
    How a workflow is drawn.

    Attributes:
        size: Name of the size; part of the dice's key.
        split: Worlds of ``train`` and ``test`` share nothing but their rules.
        tasks: How many there are, 1 to 1,000.
        workers: The same of workers, 1 to 100.
        capacity: Tasks that may run at once, 1 to *workers*.
        skills: Different skills, 1 to 100.
        systems: Different systems, 1 to 6.
        hinted: Chance that a text tells of a hidden need or a barred system.
        lead: Ticks from a notice to what it announces.
        odd: Share of errors that are worded oddly.
        slack_horizon: Ticks that the witness does not need.
        slack_due: Most ticks from a task's completion by the witness to when it is due.
        slack_budget: What may be spent beyond the witness's cost, as a share of it.
        hidden: Chance that a task has a hidden need.
        outages: How many there are, at most 100.
        departures: Workers that leave, fewer than *workers*.
        slowdowns: Workers that are to slow down; those of pace 1 do not.
        due: Chance that a task is due at some tick.
    """

    size: Size
    split: Split
    tasks: int
    workers: int
    capacity: int
    skills: int
    systems: int
    hinted: float
    lead: int
    odd: float
    slack_horizon: int
    slack_due: int
    slack_budget: float
    hidden: float
    outages: int
    departures: int
    slowdowns: int
    due: float


_NAMES = [name for name in Knobs.__annotations__ if name not in ("size", "split")]


def _knobs(*values: float) -> Mapping[str, float]:
    return dict(zip(_NAMES, values, strict=True))


SIZES: Mapping[str, Mapping[str, float]] = {
    "easy": _knobs(14, 8, 2, 8, 2, 0.75, 8, 0.0, 1, 1, 0.08, 0.25, 1, 0, 1, 0.7),
    "medium": _knobs(22, 8, 3, 8, 3, 0.65, 5, 0.15, 1, 1, 0.06, 0.3, 1, 1, 1, 0.75),
    "hard": _knobs(34, 9, 4, 8, 4, 0.45, 3, 0.35, 0, 1, 0.05, 0.3, 2, 1, 2, 0.8),
    "expert": _knobs(48, 10, 5, 8, 5, 0.35, 1, 0.5, 0, 0, 0.03, 0.35, 3, 2, 2, 0.8),
}
"""The knobs of each size, in the order of ``Knobs``."""


def knob_problems(knobs: Knobs) -> Iterator[tuple[str, str]]:
    """Yield what no workflow can be drawn with, as (path, text)."""
    bounds: Mapping[str, tuple[int, int]] = {
        "tasks": (1, MOST_TASKS),
        "workers": (1, MOST_WORKERS),
        "capacity": (1, knobs.workers),
        "skills": (1, 100),
        "systems": (1, 6),
        "lead": (0, 1_000_000),
        "slack_horizon": (0, 1_000),
        "slack_due": (0, 1_000),
        "outages": (0, 100),
        "departures": (0, knobs.workers - 1),
        "slowdowns": (0, knobs.workers - knobs.departures),
        **dict.fromkeys(("hinted", "odd", "slack_budget", "hidden", "due"), (0, 1)),
    }
    for name, (least, most) in bounds.items():
        value = getattr(knobs, name)
        if not least <= value <= most:
            yield f".{name}", f"expected {least} to {most}, got {value}"
