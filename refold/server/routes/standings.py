"""What compares many episodes: reference scores, and the agents of the log by their means."""

from functools import lru_cache
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Response
from fastapi.concurrency import run_in_threadpool
from msgspec import Struct

from refold.reports import Baseline, baselines, rankings, read_outcomes
from refold.server.context import PATIENCE, Context
from refold.server.http.bodies import Json, number_of
from refold.server.http.openapi import ref, told
from refold.server.http.request_session import Asked, Server, Text

MOST_SEEDS = 100
SEEDS = 20

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


class BaselineList(Struct):
    """Reference scores."""

    baselines: list[BaselineRow]


class RankingList(Struct):
    """Tables of agents; scenarios recorded in several versions have several."""

    rankings: list[dict[str, Any]]
    several: list[str]


@lru_cache(maxsize=4)
def _references(seeds: int) -> list[BaselineRow]:
    """Return what simple agents reach, and what was published: the same in every process."""
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


_BASELINES = {
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
    **told("Reference scores", ref(BaselineList), _BASELINES, errors=(422, 503)),
)
def baseline(
    context: Server, seeds: Annotated[int, Query(ge=1, le=MOST_SEEDS)] = SEEDS
) -> Response:
    """Scores of simple agents, played in memory, and those that were published."""
    with context.heavy(patience=PATIENCE):
        return Json(BaselineList(_references(seeds)))


@router.post(
    "/baseline",
    **told(
        "Reference scores, with the best of the log",
        ref(BaselineList),
        _BASELINES,
        errors=(422, 503),
        body={
            "type": "object",
            "properties": {
                "seeds": {"type": ["integer", "null"], "minimum": 1, "maximum": MOST_SEEDS}
            },
        },
        sent={"few worlds for random": {"seeds": 5}},
    ),
)
async def baseline_with_log(context: Server, asked: Asked) -> Response:
    """Play the simple agents now, and set the best of the log beside them."""
    seeds = number_of(asked, "seeds", 1, MOST_SEEDS) or SEEDS
    return Json(await run_in_threadpool(_with_log, context, seeds))


def _with_log(context: Context, seeds: int) -> BaselineList:
    with context.heavy(patience=PATIENCE), context.reading() as log:
        outcomes = (outcome for outcome, _ in read_outcomes(log))
        return BaselineList([_baseline_row(each) for each in baselines(outcomes, seeds=seeds)])


@router.get(
    "/leaderboard",
    **told(
        "Agents by their scores",
        ref(RankingList),
        {"rankings": [], "several": []},
        errors=(422, 503),
    ),
)
def leaderboard(context: Server, scenario: Text = None, run: Text = None) -> Response:
    """Rank the agents of the log, or of one scenario, family or run, by mean score."""
    with context.heavy(patience=PATIENCE), context.reading() as log:
        outcomes = (outcome for outcome, _ in read_outcomes(log, scenario=scenario, run=run))
        tables, several = rankings(outcomes)
    return Json(RankingList([msgspec.to_builtins(each) for each in tables], several))
