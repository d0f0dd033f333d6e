"""
State from events: the one loop that folds a stream, or any prefix of it, with a family's reducer.

Position N means *after N actions*, everywhere in refold.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from refold.engine.errors import ImpossibleEvent, UnknownStep
from refold.engine.events import (
    ActionTaken,
    Answer,
    EpisodeStarted,
    Event,
    Input,
    StepRewarded,
)
from refold.engine.family import Decided, Family, unchanged
from refold.engine.stream import Stream


def initial_state(family: Family, started: EpisodeStarted) -> Any:
    """Return the state that *started* describes, before any further event."""
    return family.initial(bytes(started.scenario), started.seed)


def fold(events: Iterable[Event], *, family: Family, start: Any = None) -> Any:
    """
    Return the state after *events*, oldest first.

    A left fold with the family's reducer. Pure: equal events give an equal state, so a stored
    stream is all that a replay needs.

    Args:
        events: Events of one stream in seq order, without gaps.
        family: The rules they belong to.
        start: State before the first of them. Without it they must begin with the stream's
            ``EpisodeStarted``.

    Returns:
        The state after the last event; *start* itself if there are none.

    Raises:
        ValueError: Neither *start* nor an ``EpisodeStarted`` gives a state to begin from.
        ImpossibleEvent: An event does not fit the state before it.
    """
    rest = iter(events)
    state = start
    if state is None:
        first = next(rest, None)
        if not isinstance(first, EpisodeStarted):
            raise ValueError(f"fold: expected episode_started first or a start, got {first!r}")
        state = initial_state(family, first)
    transitions, drafts = family.transitions, family.drafts
    begun = False
    event = None
    # Around the loop, not in it: an event that no rules made reaches the reducer as a key, type or
    # value that it cannot handle, and a ``try`` for each event would cost every honest stream.
    try:
        for event in rest:
            change = transitions[type(event)]
            if change is unchanged:
                continue
            if not begun:
                state, begun = drafts.begin(state), True
            state = change(state, event)
    except (LookupError, TypeError, ValueError) as error:
        raise ImpossibleEvent(f"{event!r:.200}") from error
    return drafts.end(state) if begun else state


def decide(family: Family, state: Any, action: Any) -> Sequence[Event]:
    """
    Return the events that *action* causes by the rules of *family*, ``StepRewarded`` last.

    Raises:
        ImpossibleEvent: The rules cannot handle *state*, since its events were forged.
    """
    try:
        return family.decide(state, action)
    except (LookupError, TypeError, ValueError, ArithmeticError) as error:
        raise ImpossibleEvent(f"before {action!r:.200}") from error


def fold_decided(
    decided: Sequence[Event], inputs: Sequence[Event], *, family: Family, start: Any
) -> Any:
    """
    Return the state after a step: after *inputs* and what the rules *decided* on them.

    Raises:
        ImpossibleEvent: An event does not fit the state before it.
    """
    if isinstance(decided, Decided):
        return decided.after
    return fold((*inputs, *decided), family=family, start=start)


def step_ranges(stream: Stream) -> list[range]:
    """
    Return the seqs of the episode's start, and then those of each whole step, oldest first.

    Item N ends at position N: ``stream[: ranges[N].stop]`` are the events up to position N.
    Events after the last ``StepRewarded`` belong to no step and to no range.
    """
    first = _first_step(stream)
    ranges = [range(first)] if first < len(stream) else []
    for seq, event in enumerate(stream[first:], first):
        if isinstance(event, StepRewarded):
            ranges.append(range(first, seq + 1))
            first = seq + 1
    return ranges or [range(len(stream))]


def _first_step(stream: Stream) -> int:
    """Return the seq at which the first step begins: that of the first input that leads to it."""
    first = None
    for seq, event in enumerate(stream):
        if isinstance(event, ActionTaken):
            return seq if first is None else first
        if isinstance(event, Answer):  # what it said before any action belongs to the start
            first = None
        elif isinstance(event, Input) and first is None:
            first = seq
    return len(stream) if first is None else first


def fold_to(stream: Stream, position: int) -> Any:
    """
    Return the state of *stream* after *position* actions.

    Raises:
        UnknownStep: *position* is negative or beyond the last whole step.
    """
    ranges = step_ranges(stream)
    if not 0 <= position < len(ranges):
        raise UnknownStep(position, len(ranges) - 1)
    return fold(stream[: ranges[position].stop], family=stream.family)
