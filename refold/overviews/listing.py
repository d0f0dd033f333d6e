"""
The runs of a log, each in a row, from the index beside the log.

What takes time, to grade a run, is done once and kept until an episode of it begins or ends.
"""

from collections import Counter
from collections.abc import Sequence
from time import monotonic

import msgspec
from msgspec import Raw, Struct

from refold.engine import EventLog
from refold.engine.log.index.asking import ask_index
from refold.engine.log.index.index import LogIndex
from refold.engine.log.left_out import LeftOut
from refold.overviews.progress import seconds_left
from refold.overviews.scores import run_score
from refold.reports import Prices, report_run
from refold.reports.measured import Measured
from refold.reports.outcomes import PLAYED_AGAIN
from refold.reports.usage import Usage
from refold.triage import run_episodes
from refold.triage.figures import pack_figures, unpack_figures


class RunRow(Struct):
    """
    A run at a glance.

    *mean* is that of the scenarios' means; *low* and *high* are its 95 % interval, for *claim*:
    null where nothing is known of it. *episodes* leaves out those that failures of an API cut off
    and that were played again; *exclusions* tells why others do not count. *last* is when an
    episode of it ended, or began, last; *moved* are the steps that its open episodes have taken,
    which grow while it is recorded. *retries* are failed requests, *left* seconds until the rest
    is played, at the pace so far. What the episodes' grades and exchanges tell is missing while
    *graded* is false.
    """

    run: str
    agents: list[str]
    scenarios: list[str]
    episodes: int
    ended: int
    began: str
    last: str = ""
    moved: int = 0
    counted: int = 0
    exclusions: dict[str, int] = {}
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    claim: str | None = None
    passed: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    unmetered: int = 0
    cost: float | None = None
    retries: int = 0
    left: float | None = None
    graded: bool = True


class _Summary(Struct):
    """What the index keeps of a run: its row, and its exchanges, whose cost depends on prices."""

    row: RunRow
    exchanges: Raw


def list_runs(
    log: EventLog,
    left_out: LeftOut,
    *,
    pass_at: float,
    prices: Prices,
    seconds: float | None = None,
) -> list[RunRow]:
    """
    Return the runs of *log*, the newest first; episodes without a run are in none.

    Args:
        log: The log.
        left_out: Notes episodes that cannot be read or graded.
        pass_at: The lowest score that passes.
        prices: Prices of tokens, for the cost.
        seconds: Stop grading after about so long; the rows of the other runs have names and
            counts only. None for as long as it takes.
    """

    def read(index: LogIndex) -> list[RunRow]:
        index.catch_up(left_out)
        began, known, moved = monotonic(), index.summaries(pass_at), index.open_steps()
        rows = []
        for run, state in index.run_states().items():
            kept, body = known.get(run, ("", b""))
            if kept != state:
                rest = None if seconds is None else max(0.0, seconds - (monotonic() - began))
                body = _summarize(index, run, state, left_out, pass_at, rest)
            rows.append(_completed(body, prices, moved.get(run, 0)))
        return rows

    return ask_index(log, read)


def _summarize(
    index: LogIndex,
    run: str,
    state: str,
    left_out: LeftOut,
    pass_at: float,
    seconds: float | None,
) -> bytes:
    """Return the summary of *run*, and keep it if all of its episodes could be graded in time."""
    episodes: list[Measured] = []
    missing = 1
    if seconds != 0:
        episodes, missing = run_episodes(index, run, left_out, seconds=seconds)
    if missing:
        row = RunRow(run, *index.run_glance(run), graded=False)
        return msgspec.json.encode(_Summary(row, Raw(pack_figures({}, Usage()))))
    usage = Usage()
    for each in episodes:
        usage.merge(each.usage)
    row = _row(run, episodes, pass_at)
    body = msgspec.json.encode(_Summary(row, Raw(pack_figures({}, usage))))
    index.add_summary(run, pass_at, state, body)
    return body


def _completed(body: bytes, prices: Prices, moved: int) -> RunRow:
    """Return the row of a summary, with what is not kept in it."""
    kept = msgspec.json.decode(body, type=_Summary)
    _, usage = unpack_figures(bytes(kept.exchanges))
    kept.row.cost, kept.row.moved = usage.cost(prices), moved
    return kept.row


def _row(run: str, episodes: Sequence[Measured], pass_at: float) -> RunRow:
    """Return the row of *run*, all of whose *episodes* were measured, without its cost."""
    own = [each for each in episodes if each.outcome.excluded != PLAYED_AGAIN]
    report = report_run(((each.outcome, each.usage) for each in episodes), pass_at=pass_at, ks=())
    row = RunRow(
        run=run,
        agents=list(dict.fromkeys(each.info.agent for each in own)),
        scenarios=list(dict.fromkeys(each.info.scenario for each in own)),
        episodes=len(own),
        ended=sum(each.info.ended is not None for each in own),
        began=min((each.info.started_at for each in own), default=""),
        counted=sum(each.counted for each in report.scenarios),
        exclusions=dict(Counter(each.outcome.excluded for each in own if each.outcome.excluded)),
        **run_score(report),
        passed=sum(each.passed for each in report.scenarios),
        left=seconds_left([each.info for each in own]),
        last=max((each.info.ended_at or each.info.started_at for each in own), default=""),
    )
    if (costs := report.costs) is not None:
        row.input_tokens, row.output_tokens = costs.input, costs.output
        row.unmetered, row.retries = costs.unmetered, sum(costs.faults.values())
    return row
