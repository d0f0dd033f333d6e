"""Rows of an index: an episode at a glance, with what its requests to a model used."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any

import msgspec
from attrs import fields, frozen
from msgspec import Struct

from refold.engine.codec import encode
from refold.engine.errors import NotALog
from refold.engine.log.info import EpisodeInfo
from refold.engine.log.left_out import LeftOut
from refold.engine.log.numbered import NumberedEpisodes

_LARGEST_COUNT = 10**12  # as in the log's views: an absurd one would be no integer of SQLite's


class IndexedEpisode(Struct, frozen=True, gc=False):
    """
    An episode of a list: what the table ``rows`` holds of it, in that order.

    All in one object, which takes a fifth of the time that an ``EpisodeInfo`` in another takes.

    Attributes:
        number: Its row number in the log.
        input: Tokens that a model read, as counted by the API; None if nobody counted any.
        output: Tokens that it wrote, likewise.
        cost: What the API charged, in US dollars; None unless it said so for every reply.
        score: Of the grade that was saved first; None without one.
        scores: All that were saved, with their rubrics, as JSON; None if one is damaged.

    The others are those of an ``EpisodeInfo``.
    """

    number: int
    id: str
    scenario: str
    seed: int
    agent: str
    run: str
    epoch: int
    release: str
    started_at: str
    ended_at: str | None
    parent: str | None
    fork_at: int | None
    steps: int
    total: float
    ended: str | None
    reason: str | None
    events: int
    digest: str
    input: int | None
    output: int | None
    cost: float | None
    score: float | None
    scores: bytes | None

    @property
    def info(self) -> EpisodeInfo:
        """The episode at a glance, made anew each time."""
        return EpisodeInfo(**dict(zip(INFO_FIELDS, values_of(self), strict=True)))


INFO_FIELDS = tuple(each.name for each in fields(EpisodeInfo))
"""Names of the fields of an ``EpisodeInfo``, in order."""

values_of: Callable[[EpisodeInfo | IndexedEpisode], tuple[Any, ...]] = attrgetter(*INFO_FIELDS)
"""Return the values of these fields, in that order."""


class KeptOutcome(Struct, frozen=True, gc=False):
    """
    What an index keeps of an episode's outcome: its grade by the recorded rubric, and more.

    Attributes:
        digest: Digest of the events that it is of.
        setting: What it was played in and scored by, as JSON; many episodes share it.
        score: The score.
        excluded: Why the score does not count; None if it does.
        counts: The grade's diagnostic numbers, as JSON.
        figures: What else pages need, as JSON.
    """

    digest: str
    setting: bytes
    score: float
    excluded: str | None
    counts: bytes
    figures: bytes


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


class _Rubric(Struct):
    name: str
    version: int
    digest: str


class _Saved(Struct):
    """What lists show of a saved grade."""

    rubric: _Rubric
    score: float


class _Refused(Struct, tag_field="type", tag="action_refused"):
    error: str = ""


_decode = msgspec.json.Decoder(_Called | _Refused).decode
_decode_saved = msgspec.json.Decoder(_Saved).decode
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
    scores, none = saved_scores(log, numbers), Met()
    return [
        (_row(number, info, met.get(number, none), scores[number]), met.get(number, none))
        for number, info in log.numbered(numbers, left_out)
    ]


def _row(
    number: int, info: EpisodeInfo, met: Met, scores: tuple[float | None, bytes | None]
) -> IndexedEpisode:
    used = met.input, met.output, met.cost
    return IndexedEpisode(*(number, *values_of(info), *used, *scores))


def saved_scores(
    log: NumberedEpisodes, numbers: Iterable[int]
) -> dict[int, tuple[float | None, bytes | None]]:
    """Return ``score`` and ``scores`` of the ``IndexedEpisode`` of each of these *numbers*."""
    saved = log.saved_grades(numbers)
    found: dict[int, tuple[float | None, bytes | None]] = dict.fromkeys(numbers, (None, b"[]"))
    for number, grades in saved.items():
        found[number] = grades[0][0], pack_scores(grades)
    return found


def pack_scores(grades: Iterable[tuple[float, bytes]]) -> bytes | None:
    """
    Return the scores of *grades*, each its score and all of it as JSON, as lists show them.

    None if one of them cannot be read, or has another score.
    """
    read = []
    for score, body in grades:
        try:
            read.append(_decode_saved(body))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        if read[-1].score != score:
            return None
    return encode(
        [
            {"rubric": each.rubric.name, "score": each.score, "version": each.rubric.version}
            for each in read
        ]
    )


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
