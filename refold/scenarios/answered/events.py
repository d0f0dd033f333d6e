"""The events of answered episodes: the environment's answers, and scores that others gave."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from refold.engine.events import Answer, Event, Remark


class Offer(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """
    The actions that an environment takes: tool calls, or what a schema allows.

    Attributes:
        tools: Tools as APIs of models have them: ``name``, ``description``, and ``parameters``,
            the JSON schema of an object. An action is then an object with ``tool_calls``, a list
            of objects with ``name`` and ``arguments``, or with ``content``, a text.
        schema: JSON schema of an action, where there are no tools.
        text: Whether ``content`` without tool calls is an action: the environment is spoken to.
        instructions: What an agent is told of the environment and its aim.
    """

    tools: tuple[dict[str, Any], ...] = ()
    schema: dict[str, Any] | None = None
    text: bool = False
    instructions: str = ""


class EnvironmentBegan(Answer, frozen=True, kw_only=True):
    """
    The environment began.

    Attributes:
        observation: What can be seen, JSON data.
        offer: The actions that it takes; None where nothing is known of them.
        info: What it said beside, JSON data.
        by: Version of each package that answers, by name.
        generator: State of the environment's random generator, JSON data, for a beginning without
            a seed.
        arguments: What its reset was given beside the seed, JSON data by name.
    """

    observation: Any = None
    offer: Offer | None = None
    info: Any = None
    by: Mapping[str, str] = {}
    generator: Any = None
    arguments: Any = None


class EnvironmentAnswered(Answer, frozen=True, kw_only=True):
    """
    The environment answered the action before.

    Attributes:
        observation: What can be seen, JSON data.
        reward: The step's reward; None where there is none.
        terminated: The environment ended the episode.
        truncated: A limit of the environment ended it.
        info: What it said beside, JSON data.
    """

    observation: Any = None
    reward: float | None = None
    terminated: bool = False
    truncated: bool = False
    info: Any = None


class ScoreGiven(Remark, frozen=True, kw_only=True, omit_defaults=True):
    """
    The environment, or whoever recorded the episode, scored it. Evidence, not a grade.

    Attributes:
        name: Name of the score, such as ``reward``.
        value: The score; None if there is none, as ``explanation`` says.
        low: Lowest value possible.
        high: Highest value possible.
        parts: What it is made of, by name, JSON data.
        explanation: Why it is what it is.
        by: Who gave it.
    """

    name: str
    value: float | None
    low: float = 0.0
    high: float = 1.0
    parts: Any = None
    explanation: str = ""
    by: str = ""


EVENTS: tuple[type[Event], ...] = (EnvironmentBegan, EnvironmentAnswered, ScoreGiven)
"""All of them, for the family's codec."""
