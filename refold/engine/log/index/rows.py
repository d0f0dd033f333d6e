"""Rows of an index: an episode at a glance, with what its requests to a model used."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec
from attrs import frozen
from msgspec import Struct

from refold.engine.errors import NotALog
from refold.engine.log.info import EpisodeInfo
from refold.engine.log.left_out import LeftOut
from refold.engine.log.numbered import NumberedEpisodes

_LARGEST_COUNT = 10**12  # as in the log's views: an absurd one would be no integer of SQLite's


@frozen
class IndexedEpisode:
    """
    An episode of a list.

    Attributes:
        number: Its row number in the log.
        info: The episode at a glance.
        input: Tokens that a model read, as counted by the API; None if nobody counted any.
        output: Tokens that it wrote, likewise.
        cost: What the API charged, in US dollars; None unless it said so for every reply.
        score: Of the grade that was saved first; None without one.
    """

    number: int
    info: EpisodeInfo
    input: int | None
    output: int | None
    cost: float | None
    score: float | None


@frozen
class Met:
    """
    What an episode's events tell beside its row: tokens and cost as of ``IndexedEpisode``.

    Attributes:
        errors: What the rules refused, and why requests to a model failed.
    """

    input: int | None = None
    output: int | None = None
    cost: float | None = None
    errors: frozenset[str] = frozenset()


class _Usage(Struct):
    input: int = 0
    output: int = 0
    cost: float | None = None


class _Reply(Struct):
    usage: _Usage | None = None


class _Attempt(Struct):
    fault: str = ""
    cause: str | None = None


class _Called(Struct, tag_field="type", tag="model_called"):
    """What is needed of a ``ModelCalled``; the rest, which may be long, is skipped."""

    reply: _Reply | None = None
    faults: tuple[_Attempt, ...] = ()


class _Refused(Struct, tag_field="type", tag="action_refused"):
    error: str = ""


_decode = msgspec.json.Decoder(_Called | _Refused).decode
_KINDS = ("model_called", "action_refused")


def read_rows(
    log: NumberedEpisodes, numbers: Sequence[int], left_out: LeftOut
) -> Iterator[tuple[IndexedEpisode, Met]]:
    """Yield the episodes of these *numbers*, in order; *left_out* notes damaged ones."""
    try:
        yield from _read_rows(log, numbers, left_out)
    except NotALog as error:
        if len(numbers) == 1:
            left_out.add(log.id_of(numbers[0]), error)
            return
        for number in numbers:  # a page of the file is damaged, which hides all others
            yield from read_rows(log, [number], left_out)


def _read_rows(
    log: NumberedEpisodes, numbers: Sequence[int], left_out: LeftOut
) -> list[tuple[IndexedEpisode, Met]]:
    grouped = groupby(log.events_of_kinds(numbers, _KINDS), key=itemgetter(0))
    met = {number: _met(payload for _, payload in events) for number, events in grouped}
    scores, none = log.first_scores(numbers), Met()
    return [
        (_row(number, info, met.get(number, none), scores.get(number)), met.get(number, none))
        for number, info in log.numbered(numbers, left_out)
    ]


def _row(number: int, info: EpisodeInfo, met: Met, score: float | None) -> IndexedEpisode:
    return IndexedEpisode(number, info, met.input, met.output, met.cost, score)


def _met(payloads: Iterable[bytes]) -> Met:
    usages: list[_Usage | None] = []
    errors: set[str] = set()
    for payload in payloads:
        try:
            event: Any = _decode(payload)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue  # what reads the episode whole tells of it
        if isinstance(event, _Refused):
            errors.add(event.error)
            continue
        errors.update(attempt.cause or attempt.fault for attempt in event.faults)
        if event.reply is not None:
            usages.append(event.reply.usage)
    counted = [usage for usage in usages if usage is not None]
    costs = [usage.cost for usage in counted if usage.cost is not None]
    return Met(
        input=sum(_counted(usage.input) for usage in counted) if counted else None,
        output=sum(_counted(usage.output) for usage in counted) if counted else None,
        cost=sum(costs) if usages and len(costs) == len(usages) else None,
        errors=frozenset(errors),
    )


def _counted(tokens: int) -> int:
    return tokens if 0 <= tokens <= _LARGEST_COUNT else 0
