"""What if another action had been taken: try each one and continue to the end."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from attrs import frozen

from refold.engine import ActionTaken, Episode, Input, StepRewarded, Stream
from refold.engine.folding import fold_to, step_ranges
from refold.engine.world import OpenWorld
from refold.graders import grade


@frozen
class ActionOutcome:
    """
    The outcome of one action.

    Attributes:
        action: The action tried.
        taken: Whether the agent took it in the recorded episode.
        error: Error class if the rules refused it, else None.
        reward: Reward of its step.
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
    Return the actions to try at position *at* of *stream*: every legal one, in the family's order.

    The agent's own action comes last if it is not among them, because it was refused or holds
    text that the agent wrote. Empty if the episode is over.

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
    open_world: OpenWorld | None = None,
) -> AsyncIterator[ActionOutcome]:
    """
    Yield the outcome of each of the ``candidate_actions``, in their order.

    Args:
        stream: The recorded episode.
        at: Position before the step in question.
        finish: Plays an in-memory episode to its end.
        opening: An input recorded before each action, such as the model's configuration.
        open_world: Opens an environment for each, where one outside answers.

    Raises:
        UnknownStep: *stream* has no position *at*.
    """
    taken = action_at(stream, at)
    # Each from a fork in memory: the log stays as it is, and all have the same random seed.
    for action in candidate_actions(stream, at):
        episode = Episode.fork(stream, at, open_world=open_world)
        try:
            result = episode.step(action, *([opening] if opening else []))
            await finish(episode)
        finally:
            episode.close()
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
    """Return the action that *stream* takes at position *at*; None if it ends there."""
    ranges = step_ranges(stream)
    step = stream[ranges[at + 1].start : ranges[at + 1].stop] if at + 1 < len(ranges) else ()
    return next((event.action for event in step if isinstance(event, ActionTaken)), None)
