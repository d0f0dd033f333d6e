"""``refold episodes``."""

from itertools import islice

import click

from refold.commands.shared.episode_tables import episode_row, episodes_table
from refold.commands.shared.options import (
    filter_options,
    format_examples,
    json_option,
    limit_option,
    log_option,
)
from refold.commands.shared.output import print_json, print_to_stderr, stdout_console
from refold.engine import EventLog
from refold.graders import saved_grades


@click.command(
    "episodes",
    epilog=format_examples(
        "refold episodes --scenario workflow/hard --limit 50",
        "refold episodes --run dice --json",
    ),
)
@filter_options
@limit_option
@log_option
@json_option
def episodes_command(
    scenario: str | None,
    agent: str | None,
    run: str | None,
    limit: int,
    log_path: str,
    as_json: bool,
) -> None:
    """List the episodes of the log, newest first, with the scores saved for them."""
    with EventLog(log_path, readonly=True) as log:
        found = log.episodes(scenario=scenario, agent=agent, run=run, newest_first=True)
        rows = ((info, saved_grades(log, info.id)) for info in islice(found, limit or None))
        if as_json:
            print_json("episodes", (episode_row(info, grades) for info, grades in rows))
            return
        listing = episodes_table(rows)
        if not listing.row_count:
            print_to_stderr(
                f"no episodes in {log_path} fit; `refold record SCENARIO --agent A` adds some"
            )
            return
        stdout_console().print(listing)
        # A full page need not be all; whether more would fit is not worth a second query.
        if listing.row_count == limit < log.count():
            print_to_stderr(f"the newest {limit}; --limit 0 shows all that fit")
