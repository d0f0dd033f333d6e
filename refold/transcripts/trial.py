"""
A trial: one run of an agent on one task, as any tool records it.

The modules of the formats make trials; ``episodes`` makes episodes of them. What a source does not
tell stays empty here, since nothing may be made up of it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from attrs import define, field, frozen

from refold.engine.exchanges import Usage
from refold.scenarios.answered.events import ScoreGiven

Message = dict[str, Any]

_EMPTY: tuple[Any, ...] = (None, "", [], {})


@frozen
class Call:
    """
    One call of a tool.

    Attributes:
        id: As the source names it; may be empty.
        name: The tool's name.
        arguments: An object; the model's own text where that is none.
        text: The arguments as JSON text, verbatim where the source has it.
        rest: Further fields of the call, under their own names.
    """

    id: str
    name: str
    arguments: Any
    text: str
    rest: Mapping[str, Any] = field(factory=dict)


@define
class Turn:
    """
    What an agent did at once, and what it was told next.

    Attributes:
        content: Its text.
        calls: Its calls of tools.
        message: Its message whole, where that says more than text and calls; else None.
        model: Name of the model that generated it.
        finish: Why the model stopped.
        usage: Tokens, where the source tells those read and those written.
        settings: Settings of the request; None if untold.
        answer: Messages until the next turn.
        info: What else the source says of the answer.
    """

    content: str = ""
    calls: Sequence[Call] = ()
    message: Message | None = None
    model: str = ""
    finish: str | None = None
    usage: Usage | None = None
    settings: dict[str, Any] | None = None
    answer: list[Message] = field(factory=list)
    info: Any = None


@define
class Trial:
    """
    One run.

    Attributes:
        benchmark: What the task belongs to, such as the name of an evaluation.
        task: The task in it; empty if untold, so that the first messages stand for it.
        name: Name of its scenario; made of benchmark and task if empty.
        agent: Who played.
        environment: The kind of environment that would answer, as a format's name; that of the file
            if empty.
        beginning: Messages before the first turn.
        turns: The agent's turns.
        scores: Scores that the source gives, the most important one first.
        reward: What the source calls the reward of the whole run.
        how: How it ended; None if the source does not say.
        reason: Why it ended, in the source's words.
        fault: Why it is no result, such as an error of the tool; None if it is one.
        tools: Tools on offer, as APIs of models have them.
        info: What else the source says, under its own names.
        options: Options of the environment.
        volatile: Paths of answers that a fresh environment would not make the same.
        seed: Random seed.
        epoch: 0-based number among the runs of this task; None if untold.
        started: When it began, ISO 8601; None if untold.
        ended: When it ended.
        left: How often each field of the source was not kept.
        unknown: How often each field was kept that is not understood.
    """

    benchmark: str
    task: str = ""
    name: str = ""
    agent: str = ""
    environment: str = ""
    beginning: list[Message] = field(factory=list)
    turns: list[Turn] = field(factory=list)
    scores: list[ScoreGiven] = field(factory=list)
    reward: float | None = None
    how: Literal["terminated", "truncated"] | None = None
    reason: str = ""
    fault: str | None = None
    tools: Sequence[dict[str, Any]] = ()
    info: dict[str, Any] = field(factory=dict)
    options: dict[str, Any] = field(factory=dict)
    volatile: tuple[str, ...] = ()
    seed: int = 0
    epoch: int | None = None
    started: str | None = None
    ended: str | None = None
    left: Counter[str] = field(factory=Counter)
    unknown: Counter[str] = field(factory=Counter)

    def hear(self, message: Message) -> None:
        """Add *message*, which the agent was told, to the last turn's answer or the beginning."""
        (self.turns[-1].answer if self.turns else self.beginning).append(message)

    def leave(self, path: str, value: Any) -> None:
        """Note that the field at *path* was not kept, unless its *value* is empty."""
        if value not in _EMPTY:
            self.left[path] += 1

    def keep(self, rest: Mapping[str, Any], path: str = "") -> None:
        """Keep *rest*, fields that are not understood, under their own names."""
        for name, value in rest.items():
            if value not in _EMPTY:
                self.info[name] = value
                self.unknown[f"{path}{name}"] += 1
