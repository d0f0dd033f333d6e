"""``refold episodes``."""

from itertools import islice

import click

from refold.commands.shared.episode_tables import episode_row, episodes_table
from refold.commands.shared.options import examples, filter_options, json_option, log_option
from refold.commands.shared.output import console, print_json, words
from refold.engine import EventLog
from refold.graders import saved_grades


@click.command(
    "episodes",
    epilog=examples(
        "refold episodes --scenario workflow/hard --limit 50",
        "refold episodes --run dice --json",
    ),
)
@filter_options
@click.option(
    "--limit", type=click.IntRange(0), default=20, show_default=True, help="Newest N; 0 for all."
)
@log_option
@json_option
def episodes_command(
    scenario: str | None, agent: str | None, run: str | None, limit: int, log: str, as_json: bool
) -> None:
    """List the episodes of the log, newest first, with the scores saved for them."""
    with EventLog(log, readonly=True) as opened:
        found = opened.episodes(scenario=scenario, agent=agent, run=run, newest_first=True)
        rows = ((info, saved_grades(opened, info.id)) for info in islice(found, limit or None))
        if as_json:
            print_json("episodes", (episode_row(info, grades) for info, grades in rows))
            return
        listing = episodes_table(rows)
        if not listing.row_count:
            words(f"no episodes in {log} fit; `refold record SCENARIO --agent A` adds some")
            return
        console().print(listing)
        if listing.row_count == limit < opened.count():
            words(f"the newest {limit}; --limit 0 shows all that fit")
