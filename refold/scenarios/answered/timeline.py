"""What pictures of an answered episode show."""

from collections.abc import Iterator, Mapping
from typing import Any

from refold.engine.presentation import Mark, Placed, Say, Timeline
from refold.scenarios.answered.events import EnvironmentAnswered, EnvironmentBegan, ScoreGiven


def _marks(placed: Placed, say: Say, _steps: int, _parameters: Mapping[str, Any]) -> Iterator[Mark]:
    for position, event in placed:
        if isinstance(event, EnvironmentBegan | EnvironmentAnswered) and event.fault is not None:
            yield position, "refused", say(event)
        elif isinstance(event, ScoreGiven):
            yield position, "operator", say(event)


TIMELINE = Timeline(
    # Which environment it is, its agent knows as well.
    parameters=lambda parameters, start, stream, running: parameters,
    marks=_marks,
)
"""Marks for failures of the environment and for scores."""
