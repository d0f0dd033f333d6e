"""``refold manifest``."""

import sys

import click

from refold.commands.shared.formatting import pluralise
from refold.commands.shared.options import format_examples, logs_option
from refold.commands.shared.output import print_to_stderr
from refold.engine import open_to_read
from refold.replays.manifests import manifest_lines


@click.command(
    "manifest",
    epilog=format_examples(
        "refold manifest > runs.manifest",
        "refold verify --manifest runs.manifest",
    ),
)
@logs_option
def manifest_command(log_path: str) -> None:
    """
    Print a manifest of the log: each episode's columns, digest and saved grades, a line each.

    Sign it with your own tools, and compare it with the log at any time with `refold verify
    --manifest`.
    """
    with open_to_read(log_path) as log:
        head, *rows = manifest_lines(log)
    sys.stdout.buffer.writelines([head, *rows])
    sys.stdout.buffer.flush()
    print_to_stderr(f"{pluralise(len(rows), 'episode')} in the manifest")
