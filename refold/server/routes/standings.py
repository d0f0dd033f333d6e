"""Comparisons of many episodes: reference scores, and a leaderboard of the log's agents."""

from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.concurrency import run_in_threadpool
from msgspec import Struct

from refold.engine.log.index.wanted import Wanted
from refold.engine.log.left_out import LeftOut
from refold.graders.sources import SavedGrades
from refold.reports import Baseline, baselines, ranking_row, rankings, read_outcomes
from refold.reports.optima import Shares, read_optima
from refold.reports.outcomes import AnyScore
from refold.server.context import PATIENCE_SECONDS, ServerContext
from refold.server.http.bodies import JsonResponse, get_integer
from refold.server.http.openapi import route_docs, schema_ref
from refold.server.http.request_session import BodyDep, ContextDep, TextQuery
from refold.server.routes.replies import LeftOutEpisode, left_out_rows
from refold.server.routes.saved_grades import find_saved_grades
from refold.triage import indexed_scores

MOST_SEEDS = 100
"""Seeds in one request, which holds one of the few slots for long computations."""
DEFAULT_SEEDS = 20

router = APIRouter(tags=["standings"])


class BaselineRow(Struct):
    """An agent's scores on the scenarios of a family; *episodes* are those behind a log's best."""

    family: str
    agent: str
    source: str
    scores: dict[str, float]
    mean: float
    remark: str
    episodes: dict[str, str]


class BaselineList(Struct, omit_defaults=True):
    """Reference scores; *left_out* are episodes of the log that cannot be read, if any."""

    baselines: list[BaselineRow]
    left_out: list[LeftOutEpisode] = []


class RankingList(Struct, omit_defaults=True):
    """
    Tables of agents; scenarios recorded in several versions have several.

    *left_out* are episodes that cannot be read, if any: they count nowhere. *graders* are the
    names of the saved grades that could score them instead, if any.
    """

    rankings: list[dict[str, Any]]
    several: list[str]
    graders: list[str] = []
    left_out: list[LeftOutEpisode] = []


@lru_cache(maxsize=4)
def _play_references(seeds: int) -> list[BaselineRow]:
    """Return the scores of simple agents, and those published with the original environments."""
    # Cached: the same seeds give the same scores, and playing them takes seconds.
    return [_baseline_row(each) for each in baselines(seeds=seeds)]


def _baseline_row(each: Baseline) -> BaselineRow:
    return BaselineRow(
        family=each.family,
        agent=each.agent,
        source=each.source,
        scores=dict(each.scores),
        mean=each.mean,
        remark=each.remark,
        episodes={name: outcome.id for name, outcome in each.episodes.items()},
    )


_BASELINES_EXAMPLE = {
    "baselines": [
        {
            "family": "inbox",
            "agent": "baseline",
            "source": "played",
            "scores": {"inbox/easy": 0.875, "inbox/medium": 0.7129, "inbox/hard": 0.824},
            "mean": 0.804,
            "remark": "",
            "episodes": {},
        }
    ]
}


@router.get(
    "/baseline",
    **route_docs(
        "Reference scores", schema_ref(BaselineList), _BASELINES_EXAMPLE, errors=(422, 503)
    ),
)
def baseline(
    context: ContextDep, seeds: Annotated[int, Query(ge=1, le=MOST_SEEDS)] = DEFAULT_SEEDS
) -> Response:
    """Scores of simple agents, played in memory, and those that were published."""
    with context.long_computation(patience=PATIENCE_SECONDS):
        return JsonResponse(BaselineList(_play_references(seeds)))


@router.post(
    "/baseline",
    **route_docs(
        "Reference scores, with the best of the log",
        schema_ref(BaselineList),
        _BASELINES_EXAMPLE,
        errors=(422, 503),
        body={
            "type": "object",
            "properties": {
                "seeds": {"type": ["integer", "null"], "minimum": 1, "maximum": MOST_SEEDS}
            },
        },
        examples={"few seeds for random": {"seeds": 5}},
    ),
)
async def baseline_with_log(context: ContextDep, body: BodyDep) -> Response:
    """Play the simple agents now, and set the best of the log beside them."""
    seeds = get_integer(body, "seeds", 1, MOST_SEEDS) or DEFAULT_SEEDS
    return JsonResponse(await run_in_threadpool(_baselines_with_log, context, seeds))


def _baselines_with_log(context: ServerContext, seeds: int) -> BaselineList:
    with context.long_computation(patience=PATIENCE_SECONDS), context.open_reader() as log:
        left_out = LeftOut()
        outcomes = (outcome for outcome, _ in read_outcomes(log, left_out=left_out))
        rows = [_baseline_row(each) for each in baselines(outcomes, seeds=seeds)]
    return BaselineList(rows, left_out_rows(left_out))


@router.get(
    "/leaderboard",
    **route_docs(
        "Agents by their scores",
        schema_ref(RankingList),
        {"rankings": [], "several": []},
        errors=(404, 422, 503),
    ),
)
def leaderboard(
    context: ContextDep, scenario: TextQuery = None, run: TextQuery = None, by: TextQuery = None
) -> Response:
    """
    Rank the agents of the log, or of one scenario, family or run, by mean score.

    Where the log knows what was possible, the share of the optimum is told of each.
    *by* names saved grades, as `refold regrade` does, that score in place of the recorded rubrics.
    """
    with context.long_computation(patience=PATIENCE_SECONDS), context.open_reader() as log:
        left_out = LeftOut()
        if by is None:
            wanted = Wanted(scenario=scenario, run=run, forks=False)
            found: list[AnyScore] = list(indexed_scores(log, left_out, wanted=wanted))
        else:
            source = SavedGrades(log, find_saved_grades(log, by), left_out)
            read = read_outcomes(log, scenario=scenario, run=run, left_out=left_out, source=source)
            found = [outcome for outcome, _ in read]
        shares = Shares(read_optima(log, left_out))
        tables, several = rankings(map(shares.add, found))
        graders = context.graders(log)
    rows = [ranking_row(each, shares) for each in tables]
    return JsonResponse(RankingList(rows, several, graders, left_out_rows(left_out)))
