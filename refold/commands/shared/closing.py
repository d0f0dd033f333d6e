"""The last words of a command that played a run: what came of it, and what to do next."""

import shlex
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import click
from click.core import ParameterSource

from refold.commands.shared.formatting import (
    format_dollars,
    format_duration,
    format_tokens,
    pluralise,
)
from refold.commands.shared.output import print_to_stderr, print_words, short_id, stdout_console
from refold.commands.shared.played import print_episodes, print_uncounted
from refold.engine import EventLog
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.engine.log.left_out import LeftOut
from refold.reports import Outcome, Prices, RunReport, report_run
from refold.reports.outcomes import PLAYED_AGAIN, measure_outcomes, replaced_failures
from refold.reports.usage import Usage, usage_of
from refold.triage import short_verdict

_MOST_COMMANDS = 3
_MOST_LOOKED_AT = 1000
"""Newest episodes of the log among which a run to compare with is looked for."""


def print_outcome(
    log: EventLog,
    ids: Sequence[str],
    runs: Iterable[str],
    *,
    left: int,
    pass_at: float,
    prices: Prices,
    began: float,
    as_json: bool,
    **more: str,
) -> int:
    """
    Print the episodes *ids* that were just played, those that do not count, and their *runs*.

    Args:
        log: The log.
        ids: The episodes, in the order in which to show them.
        runs: Names of the runs whose figures close the command.
        left: How many of the episodes are open, with that already said.
        pass_at: The lowest score that passes.
        prices: Prices of tokens, for the cost.
        began: When the command began, by ``time.monotonic``.
        as_json: Print the episodes as JSON, and no figures.
        more: Further members of the JSON object.

    Returns:
        The exit code: 1 if an episode was cut off or left open.
    """
    code = print_episodes(log, ids, as_json=as_json, **more)
    print_uncounted(log, ids, told=left)
    for run in runs:
        print_closing(
            log,
            run,
            pass_at=pass_at,
            prices=prices,
            seconds=time.monotonic() - began,
            told=left > 0,
            as_json=as_json,
        )
    return 1 if left else code


def print_closing(
    log: EventLog,
    run: str,
    *,
    pass_at: float,
    prices: Prices,
    seconds: float,
    told: bool,
    as_json: bool,
) -> None:
    """
    Print the figures of *run*, its lowest score, and on stderr the next commands.

    Args:
        log: The log.
        run: The name of the run.
        pass_at: The lowest score that passes.
        prices: Prices of tokens, for the cost.
        seconds: What the command took.
        told: Whether it was said already how to continue with episodes that are left open.
        as_json: Print only the command that continues what does not count, if there is any.
    """
    unfinished = list(_mending(log, run, told=told))
    if as_json:
        _print_next(unfinished)
        return
    outcomes: list[Outcome] = []

    def noted() -> Iterator[tuple[Outcome, Usage]]:
        # Damaged ones were told where they were to be played.
        for outcome, usage in measure_outcomes(log, usage_of, run=run, left_out=LeftOut()):
            # Episodes that were played again are no part of the run any more.
            if outcome.excluded != PLAYED_AGAIN:
                outcomes.append(outcome)
            yield outcome, usage

    found = report_run(noted(), pass_at=pass_at, ks=(), prices=prices, pass_rates=False)
    out = stdout_console()
    figures = ", ".join([*_figures(found, len(outcomes)), format_duration(seconds)])
    print_words(out, f"{run}: {figures}.")
    counted = [each for each in outcomes if each.excluded is None]
    lowest = min(counted, key=lambda each: each.score, default=None)
    if lowest is not None and any(each.score > lowest.score for each in counted):
        where = f"{lowest.setting.scenario} seed {lowest.seed}, {short_id(lowest.id)}"
        print_words(out, f"lowest: {lowest.score:.3f} {where}: {short_verdict(log, lowest.id)}")
    _print_next([*unfinished, *_looking(log, run, outcomes, lowest)])


def _figures(found: RunReport, episodes: int) -> Iterator[str]:
    """Yield what a run of so many *episodes* amounts to, in words."""
    counted = sum(each.counted for each in found.scenarios)
    passed = sum(each.passed for each in found.scenarios)
    number = pluralise(episodes, "episode")
    yield number if counted == episodes else f"{counted} of {number} counted"
    scores = [each.score for each in found.scenarios]
    score = scores[0] if len(scores) == 1 else found.score
    if score is not None and counted > 1:
        yield f"mean {score.mean:.3f} (95 % {score.low:.3f} to {score.high:.3f})"
        yield f"{passed} of {counted} passed"
    elif score is not None:
        yield f"score {score.mean:.3f}"
        yield "passed" if passed else "not passed"
    costs = found.costs
    if costs is not None:
        # An API that counts no tokens for some answers leaves only a lower bound.
        least = "≥ " if costs.unmetered else ""
        yield f"{least}{format_tokens(costs.input + costs.output)} tokens"
        if costs.cost is not None:
            yield f"{least}{format_dollars(costs.cost)}"


def _mending(log: EventLog, run: str, *, told: bool) -> Iterator[str]:
    """Yield the command that plays what of *run* does not count yet, unless it was *told*."""
    infos = list(log.episodes(run=run, left_out=LeftOut()))
    replaced = replaced_failures(infos)
    if any(info.reason == INSTRUMENT_FAILED and info.id not in replaced for info in infos):
        yield f"resume {shlex.quote(run)} --failed"
    elif not told and any(info.ended is None for info in infos):
        yield f"resume {shlex.quote(run)}"


def _looking(
    log: EventLog, run: str, outcomes: Sequence[Outcome], lowest: Outcome | None
) -> Iterator[str]:
    """Yield commands that show what came of *run*."""
    named = shlex.quote(run)
    if len(outcomes) > 1:
        yield f"report {named}"
    if lowest is not None:
        yield f"show {shlex.quote(short_id(lowest.id))}"
    if len(outcomes) > 1 and (before := _run_before(log, run, outcomes)):
        yield f"compare {shlex.quote(before)} {named}"
    if lowest is not None:
        yield f"replay {shlex.quote(short_id(lowest.id))}"


def _run_before(log: EventLog, run: str, outcomes: Sequence[Outcome]) -> str | None:
    """Return the newest other run with an episode to compare; None if none is near."""
    played = {(each.setting.scenario, each.seed) for each in outcomes if each.excluded is None}
    near = islice(log.episodes(newest_first=True, left_out=LeftOut()), _MOST_LOOKED_AT)
    fitting = (
        info.run
        for info in near
        if info.run not in ("", run)
        and info.parent is None
        and info.ended is not None
        and info.reason != INSTRUMENT_FAILED
        and (info.scenario, info.seed) in played
    )
    return next(fitting, None)


def _print_next(commands: Sequence[str]) -> None:
    """Print *commands* of refold as they are to be typed, on stderr; nothing if there are none."""
    context = click.get_current_context()
    given = context.get_parameter_source("log_path") is ParameterSource.COMMANDLINE
    log = f" --log {shlex.quote(context.params['log_path'])}" if given else ""
    for number, command in enumerate(commands[:_MOST_COMMANDS]):
        print_to_stderr(f"{'      ' if number else 'next: '}refold {command}{log}")
