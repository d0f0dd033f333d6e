"""
The log over HTTP: episodes with their events, states and grades, and differences between two.

Nothing here writes. Each request opens a reader of its own, so none waits for the writer. Of a
running episode, nothing is shown that its agent must not see.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Response

from refold.engine import EpisodeInfo, EventLog, Stream, fold_to
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.engine.log.left_out import LeftOut
from refold.graders import grade
from refold.graders.saved import saved_or_none
from refold.replays import Diff, diff, steps
from refold.replays.verdict import verdict
from refold.reports.optima import optimum_member, optimum_of
from refold.server.context import PATIENCE_SECONDS, ServerContext
from refold.server.http.bodies import JsonResponse
from refold.server.http.openapi import route_docs, schema_ref
from refold.server.http.openapi_examples import EPISODE, GRADE
from refold.server.http.request_session import (
    ContextDep,
    EpisodeDep,
    EpisodePath,
    NamesDep,
)
from refold.server.routes.replies import (
    DiffReply,
    EpisodeDetail,
    EventRow,
    GradeReply,
    StateReply,
    StepList,
    StepRow,
    episode_row,
    grade_reply,
)
from refold.viewer.differences import diff_document
from refold.viewer.episode_document import document
from refold.viewer.html_page import encode_document

# Caps on what one response may hold; an episode may be of any length.
MOST_ROWS = 500
MOST_ACTIONS = 500

router = APIRouter(tags=["episodes"])
Sides = tuple[tuple[EpisodeInfo, Stream], tuple[EpisodeInfo, Stream]]
LimitQuery = Annotated[int, Query(ge=1, le=MOST_ROWS)]
AfterQuery = Annotated[int, Query(ge=-1, le=2**31)]


def find_stream(context: ServerContext, log: EventLog, id: str) -> tuple[EpisodeInfo, Stream]:
    """
    Return the episode *id* of *log* and its events.

    Raises:
        UnknownEpisode, AmbiguousEpisode: No episode is called so, or several are.
        LogDamaged: The events are not those that were written.
    """
    info = context.find_episode(log, id)
    return info, log.events(info.id)


def read_episode(context: ServerContext, id: str) -> tuple[EpisodeInfo, Stream]:
    """Return the episode *id* and its events, with a reader of its own; as ``find_stream``."""
    with context.open_reader() as log:
        return find_stream(context, log, id)


@router.get(
    "/episodes/{id}",
    **route_docs(
        "An episode with its events",
        schema_ref(EpisodeDetail),
        {"episode": EPISODE, "events": [], "next": None},
        errors=(404, 409, 422),
    ),
)
def episode(
    context: ContextDep, id: EpisodeDep, after: AfterQuery = -1, limit: LimitQuery = 100
) -> Response:
    """Return the episode at a glance, and the events after the seq `after`."""
    with context.open_reader() as log:
        info, stream = find_stream(context, log, id)
        grades = saved_or_none(log, info.id, LeftOut())
    page = range(after + 1, min(after + 1 + limit, len(stream)))
    more = page.stop if page and page.stop < len(stream) else None
    rows = [_event_row(stream, seq, running=info.ended is None) for seq in page]
    return JsonResponse(EpisodeDetail(episode_row(info, grades), rows, more - 1 if more else None))


def _event_row(stream: Stream, seq: int, *, running: bool) -> EventRow:
    data: dict[str, Any] = msgspec.json.decode(stream.payloads[seq])
    kind = data.pop("type")
    hidden = _hidden_fields(stream) if running else frozenset()
    # The scenario's parameters hold what the agent is still to find out.
    if seq == 0 and running:
        data.pop("scenario")
    if hidden.isdisjoint(data):
        return EventRow(seq, kind, data, stream.family.say(stream[seq]))
    # Without `say` either, which could put a hidden value into words.
    return EventRow(seq, kind, {k: v for k, v in data.items() if k not in hidden}, "")


def _hidden_fields(stream: Stream) -> frozenset[str]:
    """Return the event fields that the agent must not see while the episode runs."""
    return stream.family.timeline.hidden


@router.get(
    "/episodes/{id}/grade",
    **route_docs("The grade of an episode", schema_ref(GradeReply), GRADE, errors=(404, 409, 422)),
)
def episode_grade(context: ContextDep, id: EpisodeDep) -> Response:
    """Grade the episode from its events, by its own rubric."""
    info, stream = read_episode(context, id)
    return JsonResponse(grade_reply(info, grade(stream)))


@router.get(
    "/episodes/{id}/state",
    **route_docs("An episode at one position", schema_ref(StateReply), {}, errors=(404, 409, 422)),
)
def episode_state(
    context: ContextDep, id: EpisodeDep, step: Annotated[int | None, Query(ge=0, le=2**31)] = None
) -> Response:
    """Return the episode after `step` actions, where it stands if there is no `step`."""
    info, stream = read_episode(context, id)
    position = info.steps if step is None else step
    family, at = stream.family, fold_to(stream, position)
    legal = [
        {"action": msgspec.to_builtins(each), "say": family.say(each)}
        for each in islice(family.legal_actions(at), MOST_ACTIONS)
    ]
    seen = msgspec.to_builtins(family.observe(at))
    return JsonResponse(StateReply(position, info.steps, seen, dict(family.view(at)), legal))


@router.get(
    "/episodes/{id}/steps",
    **route_docs(
        "The steps of an episode, as they come", schema_ref(StepList), {}, errors=(404, 409, 422)
    ),
)
def episode_steps(
    context: ContextDep, id: EpisodeDep, after: AfterQuery = 0, limit: LimitQuery = 100
) -> Response:
    """Return the steps after position `after`: a live tail, for who asks again with `next`."""
    info, stream = read_episode(context, id)
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
    return JsonResponse(
        StepList(rows, rows[-1].position if rows else max(after, 0), info.ended, info.reason)
    )


@contextmanager
def _open_diff(context: ServerContext, a: str, b: str) -> Iterator[tuple[Diff, Sides]]:
    """Open the comparison of two episodes, in a slot for long computations, with both of them."""
    with context.long_computation(patience=PATIENCE_SECONDS), context.open_reader() as log:
        one, two = find_stream(context, log, a), find_stream(context, log, b)
        yield diff(one[1], two[1]), (one, two)


@router.get(
    "/diff/{a}/{b}",
    **route_docs(
        "Two episodes side by side", schema_ref(DiffReply), {}, errors=(404, 409, 422, 503)
    ),
)
def difference(context: ContextDep, names: NamesDep, a: EpisodePath, b: EpisodePath) -> Response:
    """Say where and how two episodes part."""
    with _open_diff(context, names.get(a, a), names.get(b, b)) as (found, ((one, _), (two, _))):
        return JsonResponse(_diff_reply(found, one.id, two.id))


def _diff_reply(found: Diff, a: str, b: str) -> DiffReply:
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
        states=[msgspec.to_builtins(each) for each in found.states[:MOST_ROWS]],
        parts=[msgspec.to_builtins(each) for each in found.parts],
        rows=rows[:MOST_ROWS],
    )


@router.get(
    "/api/episodes/{id}",
    **route_docs("An episode as one document", {"type": "object"}, {}, errors=(404, 409, 422)),
)
def episode_document(context: ContextDep, id: EpisodeDep) -> Response:
    """Return the document that the page of an episode is made of."""
    with context.open_reader() as log:
        info, stream = find_stream(context, log, id)
        optimum = optimum_of(log, info, stream, LeftOut())
    given = None if info.reason == INSTRUMENT_FAILED else grade(stream)
    told = verdict(stream, given, pass_at=context.settings.pass_at)
    made = document(stream, info=info, grade=given, verdict=told)
    return JsonResponse(encode_document({**made, **optimum_member(optimum, info, given)}))


@router.get(
    "/api/diff/{a}/{b}",
    **route_docs(
        "Two episodes as one document", {"type": "object"}, {}, errors=(404, 409, 422, 503)
    ),
)
def difference_document(
    context: ContextDep, names: NamesDep, a: EpisodePath, b: EpisodePath
) -> Response:
    """Return the document that the page of two episodes side by side is made of."""
    with _open_diff(context, names.get(a, a), names.get(b, b)) as (
        found,
        ((one, left), (two, right)),
    ):
        return JsonResponse(encode_document(diff_document(found, (left, right), infos=(one, two))))
