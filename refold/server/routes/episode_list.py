"""
The list of the log's episodes: filtered, searched and sorted, page by page.

It comes from the index beside the log, which each request brings up to date. What takes longer,
reading messages and making verdicts, is done for a moment only: the requests that follow continue
with it.
"""

import re
from datetime import datetime
from typing import Annotated

from attrs import frozen
from fastapi import APIRouter, Query, Response
from msgspec import structs
from pydantic import BeforeValidator

from refold.engine import EventLog
from refold.engine.log.index.asking import ask_index
from refold.engine.log.index.index import LogIndex
from refold.engine.log.index.rows import IndexedEpisode
from refold.engine.log.index.wanted import SORTS, Ending, Order, Wanted
from refold.engine.log.info import in_utc
from refold.engine.log.left_out import LeftOut
from refold.graders import RubricName
from refold.graders.saved import saved_or_none
from refold.labels.tags import tagged
from refold.server.http.bodies import JsonResponse
from refold.server.http.openapi import route_docs, schema_ref
from refold.server.http.openapi_examples import EPISODE
from refold.server.http.request_session import ContextDep, TextQuery
from refold.server.routes.replies import (
    EpisodeList,
    ListedEpisode,
    episode_row,
    left_out_rows,
    read_rewards,
)
from refold.server.routes.saved_episodes import LimitQuery
from refold.server.routes.saved_grades import find_saved_grades
from refold.server.sessions.errors import BadRequest
from refold.triage import add_words, hits_of, short_verdicts

_SECONDS_OF_WORDS = 0.3
_SECONDS_OF_VERDICTS = 0.1
_EXAMPLE = {
    **EPISODE,
    "input_tokens": None,
    "output_tokens": None,
    "cost": None,
    "verdict": None,
    "hits": None,
}

router = APIRouter(tags=["episodes"])

_SORT = f"^-?({'|'.join(SORTS)})$"
SortQuery = Annotated[str, Query(pattern=_SORT)]


def _check_date(text: str) -> str:
    """Return *text* if it begins as a date does: a number of seconds is none here."""
    if not re.match(r"\d{4}-", text):
        raise ValueError("expected a date, such as 2026-11-29")
    return text


SinceQuery = Annotated[datetime | None, Query(), BeforeValidator(_check_date)]
ScoreQuery = Annotated[float | None, Query(allow_inf_nan=False)]


@frozen
class _Found:
    """What the index has: rows, their verdicts, and the figures of an ``EpisodeList``."""

    rows: list[IndexedEpisode]
    verdicts: dict[int, str]
    count: int
    mean: float | None
    errors: list[str]
    unread: int


@router.get(
    "/episodes",
    name="episodes",
    **route_docs(
        "The episodes of the log",
        schema_ref(EpisodeList),
        {
            "episodes": [_EXAMPLE],
            "next": None,
            "count": 1,
            "mean": None,
            "total": 1,
            "errors": [],
            "unread": 0,
            "graders": [],
        },
        errors=(404, 409, 422),
    ),
)
def list_episodes(
    context: ContextDep,
    scenario: TextQuery = None,
    agent: TextQuery = None,
    run: TextQuery = None,
    below: ScoreQuery = None,
    ended: Ending | None = None,
    error: TextQuery = None,
    since: SinceQuery = None,
    text: TextQuery = None,
    tag: TextQuery = None,
    sort: SortQuery = "-began",
    limit: LimitQuery = 50,
    before: TextQuery = None,
    by: TextQuery = None,
    rewards: bool = False,
) -> Response:
    """
    List episodes, newest first; `scenario` may be a family. `before` is a page's `next`.

    `below` is a score, `error` a refusal or why a request to a model failed, `since` a time.
    `text` are words of a message, or a part of the id or of a name; `sort` has a minus in front
    for the highest first. `by` names saved grades, which score in place of the recorded rubrics;
    `below` and a sort by score go by the recorded ones, so they cannot be given with it.
    """
    left_out = LeftOut()
    if by is not None and (below is not None or sort.endswith("score")):
        raise BadRequest("expected no below and no sort by score, which go by other grades", "by")
    order = Order(sort.removeprefix("-"), falling=sort.startswith("-"))
    with context.open_reader() as log:
        last = None if before is None else context.find_episode(log, before).id
        wanted = Wanted(
            scenario=scenario,
            agent=agent,
            run=run,
            below=below,
            ended=ended,
            error=error,
            since=None if since is None else in_utc(since),
            text=text,
            ids=None if tag is None else tagged(log, tag),
        )
        rubric = None if by is None else find_saved_grades(log, by)
        found = ask_index(log, lambda index: _find(index, wanted, order, limit, last, left_out))
        page = found.rows[:limit]
        rows = [
            _listed(log, each, found, text, left_out, rubric=rubric, rewards=rewards)
            for each in page
        ]
        total, graders = log.count(), context.graders(log)
    return JsonResponse(
        EpisodeList(
            episodes=rows,
            next=rows[-1].id if len(found.rows) > limit else None,
            count=found.count,
            mean=found.mean if rubric is None else None,
            total=total,
            errors=found.errors,
            unread=found.unread,
            graders=graders,
            left_out=left_out_rows(left_out),
        )
    )


def _find(
    index: LogIndex,
    wanted: Wanted,
    order: Order,
    limit: int,
    last: str | None,
    left_out: LeftOut,
) -> _Found:
    index.catch_up(left_out, wanted)
    unread = 0
    if wanted.text is not None:
        unread = add_words(index, left_out, seconds=_SECONDS_OF_WORDS)
    after = None if last is None else index.number_of(last)
    # One more than asked for, to learn whether another page follows.
    rows = index.page(left_out, wanted, order, limit=limit + 1, after=after)
    verdicts = short_verdicts(index, rows[:limit], seconds=_SECONDS_OF_VERDICTS)
    count, mean = index.count(wanted)
    return _Found(rows, dict(verdicts), count, mean, index.errors(), unread)


def _listed(
    log: EventLog,
    each: IndexedEpisode,
    found: _Found,
    text: str | None,
    left_out: LeftOut,
    *,
    rubric: RubricName | None,
    rewards: bool,
) -> ListedEpisode:
    id = each.id
    grades = saved_or_none(log, id, left_out)
    if rubric is not None:
        now = (rubric, each.digest)
        grades = [given for given in grades if (given.rubric, given.episode_digest) == now]
    row = episode_row(each.info, grades, read_rewards(log, id) if rewards else None)
    hits = None if text is None else hits_of(log, id, text)
    return ListedEpisode(
        **structs.asdict(row),
        input_tokens=each.input,
        output_tokens=each.output,
        cost=each.cost,
        verdict=found.verdicts.get(each.number),
        hits=hits,
    )
