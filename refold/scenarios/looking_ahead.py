"""One step of look-ahead: the action that pays most at once, by the family's own rules."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from refold.engine import Event, StepRewarded

A = TypeVar("A")

_TIE = 1e-12


def best_at_once(
    state: Any, actions: Iterable[A], decide: Callable[[Any, A], Sequence[Event]]
) -> tuple[A, float]:
    """
    Return the first of *actions*, at least one, with the highest reward in *state*, and that.

    Rewards that differ by no more than sums of floats do are equal.
    """
    best: tuple[A, float] | None = None
    for action in actions:
        rewarded = decide(state, action)[-1]
        assert isinstance(rewarded, StepRewarded), "rules promise the reward last"
        if best is None or rewarded.reward > best[1] + _TIE:
            best = action, rewarded.reward
    assert best is not None, "there is something to choose from"
    return best
