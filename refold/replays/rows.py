"""Two streams position by position: which of prompt, action, answer, events and state differ."""

from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import Any

from attrs import frozen

from refold.engine import Event, Input, Reseeded, Stream
from refold.engine.events import Answer, Remark
from refold.engine.exchanges import EXCHANGE_EVENTS
from refold.engine.world import first_difference
from refold.replays.dialogue import Utterance
from refold.replays.stepping import Step
from refold.scenarios.answered.events import EnvironmentAnswered, EnvironmentBegan
from refold.scenarios.answered.state import State

MINOR_ASPECTS = frozenset({"prompt", "reply", "exchange", "info", "score"})
"""Aspects in which rows may differ although the same actions had the same outcomes."""

_CALL_IDS = "$.observation.messages[].tool_call_id"  # made up again for each call


@frozen
class Row:
    """
    The same position in two streams.

    Attributes:
        position: Number of actions taken after it; 0 for the start.
        a: The step of the first stream, None after its last.
        b: The same of the second.
        differs: Which of these differ, in this order: ``seed`` (another random seed from here on),
            ``prompt`` (the new messages, or the model's configuration), ``reply``, ``exchange``
            (neither of these, but latency, tokens or attempts), ``action``, ``events``, ``reward``
            and ``state``. For an external environment, instead of ``state``, which is its last
            answer: ``observation``, ``info`` (what else it said) and ``score`` (what others gave).
    """

    position: int
    a: Step | None
    b: Step | None
    differs: tuple[str, ...]


def pair_rows(
    streams: tuple[Stream, Stream],
    walked: tuple[list[Step], list[Step]],
    said: tuple[list[tuple[Utterance, ...]], list[tuple[Utterance, ...]]],
) -> tuple[Row, ...]:
    """Return every position of the longer one of *streams*, given their steps and dialogues."""
    sides = (zip(*side, strict=True) for side in zip(walked, said, strict=True))
    return tuple(
        Row(position, left, right, tuple(_row_differences(*streams, left, right, one, other)))
        for position, ((left, one), (right, other)) in enumerate(
            zip_longest(*sides, fillvalue=(None, ()))
        )
    )


def rules_of(stream: Stream) -> tuple[str, int]:
    """Return the name of the family that decided *stream*, and the version of its rules."""
    return stream.family.name, stream.family.rules


def _row_differences(
    a: Stream,
    b: Stream,
    left: Step | None,
    right: Step | None,
    one: tuple[Utterance, ...],
    other: tuple[Utterance, ...],
) -> Iterator[str]:
    if left is None or right is None:
        yield from ("action", "events", "reward", "state")
        return
    if _reseedings(left) != _reseedings(right):
        yield "seed"
    for name, kinds in (("prompt", ("model", "prompt")), ("reply", ("reply",))):
        if _utterances_of(one, kinds) != _utterances_of(other, kinds):
            yield name
    # The dialogue is equal, so what differs is latency, tokens or attempts.
    if one == other and _payloads(a, left, _is_exchange) != _payloads(b, right, _is_exchange):
        yield "exchange"
    yield from _outcome_differences(a, b, left, right)


def _outcome_differences(a: Stream, b: Stream, left: Step, right: Step) -> Iterator[str]:
    if left.action != right.action:
        yield "action"
    if _payloads(a, left, _is_outcome) != _payloads(b, right, _is_outcome):
        yield "events"
    if left.reward != right.reward or left.parts != right.parts:
        yield "reward"
    if isinstance(left.state, State) and isinstance(right.state, State):
        yield from _answer_differences(a, b, left, right, left.state.parameters.volatile)
    elif rules_of(a) != rules_of(b) or a.family.view(left.state) != b.family.view(right.state):
        yield "state"


def _answer_differences(
    a: Stream, b: Stream, left: Step, right: Step, volatile: tuple[str, ...]
) -> Iterator[str]:
    if _payloads(a, left, _is_answer) != _payloads(b, right, _is_answer):
        other = first_difference(_observed(left), _observed(right), (*volatile, _CALL_IDS))
        yield "observation" if other else "info"
    if _payloads(a, left, _is_remark) != _payloads(b, right, _is_remark):
        yield "score"


def _observed(step: Step) -> list[Any]:
    """Return the observations in *step*, each as the answer that says nothing else."""
    kinds = (EnvironmentBegan, EnvironmentAnswered)
    return [{"observation": each.observation} for each in step.events if isinstance(each, kinds)]


def _utterances_of(said: tuple[Utterance, ...], kinds: tuple[str, ...]) -> list[Utterance]:
    return [each for each in said if each[0] in kinds]


def _reseedings(step: Step) -> list[Event]:
    return [event for event in step.events if isinstance(event, Reseeded)]


def _payloads(stream: Stream, step: Step, kind: Callable[[Event], bool]) -> list[bytes]:
    pairs = zip(step.seqs, step.events, strict=True)
    # Bytes, not values: that is what digests and `verify` compare, and it is faster.
    return [stream.current[seq] for seq, event in pairs if kind(event)]


def _is_exchange(event: Event) -> bool:
    return isinstance(event, EXCHANGE_EVENTS)


def _is_answer(event: Event) -> bool:
    return isinstance(event, Answer)


def _is_remark(event: Event) -> bool:
    return isinstance(event, Remark)


def _is_outcome(event: Event) -> bool:
    return not isinstance(event, Input)
