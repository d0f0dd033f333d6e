"""Options of the commands with which people label, and what those commands tell."""

from collections.abc import Mapping

import click

from refold.commands.shared.configured import project_settings
from refold.commands.shared.input_types import WholeNumber
from refold.commands.shared.options import CommandT
from refold.engine.log.remarks import Remark


def declared_values() -> Mapping[str, tuple[str, ...]]:
    """
    Return the values of the labels that the project's ``refold.toml`` declares, by their names.

    Raises:
        RefoldError: The file cannot be used.
    """
    settings = project_settings()
    return {} if settings is None else settings.labels


def author_option(command: CommandT) -> CommandT:
    """Add ``--by``, who says it; taken as *author*."""
    return click.option(
        "--by",
        "author",
        required=True,
        metavar="WHO",
        envvar="REFOLD_BY",
        show_envvar=True,
        help="Your name.",
    )(command)


def step_option(command: CommandT) -> CommandT:
    """Add ``--step``, of which it is said."""
    return click.option(
        "--step",
        type=WholeNumber(),
        metavar="N",
        help="Applies to step N instead of the whole episode.",
    )(command)


def take_back_option(command: CommandT) -> CommandT:
    """Add ``--take-back``, which the command takes as *back*."""
    return click.option(
        "--take-back", "back", is_flag=True, help="Withdraw it; the log keeps both."
    )(command)


def said_words(remark: Remark) -> str:
    """Return in a line what was stored, for the person who said it."""
    where = remark.episode if remark.step is None else f"{remark.episode} step {remark.step}"
    if remark.value is None:
        return f"{where}: {f'{remark.kind} {remark.name}'.rstrip()} of {remark.author} taken back"
    what = {
        "label": f"{remark.name} = {remark.value}",
        "tag": f"tagged {remark.name}",
        "note": "noted",
    }[remark.kind]
    return f"{where}: {what}, by {remark.author}"
