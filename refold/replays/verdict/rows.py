"""The steps of an episode as rows that can be told equal, and the runs of equal ones."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct, to_builtins

from refold.engine import ActionRefused, ActionTaken, EpisodeEnded, Event, StepRewarded, Stream
from refold.engine.codec import encode
from refold.engine.exchanges import EXCHANGE_EVENTS
from refold.replays.stepping import Step
from refold.scenarios.answered.events import EnvironmentAnswered
from refold.scenarios.answered.said import is_error, messages_in

TOOL_ERROR = "error"
"""The error of a step in which a tool of an external environment gave one."""

_LONGEST_PERIOD = 3
_FEWEST_REPEATS = (2, 3, 3)  # for runs of one, two and three steps
_TAIL = 400  # letters of a result: its end says how it went
_VERB_END = re.compile(r"[\s(:]")
_NUMBER = re.compile(r"\d+")
_UNTOLD = (ActionTaken, EpisodeEnded, StepRewarded, *EXCHANGE_EVENTS)


class Row(Struct, frozen=True):
    """
    A whole step.

    Attributes:
        step: Its position, from 1.
        say: Its action in words.
        verb: The first of these words, or the tool that it calls.
        names: The texts in its action except for its kind: ids, mostly.
        error: Why it was refused, or ``TOOL_ERROR``; None if all was well.
        refusal: The refusal in words; empty if the rules accepted it.
        reward: Its reward.
        signature: Equal for steps that did the same and came to the same.
    """

    step: int
    say: str
    verb: str
    names: frozenset[str]
    error: str | None
    refusal: str
    reward: float
    signature: tuple[Any, ...]


class Group(Struct, frozen=True):
    """
    A run of equal steps.

    Attributes:
        first: Position of the first one.
        period: How many steps are repeated, 1 to 3.
        times: How often they stand there, at least twice.
    """

    first: int
    period: int
    times: int

    @property
    def steps(self) -> range:
        """Positions of all its steps."""
        return range(self.first, self.first + self.period * self.times)


def rows_of(stream: Stream, walked: Sequence[Step]) -> list[Row]:
    """Return a row for each whole step in *walked*, the steps of *stream*."""
    return [_row(stream, step) for step in walked if step.action is not None]


def _row(stream: Stream, step: Step) -> Row:
    say = stream.family.say
    error, told = _answer(step) if stream.family.answered else (step.error, _told(stream, step))
    words = " ".join(say(step.action).split())
    return Row(
        step=step.position,
        say=words,
        verb=_VERB_END.split(words, 1)[0],
        names=frozenset(_names(to_builtins(step.action))),
        error=error,
        refusal=next((say(each) for each in step.events if isinstance(each, ActionRefused)), ""),
        reward=step.reward,
        signature=(encode(step.action), error, *(_NUMBER.sub("#", text) for text in told)),
    )


def _told(stream: Stream, step: Step) -> list[str]:
    """Return what came of an action; of a refused one nothing, as the rest is not its doing."""
    if step.error:
        return []
    return [stream.family.say(event) for event in step.events if not isinstance(event, _UNTOLD)]


def _answer(step: Step) -> tuple[str | None, list[str]]:
    """Return the error of what an external environment answered, and the ends of its results."""
    error, told = step.error, []
    for event in step.events:
        if isinstance(event, EnvironmentAnswered):
            messages = messages_in(event.observation)
            if any(message.get("role") == "tool" and is_error(message) for message in messages):
                error = TOOL_ERROR
            told += [str(message.get("content"))[-_TAIL:] for message in messages]
            if not messages:
                told.append(encode(event.observation).decode(errors="replace")[-_TAIL:])
    return error, told


def _names(value: Any, *, first: bool = True) -> Iterator[str]:
    """Yield the texts in *value*, an action or an event as data, except for the kind of it."""
    if isinstance(value, dict):
        for place, inner in enumerate(value.values()):
            if not (first and place == 0 and isinstance(inner, str)):
                yield from _names(inner, first=False)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _names(inner, first=False)
    elif isinstance(value, str) and value:
        yield value


def names_in(event: Event) -> frozenset[str]:
    """Return the texts in *event*: the ids that it is about, among others."""
    return frozenset(_names(to_builtins(event)))


def groups_of(rows: Sequence[Row]) -> list[Group]:
    """Return the runs of equal steps among *rows*, none of which overlap, by position."""
    found, place = [], 0
    while place < len(rows):
        runs = (_run(rows, place, period) for period in range(1, _LONGEST_PERIOD + 1))
        longest = max(filter(None, runs), key=lambda run: run.period * run.times, default=None)
        if longest is not None:
            found.append(longest)
        place += len(longest.steps) if longest is not None else 1
    return found


def _run(rows: Sequence[Row], place: int, period: int) -> Group | None:
    """Return the run that begins at *place* and repeats *period* steps; None if it is too short."""
    end = place + period
    while end < len(rows) and rows[end].signature == rows[end - period].signature:
        end += 1
    times = (end - place) // period
    if times < _FEWEST_REPEATS[period - 1]:
        return None
    return Group(rows[place].step, period, times)
