"""``refold resume``."""

import time
from collections.abc import Iterable, Sequence

import click
from attrs import frozen

from refold.agents.origins import find_origin, strip_origin
from refold.commands.shared.closing import print_outcome
from refold.commands.shared.cost_cap import make_cap, max_cost_option
from refold.commands.shared.fleet_options import Fleet, with_fleet_options
from refold.commands.shared.left_out import telling_left_out
from refold.commands.shared.model_choices import repeated_opening, with_programs
from refold.commands.shared.model_options import ModelChoices, price_option, with_model_options
from refold.commands.shared.options import (
    episode_argument,
    format_examples,
    json_option,
    log_option,
    open_existing,
    parallel_option,
    world_option,
)
from refold.commands.shared.output import print_to_stderr
from refold.commands.shared.passing import pass_mark
from refold.commands.shared.playing import play_run, save_missing_grades
from refold.commands.shared.trust import choose_trusted
from refold.engine import Episode, EpisodeInfo, EventLog, RefoldError, UnknownEpisode
from refold.engine.exchanges import INSTRUMENT_FAILED, ModelConfigured
from refold.engine.log.left_out import LeftOut
from refold.environments import Worlds
from refold.environments.python.programs import is_program, not_named
from refold.fleet import connected, playing_on
from refold.graders import saved_grades
from refold.reports import Prices, find_run
from refold.reports.outcomes import replaced_failures
from refold.reports.usage import Usage


@frozen
class RecordedScenario:
    """A scenario as an episode recorded it, with the episode's seed: its ``Definition``."""

    seed: int
    body: bytes


@click.command(
    "resume",
    epilog=format_examples(
        "refold resume last",
        "refold resume openai-3f2a9c --parallel 8",
        "refold resume openai-3f2a9c --failed",
        "refold resume openai-3f2a9c --fleet ray=auto",
    ),
)
@episode_argument("id")
@click.option(
    "--failed", is_flag=True, help="Play episodes again that a failing API or environment cut off."
)
@click.option(
    "--trust",
    is_flag=True,
    help="Also continue episodes whose agent was named by a network client or an import.",
)
@click.option(
    "--agent",
    "programs",
    multiple=True,
    metavar="FILE.py:FUNCTION",
    help="The agent's file, if the agent is a function: a log never runs files by itself.",
)
@world_option
@parallel_option
@with_fleet_options
@price_option
@max_cost_option
@with_model_options
@log_option
@json_option
def resume_command(
    id: str,
    failed: bool,
    trust: bool,
    programs: Sequence[str],
    named: Sequence[str],
    parallel: int,
    fleet: Fleet | None,
    prices: Prices,
    max_cost: float | None,
    model: ModelChoices,
    log_path: str,
    as_json: bool,
) -> int:
    """
    Continue the episode ID, or every unfinished episode of the run ID, where it stopped.

    The same agent continues with the same model settings, and no answer that is in the log is
    requested again. Exits with 1 if an episode is damaged; it is reported, and the others continue.

    With --failed, each episode that was cut off because an API or an environment failed is played
    again from its start, as a new episode of the same run, epoch and seed that replaces it in
    reports. Its model settings are the recorded ones, except for the options that you give now.
    """
    began, pass_at = time.monotonic(), pass_mark()
    play = playing_on(fleet, model, programs=programs)
    model, worlds = with_programs(model, *programs), Worlds(named)
    with connected(fleet), telling_left_out() as left_out, open_existing(log_path) as log:
        found = _find_episodes(log, id, left_out)
        # Read once before any is played, so that a damaged one does not end the others' play.
        readable = left_out.read_each(
            found, lambda info: (log.events(info.id), saved_grades(log, info.id))
        )
        infos = [info for info, _ in readable]
        agents = [
            strip_origin(info.agent) if trust else info.agent
            for info in infos
            if info.ended is None or (failed and info.reason == INSTRUMENT_FAILED)
        ]
        paid = None if max_cost is None else _paid(log, infos)
        cap = make_cap(max_cost, prices, agents, model, paid)
        if failed:
            infos = _begin_again(log, infos, model, worlds, trust=trust)
        running = [info for info in infos if info.ended is None]
        if not running and not left_out:
            print_to_stderr(f"{id}: nothing to do, every episode has ended")
        save_missing_grades(log, infos)
        running = choose_trusted(running, trust=trust)
        label = f"resuming {id}"
        left = play_run(
            log,
            running,
            model,
            name=id if fleet is None else f"{id} {fleet.option}",
            label=label,
            parallel=parallel,
            prices=prices,
            cap=cap,
            worlds=worlds,
            play=play,
        )
        code = print_outcome(
            log,
            [info.id for info in infos],
            dict.fromkeys(info.run for info in infos if info.run),
            left=left,
            pass_at=pass_at,
            prices=prices,
            began=began,
            as_json=as_json,
        )
    return 1 if left_out else code


def _paid(log: EventLog, infos: Iterable[EpisodeInfo]) -> Usage:
    """Return what was paid for so far: by the runs of *infos*, or by those that have none."""
    usage = Usage()
    runs = dict.fromkeys(info.run for info in infos if info.run)
    whole = (each for run in runs for each in log.episodes(run=run))
    alone = (info for info in infos if not info.run)
    for _, events in LeftOut().read_each((*whole, *alone), lambda info: log.events(info.id)):
        usage.add(events)
    return usage


def _begin_again(
    log: EventLog,
    infos: Sequence[EpisodeInfo],
    model: ModelChoices,
    worlds: Worlds,
    *,
    trust: bool,
) -> list[EpisodeInfo]:
    """
    Return *infos* with a new episode in place of each that failures of instruments cut off.

    Unless *trust* says so, none of an agent that others named.

    Raises:
        RefoldError: A file or an environment that one needs is not named here; none is begun.
    """

    def is_repeated(info: EpisodeInfo) -> bool:
        named_here = find_origin(info.agent) is None
        return info.reason == INSTRUMENT_FAILED and (trust or named_here)

    with log.transaction():
        return [
            log.find(_repeat(log, info, model, worlds)) if is_repeated(info) else info
            for info in infos
        ]


def _repeat(log: EventLog, info: EpisodeInfo, model: ModelChoices, worlds: Worlds) -> str:
    """Begin the episode *info* again, and return the id of the new one."""
    stream = log.events(info.id)
    if is_program(info.agent) and info.agent not in model.programs:
        raise not_named(info.agent)
    if stream.family.answered:
        worlds(stream.scenario).close()
    again = Episode.start(
        RecordedScenario(stream.started.seed, stream.scenario),
        log=log,
        agent=info.agent,
        run=info.run,
        epoch=info.epoch,
    )
    asked = next((event for event in stream if isinstance(event, ModelConfigured)), None)
    # What a program noted of its own requests is no way to ask: it plays again by itself.
    if asked is not None and asked.turns != "noted":
        again.note(repeated_opening(asked, info.agent, stream.family, model))
    return again.id


def _find_episodes(log: EventLog, reference: str, left_out: LeftOut) -> list[EpisodeInfo]:
    """Return the episode called *reference*, else the episodes of the run called so."""
    try:
        return left_out.find_each(log, [reference])
    except UnknownEpisode as error:
        try:
            infos = list(log.episodes(run=find_run(log, reference), left_out=left_out))
        except RefoldError:
            raise RefoldError(f"{error}; `refold runs` lists runs") from None
    replaced = replaced_failures(infos)
    return [info for info in infos if info.id not in replaced]
