"""``refold tag``."""

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
from refold.labels.making import make_tag


@click.command(
    "tag",
    epilog=format_examples(
        "refold tag last hard-case --by anna",
        "refold episodes --tag hard-case",
    ),
)
@episode_argument("id")
@click.argument("tag", metavar="TAG")
@step_option
@take_back_option
@author_option
@log_option
def tag_command(
    id: str, tag: str, step: int | None, back: bool, author: str, log_path: str
) -> None:
    """Tag an episode, or one of its steps, to find it later."""
    with open_existing(log_path) as log, log.transaction():
        remark = make_tag(log.find(id), tag, author=author, step=step, back=back)
        log.save_remark(remark)
    print_to_stderr(said_words(remark))
