"""``--jobs``: how many processes go through the episodes of a log."""

from pathlib import Path

import click

from refold.commands.shared.options import CommandT
from refold.engine import EventLog
from refold.jobs import jobs_that_pay


def jobs_option(command: CommandT) -> CommandT:
    """Add ``--jobs``, which the command takes as *jobs*: a number, or None for what pays."""
    return click.option(
        "--jobs",
        type=click.IntRange(1, 256),
        metavar="N",
        help="Processes to work in; by default one for each core, of a small log one in all.",
    )(command)


def jobs_for(jobs: int | None, log: EventLog, episodes: int) -> int:
    """Return how many processes to go through so many *episodes* of *log* with."""
    count = log.count()
    if jobs is not None or not count:
        return min(jobs or 1, max(episodes, 1))
    return jobs_that_pay(Path(log.path).stat().st_size * episodes / count)
