"""The runs of the log: all in a list, and the document of one, or of several compared."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response
from msgspec import Struct
from pydantic import StringConstraints

from refold.engine import RefoldError
from refold.engine.log.left_out import LeftOut
from refold.overviews import RunRow, list_runs, overview_document, overview_state, read_indexed
from refold.overviews.document import MOST_RUNS
from refold.reports import find_run
from refold.server.context import PATIENCE_SECONDS
from refold.server.http.bodies import JsonResponse
from refold.server.http.openapi import route_docs, schema_ref
from refold.server.http.request_session import ContextDep, TextQuery
from refold.server.routes.replies import LeftOutEpisode, left_out_rows
from refold.server.sessions.errors import BadRequest
from refold.triage import short_verdict
from refold.viewer.html_page import encode_document

_SECONDS = 0.4
"""For grading and judging; the requests that follow go on with it."""
_EXAMPLE = {
    "run": "greedy-1f2e",
    "agents": ["greedy"],
    "scenarios": ["workflow/hard"],
    "episodes": 8,
    "ended": 8,
    "counted": 8,
    "exclusions": {},
    "mean": 0.42,
    "low": 0.31,
    "high": 0.54,
    "claim": "other seeds of this scenario",
    "passed": 1,
    "input_tokens": 0,
    "output_tokens": 0,
    "unmetered": 0,
    "cost": None,
    "retries": 0,
    "left": None,
    "began": "2026-11-29T10:00:00.000+00:00",
    "last": "2026-11-29T10:04:00.000+00:00",
    "moved": 0,
    "graded": True,
}

router = APIRouter(tags=["runs"])

RunName = Annotated[str, StringConstraints(min_length=1)]
RunQuery = Annotated[list[RunName], Query(min_length=1, max_length=MOST_RUNS, description="Names.")]


class RunList(Struct, omit_defaults=True):
    """The runs, newest first; *left_out* are damaged episodes, if any: they count nowhere."""

    runs: list[RunRow]
    pass_at: float
    left_out: list[LeftOutEpisode] = []


@contextmanager
def _refusing() -> Iterator[None]:
    """Tell the client what is wrong with the runs that it names, as a command would."""
    try:
        yield
    except RefoldError as error:
        if type(error) is not RefoldError:  # such as a damaged log, which has a status of its own
            raise
        raise BadRequest(str(error), "run") from None


@router.get(
    "/runs",
    **route_docs("The runs of the log", schema_ref(RunList), {"runs": [_EXAMPLE], "pass_at": 0.7}),
)
def runs(context: ContextDep) -> Response:
    """
    List the runs, newest first, each with its mean and interval, passes, tokens, cost, failures.

    A run that has not been graded yet says so in `graded`: the next request goes on with it.
    """
    left_out, settings = LeftOut(), context.settings
    with context.open_reader() as log:
        rows = list_runs(
            log,
            left_out,
            pass_at=settings.pass_at,
            prices=settings.prices,
            seconds=_SECONDS,
        )
    return JsonResponse(RunList(rows, settings.pass_at, left_out_rows(left_out)))


@router.get(
    "/api/runs",
    **route_docs(
        "A run, or several compared, as one document",
        {"type": "object"},
        {},
        errors=(404, 409, 422, 503),
    ),
)
def overview(context: ContextDep, run: RunQuery, since: TextQuery = None) -> Response:
    """
    Return the document that the page of one run, or of up to 6 compared, is made of.

    With `since`, the `state` of an earlier answer, only that if nothing has changed. `missing`
    counts episodes that are still to be graded or judged: the next request goes on with them.
    """
    left_out, settings = LeftOut(), context.settings
    with (
        context.long_computation(patience=PATIENCE_SECONDS),
        context.open_reader() as log,
        _refusing(),
    ):
        names = list(dict.fromkeys(find_run(log, each) for each in run))
        reads = read_indexed(log, names, left_out, pass_at=settings.pass_at, seconds=_SECONDS)
        if since == overview_state(reads):
            return JsonResponse({"state": since})
        document = overview_document(
            reads,
            pass_at=settings.pass_at,
            prices=settings.prices,
            why=partial(short_verdict, log),
        )
    told = [{"id": id, "problem": problem} for id, problem in left_out.problems.items()]
    return JsonResponse(encode_document({**document, "left_out": told}))
