"""What if another action had been taken: every legal one, each played on to the end."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from attrs import frozen

from engine import ActionTaken, Episode, StepRewarded, Stream
from engine.fold import fold_to, step_ranges
from graders import grade


@frozen
class Outcome:
    """
    What came of one action.

    Attributes:
        action: What was tried.
        taken: Whether it is what the agent did.
        reward: What its step earned.
        total: Sum of the rewards of the whole episode.
        score: The grade at the end.
        steps: Steps of the whole episode.
    """

    action: Any
    taken: bool
    reward: float
    total: float
    score: float
    steps: int


async def what_if(
    stream: Stream, at: int, finish: Callable[[Episode], Awaitable[None]]
) -> AsyncIterator[Outcome]:
    """
    Yield what comes of every legal action after *at* actions of *stream*, in their order.

    Args:
        stream: Whose step is in question.
        at: Position before it.
        finish: Plays an episode, in memory, to its end.

    Raises:
        UnknownStep: *stream* has no position *at*.
    """
    family = stream.family
    taken = action_at(stream, at)
    for action in family.legal_actions(fold_to(stream, at)):
        episode = Episode.fork(stream, at)
        result = episode.step(action)
        await finish(episode)
        events = episode.events
        rewards = [event for event in events if isinstance(event, StepRewarded)]
        yield Outcome(
            action=action,
            taken=action == taken,
            reward=result.reward,
            total=rewards[-1].total,
            score=grade(events).score,
            steps=len(rewards),
        )


def action_at(stream: Stream, at: int) -> Any:
    """Return the action that *stream* holds after *at* others, None if it ends there."""
    ranges = step_ranges(stream)
    step = stream[ranges[at + 1].start : ranges[at + 1].stop] if at + 1 < len(ranges) else ()
    return next((event.action for event in step if isinstance(event, ActionTaken)), None)
