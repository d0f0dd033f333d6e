"""``--jobs``: how many processes share the work."""

import click

from refold.commands.shared.input_types import WholeNumber
from refold.commands.shared.options import CommandT


def jobs_option(command: CommandT) -> CommandT:
    """Add ``--jobs``, which the command takes as *jobs*: a number, or None for what pays."""
    return click.option(
        "--jobs",
        type=WholeNumber(1, 256),
        metavar="N",
        help="Number of processes; by default one for each core, or one in all if more do not pay.",
    )(command)
