"""``refold resume``."""

import click

from refold.commands.shared.model_choices import ModelChoices, price_option, with_model_options
from refold.commands.shared.options import (
    episode_argument,
    format_examples,
    json_option,
    log_option,
    open_existing,
    parallel_option,
)
from refold.commands.shared.output import print_to_stderr
from refold.commands.shared.playing import play_all, print_episodes, save_missing_grades
from refold.commands.shared.trust import choose_trusted
from refold.engine import EpisodeInfo, EventLog, RefoldError, UnknownEpisode
from refold.reports import Price, find_run


@click.command(
    "resume",
    epilog=format_examples(
        "refold resume last",
        "refold resume openai-3f2a9c --parallel 8",
    ),
)
@episode_argument("id")
@click.option(
    "--trust",
    is_flag=True,
    help="Play episodes on whose agent was named over the network or by an import.",
)
@parallel_option
@price_option
@with_model_options
@log_option
@json_option
def resume_command(
    id: str,
    trust: bool,
    parallel: int,
    price: Price | None,
    model: ModelChoices,
    log_path: str,
    as_json: bool,
) -> None:
    """
    Go on with the episode ID, or with every open episode of the run ID, where it stopped.

    Each is played by the agent that began it, and asked as it was asked before; no answer that
    is in the log is asked for again.
    """
    with open_existing(log_path) as log:
        infos = _find_episodes(log, id)
        running = [info for info in infos if info.ended is None]
        if not running:
            print_to_stderr(f"{id}: nothing to do, every episode has ended")
        save_missing_grades(log, infos)
        running = choose_trusted(running, trust=trust)
        try:
            play_all(log, running, model, parallel=parallel, label=f"resuming {id}", price=price)
        except KeyboardInterrupt:
            print_to_stderr(f"interrupted; `refold resume {id}` goes on where it stopped")
            raise
        print_episodes(log, [info.id for info in infos], as_json=as_json)


def _find_episodes(log: EventLog, reference: str) -> list[EpisodeInfo]:
    """Return the episode called *reference*, else the episodes of the run called so."""
    try:
        return [log.find(reference)]
    except UnknownEpisode as error:
        try:
            return list(log.episodes(run=find_run(log, reference)))
        except RefoldError:
            raise RefoldError(f"{error}; `refold runs` lists runs") from None
