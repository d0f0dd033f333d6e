"""What the page of a run is made of, read from a log: measured episodes, and verdicts on them."""

from collections.abc import Mapping, Sequence
from itertools import islice
from time import monotonic
from typing import Any

from attrs import Factory, evolve, frozen

from refold.engine import ActionTaken, EventLog, RefoldError
from refold.engine.exchanges import ModelConfigured
from refold.engine.log.index.asking import ask_index
from refold.engine.log.index.index import LogIndex
from refold.engine.log.index.upkeep import Watch
from refold.engine.log.index.wanted import Wanted
from refold.engine.log.left_out import LeftOut
from refold.reports.measured import Measured
from refold.reports.outcomes import PLAYED_AGAIN
from refold.triage import MOST_VERDICTS, run_episodes, short_verdicts

NO_VERDICTS: Mapping[str, str] = {}
"""Nothing is known of why scores are low."""

_MOST_PLAYING = 8
_FIRST_EVENTS = 20
"""Settings of a model stand at the beginning of its episode."""


@frozen
class Playing:
    """An episode that has begun and not ended: its last action in words."""

    id: str
    scenario: str
    seed: int
    steps: int
    last: str


@frozen
class RunRead:
    """
    A run that was read.

    Attributes:
        name: Its name.
        episodes: Its episodes, in the order in which they began; none that was played again.
        measured: The same with those that were, since they were paid for.
        verdicts: Short verdicts by id, on the 500 lowest episodes that did not pass.
        missing: How many episodes are still to be graded, or judged: a later reading has them.
        playing: Episodes that are being played, or were when it was interrupted; 8 at most.
        settings: Those of the model that played its first episode; empty without a model.
    """

    name: str
    measured: tuple[Measured, ...]
    verdicts: Mapping[str, str] = Factory(dict)
    missing: int = 0
    playing: tuple[Playing, ...] = ()
    settings: Mapping[str, Any] = Factory(dict)

    @property
    def episodes(self) -> tuple[Measured, ...]:
        """Its episodes without those that were played again."""
        return tuple(each for each in self.measured if each.outcome.excluded != PLAYED_AGAIN)


def read_indexed(
    log: EventLog, runs: Sequence[str], left_out: LeftOut, *, pass_at: float, seconds: float
) -> list[RunRead]:
    """
    Return *runs* of *log* as its index has them; grade and judge others for so many *seconds*.

    Several come without verdicts. *left_out* notes those that cannot be read or graded.
    """

    def read(index: LogIndex) -> list[RunRead]:
        index.catch_up(left_out)
        found = []
        for run in runs:
            measured, missing = run_episodes(index, run, left_out, seconds=seconds)
            given: Mapping[str, str] = NO_VERDICTS
            unjudged = 0
            if len(runs) == 1:  # comparisons ask for few of them
                given, unjudged = _verdicts(index, run, measured, pass_at, seconds=seconds)
            found.append(describe_run(log, run, measured, given, missing + unjudged))
        return found

    return ask_index(log, read)


def with_verdicts(
    log: EventLog,
    run: str,
    measured: Sequence[Measured],
    *,
    pass_at: float,
    watch: Watch | None = None,
) -> RunRead:
    """Return *run* of *log* with its *measured* episodes, and verdicts on those that failed."""

    def judge(index: LogIndex) -> Mapping[str, str]:
        index.catch_up(LeftOut(), Wanted(run=run))
        return _verdicts(index, run, measured, pass_at, watch=watch)[0]

    return describe_run(log, run, measured, ask_index(log, judge))


def _verdicts(
    index: LogIndex,
    run: str,
    measured: Sequence[Measured],
    pass_at: float,
    *,
    seconds: float | None = None,
    watch: Watch | None = None,
) -> tuple[dict[str, str], int]:
    """Return the verdicts on the 500 lowest that failed, by id, and how many are still to come."""
    failed = {
        each.info.id: each.outcome.score
        for each in measured
        if each.outcome.excluded is None and each.outcome.score < pass_at
    }
    rows = [row for row in index.rows(Wanted(run=run, forks=False)) if row.id in failed]
    rows.sort(key=lambda row: failed[row.id])
    del rows[MOST_VERDICTS:]
    began = monotonic()
    given = short_verdicts(index, rows, seconds=seconds, watch=watch)
    told = {row.id: given[row.number] for row in rows if row.number in given}
    in_time = seconds is None or monotonic() - began < seconds
    return told, 0 if in_time else len(rows) - len(told)


def describe_run(
    log: EventLog,
    run: str,
    measured: Sequence[Measured],
    verdicts: Mapping[str, str] = NO_VERDICTS,
    missing: int = 0,
) -> RunRead:
    """Return *run* of *log* with its *measured* episodes, and what they tell beside figures."""
    read = RunRead(run, tuple(measured), verdicts, missing)
    begun = [each.info for each in read.episodes if each.info.ended is None and each.info.steps]
    return evolve(
        read,
        playing=tuple(
            Playing(info.id, info.scenario, info.seed, info.steps, _last_action(log, info.id))
            for info in begun[:_MOST_PLAYING]
        ),
        settings=_settings(log, measured[0].info.id) if measured else {},
    )


def _last_action(log: EventLog, id: str) -> str:
    """Return the last action of the episode *id* in words; empty if it cannot be read."""
    try:
        stream = log.events(id)
    except RefoldError:  # told of already, where it was graded
        return ""
    taken = (event for event in reversed(stream) if isinstance(event, ActionTaken))
    return next((stream.family.say(event.action) for event in taken), "")


def _settings(log: EventLog, id: str) -> Mapping[str, Any]:
    """Return the first settings of the model that played the episode *id*; empty without one."""
    try:
        first = islice(log.events(id), _FIRST_EVENTS)
    except RefoldError:
        return {}
    configured = next((event for event in first if isinstance(event, ModelConfigured)), None)
    if configured is None:
        return {}
    return {"prompt": configured.prompt, "format": configured.format, **configured.parameters}
