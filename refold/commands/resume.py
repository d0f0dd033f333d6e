"""``refold resume``."""

import click

from refold.commands.shared.left_out import telling_left_out
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
from refold.engine import EpisodeInfo, EventLog, RefoldError, UnknownEpisode
from refold.engine.log.left_out import LeftOut
from refold.graders import saved_grades
from refold.reports import Price, find_run


@click.command(
    "resume",
    epilog=format_examples(
        "refold resume last",
        "refold resume openai-3f2a9c --parallel 8",
    ),
)
@episode_argument("id")
@parallel_option
@price_option
@with_model_options
@log_option
@json_option
def resume_command(
    id: str, parallel: int, price: Price | None, model: ModelChoices, log_path: str, as_json: bool
) -> int:
    """
    Go on with the episode ID, or with every open episode of the run ID, where it stopped.

    Each is played by the agent that began it, and asked as it was asked before; no answer that
    is in the log is asked for again. Exits with 1 if an episode is damaged: it is told, and the
    others go on.
    """
    with telling_left_out() as left_out, open_existing(log_path) as log:
        found = _find_episodes(log, id, left_out)
        # Read once before any is played, so that a damaged one does not end the others' play.
        readable = left_out.read_each(
            found, lambda info: (log.events(info.id), saved_grades(log, info.id))
        )
        infos = [info for info, _ in readable]
        running = [info for info in infos if info.ended is None]
        if not running and not left_out:
            print_to_stderr(f"{id}: nothing to do, every episode has ended")
        save_missing_grades(log, infos)
        try:
            play_all(log, running, model, parallel=parallel, label=f"resuming {id}", price=price)
        except KeyboardInterrupt:
            print_to_stderr(f"interrupted; `refold resume {id}` goes on where it stopped")
            raise
        print_episodes(log, [info.id for info in infos], as_json=as_json)
    return 1 if left_out else 0


def _find_episodes(log: EventLog, reference: str, left_out: LeftOut) -> list[EpisodeInfo]:
    """Return the episode called *reference*, else the episodes of the run called so."""
    try:
        return left_out.find_each(log, [reference])
    except UnknownEpisode as error:
        try:
            return list(log.episodes(run=find_run(log, reference), left_out=left_out))
        except RefoldError:
            raise RefoldError(f"{error}; `refold runs` lists runs") from None
