"""
Defaults of options that the project's ``refold.toml`` may replace.

An option counts before its environment variable, that before the file, and the file before what
is usual. The file is read at most once a command, and only if the command needs it.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from attrs import frozen

from refold.agents.endpoint import ProjectEndpoint
from refold.engine import RefoldError
from refold.project import Settings, find_settings, read_settings

_KEY = "refold.project"  # in the context's memory, which subcommands share


def project_settings() -> Settings | None:
    """
    Return the settings of the closest ``refold.toml``; None without one.

    Called within a command.

    Raises:
        RefoldError: The file cannot be used.
    """
    memory = click.get_current_context().meta
    if _KEY not in memory:
        path = find_settings(Path())
        memory[_KEY] = None if path is None else read_settings(Path(os.path.relpath(path)))
    settings: Settings | None = memory[_KEY]
    return settings


@frozen
class Configured:
    """
    The default of an option: what *read* finds in the settings, else what is *usual*.

    Its text is the usual one, as --help shows it.
    """

    read: Callable[[Settings], Any]
    usual: Any = None

    def __call__(self) -> Any:
        """Return the default; without a usable file, the usual one while a shell completes."""
        try:
            settings = project_settings()
        except RefoldError:
            if not click.get_current_context().resilient_parsing:
                raise
            settings = None
        found = None if settings is None else self.read(settings)
        return self.usual if found is None else found

    def __str__(self) -> str:
        return str(self.usual)


def log_of(settings: Settings) -> str | None:
    """Return the path of the log that *settings* name, from the current folder; None for none."""
    return None if settings.log is None else settings.place(settings.log)


def project_endpoint() -> ProjectEndpoint | None:
    """Return the API that the project's ``refold.toml`` names; None if it names none."""
    settings = project_settings()
    model = None if settings is None else settings.model
    if model is None or model.base_url is None:
        return None
    return ProjectEndpoint(model.base_url, model.key_variable)
