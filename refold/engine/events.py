"""
Events: immutable facts in the past tense, and the classes that every family shares.

An event's identity is its place in a stream (its ``seq``), not a field. Its ``type`` tag is the
class name in snake case and never changes once released; fields are only ever added, with
defaults. A family adds event classes of its own by deriving from ``Event``.

A stream begins with one ``EpisodeStarted`` and what the rules add to it, or what an external
environment answered to its beginning. Each step then is a run of events that begins with an
``Input`` and ends with exactly one ``StepRewarded``; the ``EpisodeEnded`` of the last step stands
before that, because the end is paid in its reward. Where an external environment decides what an
action causes, its ``Answer`` follows the action.
"""

import re
from typing import Generic, Literal, TypeVar

from msgspec import Raw, Struct

ActionT = TypeVar("ActionT")


def _snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


# gc=False: events hold no reference cycles, and logs hold millions of them. Unknown fields are
# refused, so that nothing can be stored beside an event that its hash covers but no reader sees.
class Event(
    Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag_field="type", tag=_snake_case
):
    """Base of all events: frozen; only fields that were added after a release have defaults."""


class EpisodeStarted(Event, frozen=True):
    """
    First event of every stream: the whole scenario, so that a stream is self-contained.

    ``scenario`` is the scenario's canonical JSON, byte for byte; ``seed``, at least 0, is the
    random seed of the rules; ``format`` is the version of the event schema.
    """

    format: int
    seed: int
    scenario: Raw


class Input(Event, frozen=True):
    """Base of everything that came from outside: actions, and whatever led to them."""


class Answer(Input, frozen=True, kw_only=True, omit_defaults=True):
    """
    Base of what an external environment answered: to its beginning, or to the action before it.

    ``fault`` says in words why there is no answer: the environment failed, which is no one's play.
        None
    if it did answer.
    """

    fault: str | None = None


class Remark(Input, frozen=True):
    """Base of what was said of an episode. It may come at any time, even after the end."""


class Reseeded(Input, frozen=True):
    """The rules draw from the random seed *seed*, at least 0, from here on."""

    seed: int


class ActionTaken(Input, Generic[ActionT], frozen=True):
    """The agent chose *action*; the events that follow show whether the rules accepted it."""

    action: ActionT


class ActionRefused(Event, frozen=True):
    """The rules refused the step's action with the error class *error*; time still passed."""

    error: str


class EpisodeEnded(Event, frozen=True):
    """
    The episode is over: ``terminated`` by the environment, or ``truncated`` by a limit.

    ``reason`` is a word of the family's rules, such as ``synthesized`` or ``time_budget``.
    """

    how: Literal["terminated", "truncated"]
    reason: str


class StepRewarded(Event, frozen=True):
    """
    Last event of every step, 0-based *step*: the reward, raw and unclamped, and its parts.

    ``total`` is the episode's reward so far. Both it and ``reward`` are recorded sums: never add
    up ``parts`` again, since floats added in another order may differ in the last bit.
    """

    step: int
    reward: float
    total: float
    parts: dict[str, float]


SHARED_EVENTS = (EpisodeStarted, Reseeded, ActionRefused, EpisodeEnded, StepRewarded)
"""What every family's codec decodes beside the family's own events and ``ActionTaken``."""
