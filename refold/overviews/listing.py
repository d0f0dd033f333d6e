"""
The runs of a log, each in a row, from the index beside the log.

What takes time, to grade a run, is done once and kept until an episode of it begins or ends.
"""

from collections.abc import Sequence
from time import monotonic

import msgspec
from msgspec import Raw, Struct

from refold.engine import EventLog
from refold.engine.log.index.index import LogIndex, ask_index
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
    and that were played again; *exclusions* tells why others do not count. *retries* are failed
    requests, *left* seconds until the rest is played, at the pace so far. The mean and all that
    follows is null or 0 while *graded* is false.
    """

    run: str
    agents: list[str]
    scenarios: list[str]
    episodes: int
    ended: int
    counted: int
    exclusions: dict[str, int]
    mean: float | None
    low: float | None
    high: float | None
    claim: str | None
    passed: int
    input_tokens: int
    output_tokens: int
    unmetered: int
    cost: float | None
    retries: int
    left: float | None
    began: str
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
        began, known = monotonic(), index.summaries(pass_at)
        rows = []
        for run, state in index.run_states().items():
            kept, body = known.get(run, ("", b""))
            if kept != state:
                rest = None if seconds is None else max(0.0, seconds - (monotonic() - began))
                body = _summarize(index, run, state, left_out, pass_at, rest)
            rows.append(_priced(body, prices))
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
        row = _ungraded_row(run, *index.run_glance(run))
        return msgspec.json.encode(_Summary(row, Raw(pack_figures({}, Usage()))))
    usage = Usage()
    for each in episodes:
        usage.merge(each.usage)
    row = summary_row(run, episodes, pass_at)
    body = msgspec.json.encode(_Summary(row, Raw(pack_figures({}, usage))))
    index.add_summary(run, pass_at, state, body)
    return body


def _priced(body: bytes, prices: Prices) -> RunRow:
    kept = msgspec.json.decode(body, type=_Summary)
    _, usage = unpack_figures(bytes(kept.exchanges))
    kept.row.cost = usage.cost(prices)
    return kept.row


def summary_row(run: str, episodes: Sequence[Measured], pass_at: float) -> RunRow:
    """Return the row of *run*, all of whose *episodes* were measured, without its cost."""
    own = [each for each in episodes if each.outcome.excluded != PLAYED_AGAIN]
    report = report_run(((each.outcome, each.usage) for each in episodes), pass_at=pass_at, ks=())
    exclusions: dict[str, int] = {}
    for each in own:
        if each.outcome.excluded:
            exclusions[each.outcome.excluded] = exclusions.get(each.outcome.excluded, 0) + 1
    costs, score = report.costs, run_score(report)
    return RunRow(
        run=run,
        agents=list(dict.fromkeys(each.info.agent for each in own)),
        scenarios=list(dict.fromkeys(each.info.scenario for each in own)),
        episodes=len(own),
        ended=sum(each.info.ended is not None for each in own),
        counted=sum(each.counted for each in report.scenarios),
        exclusions=exclusions,
        **score,
        passed=sum(each.passed for each in report.scenarios),
        input_tokens=costs.input if costs else 0,
        output_tokens=costs.output if costs else 0,
        unmetered=costs.unmetered if costs else 0,
        cost=None,
        retries=sum(costs.faults.values()) if costs else 0,
        left=seconds_left([each.info for each in own]),
        began=min((each.info.started_at for each in own), default=""),
    )


def _ungraded_row(
    run: str, agents: list[str], scenarios: list[str], episodes: int, ended: int, began: str
) -> RunRow:
    return RunRow(
        run=run,
        agents=agents,
        scenarios=scenarios,
        episodes=episodes,
        ended=ended,
        counted=0,
        exclusions={},
        mean=None,
        low=None,
        high=None,
        claim=None,
        passed=0,
        input_tokens=0,
        output_tokens=0,
        unmetered=0,
        cost=None,
        retries=0,
        left=None,
        began=began,
        graded=False,
    )
