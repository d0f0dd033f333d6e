"""Iterate over a stream step by step: the events of each step, and the state after it."""

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen

from refold.engine import ActionRefused, ActionTaken, Event, StepRewarded, Stream, fold
from refold.engine.folding import step_ranges


@frozen
class Step:
    """
    One step of a stream, its start, or the events after its last whole step.

    Attributes:
        position: Number of actions taken after it; 0 for the start.
        seqs: Seqs of its events.
        events: Its events.
        action: The agent's action; None for the start, and for events after the last step.
        error: Error class if the rules refused the action, else None.
        reward: The step's reward; 0 for the start.
        parts: Its parts by name.
        total: Sum of the rewards so far.
        state: The state after the step.
    """

    position: int
    seqs: range
    events: tuple[Event, ...]
    action: Any
    error: str | None
    reward: float
    parts: Mapping[str, float]
    total: float
    state: Any


def steps(stream: Stream) -> Iterator[Step]:
    """
    Yield the start of *stream* and each whole step, oldest first.

    Events after the last whole step come last, as a step without action at the same position.
    """
    state, total = None, 0.0
    ranges = step_ranges(stream)
    rest = range(ranges[-1].stop, len(stream))
    for place, seqs in enumerate([*ranges, rest] if rest else ranges):
        position = min(place, len(ranges) - 1)
        events = tuple(stream[seqs.start : seqs.stop])
        state = fold(events, family=stream.family, start=state)
        # A whole step ends with its reward; the start and the rest have none.
        rewarded = events[-1] if isinstance(events[-1], StepRewarded) else None
        total = rewarded.total if rewarded else total
        yield Step(
            position=position,
            seqs=seqs,
            events=events,
            action=next((e.action for e in events if isinstance(e, ActionTaken)), None),
            error=next((e.error for e in events if isinstance(e, ActionRefused)), None),
            reward=rewarded.reward if rewarded else 0.0,
            parts=rewarded.parts if rewarded else {},
            total=total,
            state=state,
        )
