"""
What the log tells: episodes, their events, states and grades, differences; and forks.

All but the fork only reads, each request with a reader of its own, so none waits for the writer.
Of an episode that still runs, nothing is shown that its agent must not see.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query, Response

from refold.engine import EpisodeInfo, EventLog, Stream, fold_to
from refold.graders import grade, saved_grades
from refold.replays import Diff, diff, steps
from refold.server.context import PATIENCE, Context
from refold.server.http.bodies import Json
from refold.server.http.openapi import ref, told
from refold.server.http.openapi_examples import EPISODE, GRADE
from refold.server.http.request_session import Server, Text
from refold.server.routes.rows import (
    DiffReply,
    EpisodeList,
    EpisodeWhole,
    EventRow,
    GradeReply,
    StateReply,
    StepRow,
    Tail,
    grade_reply,
    rewards_of,
    row_of,
)
from refold.viewer.differences import diff_document
from refold.viewer.document import document
from refold.viewer.page import encode_document
from refold.viewer.timeline import picture_of

MOST = 500
MOST_LEGAL = 500

router = APIRouter(tags=["episodes"])
Sides = tuple[tuple[EpisodeInfo, Stream], tuple[EpisodeInfo, Stream]]
Id = Annotated[str, Path(min_length=1, max_length=255, description="Id, unique prefix, or `last`")]
Limit = Annotated[int, Query(ge=1, le=MOST)]
After = Annotated[int, Query(ge=-1, le=2**31)]


def opened(context: Context, log: EventLog, id: str) -> tuple[EpisodeInfo, Stream]:
    """
    Return the episode that *id* names, and its events.

    Raises:
        UnknownEpisode, AmbiguousEpisode, LogDamaged: As ``EventLog.events``.
    """
    info = context.find(log, id)
    return info, log.events(info.id)


@router.get(
    "/episodes",
    **told(
        "The episodes of the log",
        ref(EpisodeList),
        {"episodes": [EPISODE], "next": None},
        errors=(404, 409, 422),
    ),
)
def episodes(
    context: Server,
    scenario: Text = None,
    agent: Text = None,
    run: Text = None,
    limit: Limit = 50,
    before: Text = None,
    rewards: bool = False,
) -> Response:
    """List episodes, newest first; `scenario` may be a family. `before` is a page's `next`."""
    with context.reading() as log:
        found = log.episodes(scenario=scenario, agent=agent, run=run, newest_first=True)
        if before is not None:
            last = context.find(log, before).id
            for info in found:
                if info.id == last:
                    break
        page = list(islice(found, limit + 1))
        rows = [
            row_of(info, saved_grades(log, info.id), rewards_of(log, info.id) if rewards else None)
            for info in page[:limit]
        ]
    following = rows[-1].id if len(page) > limit else None
    return Json(EpisodeList(rows, following))


@router.get(
    "/episodes/{id}",
    **told(
        "An episode with its events",
        ref(EpisodeWhole),
        {"episode": EPISODE, "events": [], "next": None},
        errors=(404, 409, 422),
    ),
)
def episode(context: Server, id: Id, after: After = -1, limit: Limit = 100) -> Response:
    """Return the episode at a glance, and the events after the seq `after`."""
    with context.reading() as log:
        info, stream = opened(context, log, id)
        grades = saved_grades(log, info.id)
    page = range(after + 1, min(after + 1 + limit, len(stream)))
    more = page.stop if page and page.stop < len(stream) else None
    rows = [_event_row(stream, seq, running=info.ended is None) for seq in page]
    return Json(EpisodeWhole(row_of(info, grades), rows, more - 1 if more else None))


def _event_row(stream: Stream, seq: int, *, running: bool) -> EventRow:
    data: dict[str, Any] = msgspec.json.decode(stream.payloads[seq])
    kind = data.pop("type")
    hidden = _hidden(stream) if running else frozenset()
    if seq == 0 and running:
        data.pop("scenario")
    if hidden.isdisjoint(data):
        return EventRow(seq, kind, data, stream.family.say(stream[seq]))
    return EventRow(seq, kind, {k: v for k, v in data.items() if k not in hidden}, "")


def _hidden(stream: Stream) -> frozenset[str]:
    return picture_of(stream.family.name, stream.family.rules).hidden


@router.get(
    "/episodes/{id}/grade",
    **told("The grade of an episode", ref(GradeReply), GRADE, errors=(404, 409, 422)),
)
def episode_grade(context: Server, id: Id) -> Response:
    """Grade the episode from its events, by its own rubric."""
    with context.reading() as log:
        info, stream = opened(context, log, id)
    return Json(grade_reply(info, grade(stream)))


@router.get(
    "/episodes/{id}/state",
    **told("An episode at one position", ref(StateReply), {}, errors=(404, 409, 422)),
)
def episode_state(
    context: Server, id: Id, step: Annotated[int | None, Query(ge=0, le=2**31)] = None
) -> Response:
    """Return the episode after `step` actions, where it stands if there is no `step`."""
    with context.reading() as log:
        info, stream = opened(context, log, id)
    position = info.steps if step is None else step
    family, at = stream.family, fold_to(stream, position)
    legal = [
        {"action": msgspec.to_builtins(each), "say": family.say(each)}
        for each in islice(family.legal_actions(at), MOST_LEGAL)
    ]
    seen = msgspec.to_builtins(family.observe(at))
    return Json(StateReply(position, info.steps, seen, dict(family.view(at)), legal))


@router.get(
    "/episodes/{id}/steps",
    **told("The steps of an episode, as they come", ref(Tail), {}, errors=(404, 409, 422)),
)
def episode_steps(context: Server, id: Id, after: After = 0, limit: Limit = 100) -> Response:
    """Return the steps after position `after`: a live tail, for who asks again with `next`."""
    with context.reading() as log:
        info, stream = opened(context, log, id)
    family = stream.family
    rows = [
        StepRow(
            position=each.position,
            action=msgspec.to_builtins(each.action),
            say=family.say(each.action),
            error=each.error,
            reward=each.reward,
            parts=dict(each.parts),
            total=each.total,
            view=dict(family.view(each.state)),
        )
        for each in islice(
            (s for s in steps(stream) if s.action is not None and s.position > after), limit
        )
    ]
    return Json(Tail(rows, rows[-1].position if rows else max(after, 0), info.ended, info.reason))


@contextmanager
def _compared(context: Context, a: str, b: str) -> Iterator[tuple[Diff, Sides]]:
    """Give how two episodes differ, and each with its events, in a place for long computations."""
    with context.heavy(patience=PATIENCE), context.reading() as log:
        one, two = opened(context, log, a), opened(context, log, b)
        yield diff(one[1], two[1]), (one, two)


@router.get(
    "/diff/{a}/{b}",
    **told("Two episodes side by side", ref(DiffReply), {}, errors=(404, 409, 422, 503)),
)
def difference(context: Server, a: Id, b: Id) -> Response:
    """Say where and how two episodes part."""
    with _compared(context, a, b) as (found, ((one, _), (two, _))):
        return Json(_difference(found, one.id, two.id))


def _difference(found: Diff, a: str, b: str) -> DiffReply:
    rows = [
        {
            "position": row.position,
            "differs": list(row.differs),
            "a": msgspec.to_builtins(row.a.action) if row.a else None,
            "b": msgspec.to_builtins(row.b.action) if row.b else None,
            "rewards": [row.a.reward if row.a else None, row.b.reward if row.b else None],
        }
        for row in found.rows
        if row.differs
    ]
    return DiffReply(
        a=a,
        b=b,
        same=found.same,
        cause=found.cause,
        shared=found.shared,
        comparable=found.comparable,
        scores=list(found.scores),
        states=[msgspec.to_builtins(each) for each in found.states[:MOST]],
        parts=[msgspec.to_builtins(each) for each in found.parts],
        rows=rows[:MOST],
    )


@router.get(
    "/api/episodes/{id}",
    **told("An episode as one document", {"type": "object"}, {}, errors=(404, 409, 422)),
)
def episode_document(context: Server, id: Id) -> Response:
    """Return the document that the page of an episode is made of."""
    with context.reading() as log:
        info, stream = opened(context, log, id)
        return Json(encode_document(document(stream, info=info, grade=grade(stream))))


@router.get(
    "/api/diff/{a}/{b}",
    **told("Two episodes as one document", {"type": "object"}, {}, errors=(404, 409, 422, 503)),
)
def difference_document(context: Server, a: Id, b: Id) -> Response:
    """Return the document that the page of two episodes side by side is made of."""
    with _compared(context, a, b) as (found, ((one, left), (two, right))):
        return Json(encode_document(diff_document(found, (left, right), infos=(one, two))))
