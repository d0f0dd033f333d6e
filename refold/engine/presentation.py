"""What a family may bring beside its rules: for models, built-in agents, pictures and numbers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from attrs import field, frozen

from refold.engine.events import Event

LegalActions = Callable[[], Sequence[Any]]
"""Returns the legal actions; a call, because computing them costs something."""

Policy = Callable[[Any, LegalActions], Any]
"""From an observation, and the legal actions if wanted, to an action; None to stop playing."""

MakePolicy = Callable[[int], Policy]
"""From the seed of its dice to a fresh policy for one episode, for agents that remember."""

Seer = Callable[[Any], Any]
"""From a state, with all that is hidden in it, to an action: a bound, not an agent to compare."""

Say = Callable[[Any], str]
"""Puts an action or an event into words, on one line."""

Placed = Sequence[tuple[int, Event]]
"""Events with the position that their step leads to; 0 for what came before any action."""

Mark = tuple[int, str, str]
"""A moment worth a look: its position, its kind, and what happened."""

Span = list[Any]
"""Worker, subtask or None, first position, last one or None, outcome, number of the attempt."""

Choice = Callable[[Any], Any]
"""From a state to the action that a number of the action space means in it."""


@frozen
class Tool:
    """
    One kind of action, as models are offered it.

    Attributes:
        name: The kind, which is the value of the action type's first field.
        description: What it does, in a sentence.
        fields: The other fields that belong to it; *required* of them must be given.
    """

    name: str
    description: str
    fields: tuple[str, ...] = ()
    required: tuple[str, ...] = ()


@frozen
class Prompt:
    """
    What a model is told of a family.

    Attributes:
        version: Raised whenever a text changes; the log keeps it with every episode.
        system: Rules, actions and aim, before the form of the answer.
        render: An observation as text, purely.
        tools: The kinds of action.
    """

    version: int
    system: str
    render: Callable[[Any], str]
    tools: tuple[Tool, ...]


def _shown_after_the_end(
    parameters: Mapping[str, Any], _start: Any, _stream: Sequence[Event], running: bool
) -> Mapping[str, Any]:
    # Nobody but the family knows what its agent must not see, so a running episode shows nothing.
    return {} if running else parameters


@frozen
class Timeline:
    """
    What pictures of an episode show beside its words and views. The default suits any family.

    Attributes:
        parameters: Scenario parameters for a watcher, from those recorded, the first state and
            the stream; of a *running* episode only what its agent may know.
        spans: Who worked at what, from when to when.
        marks: Moments beside those that every family has, given also the number of steps and
            the recorded parameters.
        hidden: Fields of events that a running episode must not show.
        at_hand: What the agent has before it, from parameters and view as JSON data: lines of
            text with a role, ``dim``, ``bold`` or empty.
    """

    parameters: Callable[[Mapping[str, Any], Any, Sequence[Event], bool], Mapping[str, Any]] = (
        _shown_after_the_end
    )
    spans: Callable[[Placed], list[Span]] = lambda placed: []
    marks: Callable[[Placed, Say, int, Mapping[str, Any]], Iterator[Mark]] = (
        lambda placed, say, steps, parameters: iter(())
    )
    hidden: frozenset[str] = frozenset()
    at_hand: Callable[[Mapping[str, Any], Mapping[str, Any]], Iterator[tuple[str, str]]] = (
        lambda parameters, view: iter(())
    )


PLAIN = Timeline()
"""The timeline of a family that brings none."""


@frozen
class Shape:
    """
    One array of numbers in an observation.

    Attributes:
        kind: ``category`` (0 to *most*, exclusive), ``flag`` (0 or 1), ``count`` (0 or more) or
            ``real`` (*least* to *most*).
        length: Number of elements.
        least: Lowest value of a ``real``.
        most: Highest value of a ``real``, or the number of categories.
    """

    kind: Literal["category", "flag", "count", "real"]
    length: int
    least: float = 0.0
    most: float = 0.0


@frozen
class Numbers:
    """
    An episode for agents that read and write numbers, such as Gymnasium's.

    Attributes:
        choices: The actions that numbers stand for, from the first state of an episode. Their
            meaning may not change within an episode nor between seeds.
        shapes: The arrays of every observation by name, from the first state.
        values: The elements of those arrays in a state; nothing that ``observe`` would hide.
    """

    choices: Callable[[Any], Sequence[Choice]]
    shapes: Callable[[Any], Mapping[str, Shape]]
    values: Callable[[Any], Mapping[str, Sequence[float]]]


@frozen
class Published:
    """
    Scores that were published for the scenarios that ship with a family.

    Attributes:
        agent: Whose they are.
        scores: By scenario name, without the family.
        remark: What to know when reading them.
    """

    agent: str
    scores: Mapping[str, float]
    remark: str = field(default="")


@frozen
class Obstacle:
    """
    What a scenario puts in the way: a *limit* that holds agents back, or a *trap* to avoid.

    Attributes:
        kind: Which of both.
        name: What reports call it.
        met: Whether a state shows that an agent meets it.
        never: Why no agent can ever meet it; empty if one may.
    """

    kind: Literal["limit", "trap"]
    name: str
    met: Callable[[Any], bool]
    never: str = ""


Attempt = tuple[str, bool]
"""What an event says of something to be done: its name, and whether it was done right."""
