"""``--jobs``: how many processes share the work."""

import click

from refold.commands.shared.options import CommandT


def jobs_option(command: CommandT) -> CommandT:
    """Add ``--jobs``, which the command takes as *jobs*: a number, or None for what pays."""
    return click.option(
        "--jobs",
        type=click.IntRange(1, 256),
        metavar="N",
        help="Processes to work in; by default one for each core, one in all if more do not pay.",
    )(command)
