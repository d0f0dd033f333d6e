"""``refold note``."""

import click

from refold.commands.shared.labelling import (
    author_option,
    said_words,
    step_option,
    take_back_option,
)
from refold.commands.shared.options import (
    episode_argument,
    format_examples,
    log_option,
    open_existing,
)
from refold.commands.shared.output import print_to_stderr
from refold.labels.making import make_note


@click.command(
    "note",
    epilog=format_examples(
        "refold note last 'gave up too early' --by anna",
        "refold note 3f2a --step 7 --take-back --by anna",
    ),
)
@episode_argument("id")
@click.argument("text", metavar="TEXT", required=False, default="")
@step_option
@take_back_option
@author_option
@log_option
def note_command(
    id: str, text: str, step: int | None, back: bool, author: str, log_path: str
) -> None:
    """
    Write a note on an episode, or on one of its steps.

    Each person has one note on each: a new one replaces the last, and the log keeps both.
    """
    with open_existing(log_path) as log, log.transaction():
        remark = make_note(log.find(id), text, author=author, step=step, back=back)
        log.save_remark(remark)
    print_to_stderr(said_words(remark))
