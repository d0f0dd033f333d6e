"""What was done and answered in a play of an external environment."""

from collections.abc import Iterator
from typing import Any

from refold.audits.played import Played
from refold.engine.world import answered_actions, fault_in
from refold.scenarios.answered.events import EnvironmentAnswered, EnvironmentBegan


def actions_taken(run: Played) -> list[Any]:
    """Return the actions that *run* took, oldest first, without one that met a failure."""
    return [
        action
        for action, answers in answered_actions(run.shown.stream)
        if action is not None and fault_in(answers) is None
    ]


def answers_of(run: Played) -> Iterator[tuple[Any, EnvironmentBegan | EnvironmentAnswered]]:
    """Yield None and how the environment began, then each action of *run* and its answer."""
    for action, answers in answered_actions(run.shown.stream):
        for each in answers:
            if isinstance(each, EnvironmentBegan | EnvironmentAnswered):
                yield action, each
