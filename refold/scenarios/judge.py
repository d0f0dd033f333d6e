"""
The measure ``judge``: what a model answers to a question about the episode, in rubrics of any kind.

Which events the judge sees is chosen by name or by their types. It never sees what would tell it
the score: rewards, given scores and the scenario with its rubric.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from attrs import field, frozen

from refold.engine import ActionTaken, EpisodeStarted, Reseeded, StepRewarded
from refold.engine.events import SHARED_EVENTS, Answer, Event
from refold.engine.exchanges import EXCHANGE_EVENTS
from refold.engine.registry import all_families
from refold.judges.asking import MOST_VOTES, YES_NO
from refold.judges.questions import BadQuestion, agent_words, check_question
from refold.scenarios.facts import Facts, Finding, IndexedEvent
from refold.scenarios.rubric import Measure
from refold.scenarios.strict import Problem

NAME = "judge"
"""Name of the measure."""

SHOWN = ("transcript", "replies", "last")
"""What can be shown by name; anything else is a type of events."""

_HIDDEN = (EpisodeStarted, Reseeded, StepRewarded, *EXCHANGE_EVENTS)
_SCORE = "score_given"


@frozen
class Question:
    """
    A question to a judge; where there is nothing to show, nobody is asked, and the value is 0.

    Attributes:
        question: What is asked.
        show: What the judge sees: ``transcript``, ``replies``, ``last``, or types of events.
        scale: The verdicts to choose from, with their values, 0 to 1.
        votes: How many answers count; the most common one, or the median on a tie.
    """

    question: str
    show: str | tuple[str, ...] = "transcript"
    scale: Mapping[str, float] = field(factory=lambda: dict(YES_NO))
    votes: int = 1


def _take(facts: Facts, params: Question) -> Finding:
    chosen = list(_chosen(facts, params.show))
    if not chosen:  # nothing to judge: nobody is asked
        return Finding(0.0)
    answer = facts.ask(
        params.question, show=[at.seq for at in chosen], scale=params.scale, votes=params.votes
    )
    seqs = tuple(at.seq for at in chosen)
    return Finding(float(answer.value), seqs, judged=(answer.question,))


def _chosen(facts: Facts, show: str | Sequence[str]) -> Iterator[IndexedEvent]:
    """Yield the events that are shown, oldest first."""
    visible = facts.compute_once(_visible)
    if show == "transcript":
        yield from visible
    elif show == "replies":
        yield from _replies(visible)
    elif show == "last":
        yield from _last(visible)
    else:
        kinds = (show,) if isinstance(show, str) else show
        yield from (at for at in visible if _tag(type(at.event)) in kinds)


def _visible(facts: Facts) -> list[IndexedEvent]:
    """Return the events that a judge may see, oldest first."""
    kinds = {type(event): None for event in facts.stream}
    found = [at for kind in kinds if not _is_hidden(kind) for at in facts.of_type(kind)]
    return sorted(found, key=lambda at: at.seq)


def _replies(visible: Sequence[IndexedEvent]) -> Iterator[IndexedEvent]:
    """Yield what the agent said, each after what an external environment had said to it."""
    heard = None
    for at in visible:
        if isinstance(at.event, Answer):
            heard = at
        elif isinstance(at.event, ActionTaken) and agent_words(at.event.action):
            if heard is not None:
                yield heard
            heard = None
            yield at


def _last(visible: Sequence[IndexedEvent]) -> Sequence[IndexedEvent]:
    """Return the last action and what came of it; nothing without an action."""
    places = [place for place, at in enumerate(visible) if isinstance(at.event, ActionTaken)]
    return visible[places[-1] :] if places else ()


def _is_hidden(kind: type[Event]) -> bool:
    return kind in _HIDDEN or _tag(kind) == _SCORE


def _tag(kind: type[Event]) -> str:
    return str(kind.__struct_config__.tag)


@cache
def _showable() -> frozenset[str]:
    """Return the types of events that can be shown, of any family."""
    own = (event for family in all_families() for event in family.events)
    kinds: set[type[Event]] = {*SHARED_EVENTS, ActionTaken, *own}
    return frozenset(_tag(kind) for kind in kinds if not _is_hidden(kind))


def judge_problems(params: Question, parameters: Any) -> list[Problem]:
    """
    Return every mistake in *params* as (path below the parameters, text).

    *parameters* are those of the scenario that the rubric belongs to; None for a rubric by itself.
    """
    found = list(_problems(params))
    if parameters is not None:
        # Episodes are graded by it as they end, in places where nobody can be asked.
        found.append(("", "expected it in a rubric of its own, for --rubric; got a scenario's"))
    return found


def _problems(params: Question) -> Iterator[Problem]:
    try:
        check_question(params.question, params.scale)
    except BadQuestion as error:
        yield "", str(error)
    for word, value in params.scale.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 <= value <= 1:
            yield f".scale.{word}", f"expected a number from 0 to 1, got {value!r:.60}"
    if not 1 <= params.votes <= MOST_VOTES:
        yield ".votes", f"expected 1 to {MOST_VOTES}, got {params.votes}"
    kinds = (params.show,) if isinstance(params.show, str) else params.show
    named = isinstance(params.show, str) and params.show in SHOWN
    if not kinds:
        yield ".show", "expected types of events, got none"
    for kind in () if named else kinds:
        if kind not in _showable():
            known = ", ".join((*SHOWN, *sorted(_showable())))
            yield ".show", f"expected one of {known}; got {kind!r:.60}"


JUDGE = Measure(Question, _take, "what a judge answered: {question}")
"""The measure; every family has it."""
