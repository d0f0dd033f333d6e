"""What if another action had been taken: each that could have been, played on to the end."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from attrs import frozen

from refold.engine import ActionTaken, Episode, Input, StepRewarded, Stream
from refold.engine.folding import fold_to, step_ranges
from refold.graders import grade


@frozen
class ActionOutcome:
    """
    What came of one action.

    Attributes:
        action: What was tried.
        taken: Whether it is what the agent did.
        error: Error class if the rules refused it, else None.
        reward: What its step earned.
        total: Sum of the rewards of the whole episode.
        score: The grade at the end.
        steps: Steps of the whole episode.
    """

    action: Any
    taken: bool
    error: str | None
    reward: float
    total: float
    score: float
    steps: int


def candidate_actions(stream: Stream, at: int) -> list[Any]:
    """
    Return what can be tried after *at* actions of *stream*: every legal action, in their order.

    What the agent did comes last if it is none of these, since it was refused or holds text of
    the agent's own. Empty where the episode is over.

    Raises:
        UnknownStep: *stream* has no position *at*.
    """
    legal = list(stream.family.legal_actions(fold_to(stream, at)))
    taken = action_at(stream, at)
    return legal if taken is None or taken in legal else [*legal, taken]


async def what_if(
    stream: Stream,
    at: int,
    finish: Callable[[Episode], Awaitable[None]],
    *,
    opening: Input | None = None,
) -> AsyncIterator[ActionOutcome]:
    """
    Yield what comes of each of the ``candidate_actions``, in their order.

    Args:
        stream: Whose step is in question.
        at: Position before it.
        finish: Plays an episode, in memory, to its end.
        opening: What is noted in each first, such as how a model is asked from there on.

    Raises:
        UnknownStep: *stream* has no position *at*.
    """
    taken = action_at(stream, at)
    for action in candidate_actions(stream, at):
        episode = Episode.fork(stream, at)
        result = episode.step(action, *([opening] if opening else []))
        await finish(episode)
        events = episode.events
        rewards = [event for event in events if isinstance(event, StepRewarded)]
        yield ActionOutcome(
            action=action,
            taken=action == taken,
            error=result.error,
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
