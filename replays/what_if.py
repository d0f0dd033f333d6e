"""What if another action had been taken: every legal one, each played on to the end."""

from collections.abc import Callable, Iterator
from typing import Any

from attrs import frozen

from engine import Episode, Stream
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


def what_if(
    stream: Stream, at: int, finish: Callable[[Episode], None]
) -> Iterator[Outcome]:
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
        finish(episode)
        events = episode.events
        last = events[-1]
        yield Outcome(
            action=action,
            taken=action == taken,
            reward=result.reward,
            total=getattr(last, "total", 0.0),
            score=grade(events).score,
            steps=len(step_ranges(events)) - 1,
        )
