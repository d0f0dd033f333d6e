"""
What the environment and a ``.env`` file say of APIs and models, and where each setting is from.

Which key may go to which address is decided in ``endpoint``.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import field, frozen

from refold.engine import RefoldError

OPENAI_KEY, OTHER_KEY, HUGGING_FACE_KEY = "OPENAI_API_KEY", "API_KEY", "HF_TOKEN"
KEY_VARIABLES = (OPENAI_KEY, OTHER_KEY, HUGGING_FACE_KEY)
OPENAI_ADDRESS_VARIABLE, OTHER_ADDRESS_VARIABLE = "OPENAI_BASE_URL", "API_BASE_URL"
ADDRESS_VARIABLES = (OPENAI_ADDRESS_VARIABLE, OTHER_ADDRESS_VARIABLE)
_MODEL_VARIABLE = "MODEL_NAME"
ORGANIZATION_VARIABLE, PROJECT_VARIABLE = "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"

MODEL_AGENT = "openai"
LIBRARY_AGENT = "any-llm"
"""Kinds of the agents that are models: what comes before the colon of an agent's name."""

COMMAND_LINE, ENVIRONMENT, FILE = "the command line", "the environment", ".env"
PROJECT = "refold.toml"
"""Sources of a setting, in words for messages."""


@frozen
class Setting:
    """A setting's name, its value, kept out of ``repr``, and its source."""

    name: str
    value: str = field(repr=False)
    source: str


@frozen
class Settings:
    """
    The environment variables, and those of a ``.env`` file.

    Empty ones count as unset; in the environment, they hide that of the file, too.
    """

    environment: Mapping[str, str] = field(repr=False)
    file: Mapping[str, str] = field(repr=False, factory=dict)

    def find(self, *names: str, source: str | None = None) -> Setting | None:
        """
        Return the first of *names* that is set, from *source* only if given; None if none is.

        Any variable of the environment comes before all of the file.
        """
        for each, values in ((ENVIRONMENT, self.environment), (FILE, self.file)):
            for name in names:
                hidden = each == FILE and self.environment.get(name) == ""
                if values.get(name) and not hidden and source in (None, each):
                    return Setting(name, values[name], each)
        return None

    def keys(self, *more: str) -> Sequence[str]:
        """Return the values of all variables that hold keys, and of *more*, from both sources."""
        names = (*KEY_VARIABLES, *more)
        found = (self.find(name, source=each) for name in names for each in (ENVIRONMENT, FILE))
        return [each.value.strip() for each in found if each]


def read_settings() -> Settings:
    """
    Return the environment variables, and those of a ``.env`` file in the working directory.

    Values of the file are taken as they stand: ``$NAME`` in one is not replaced.

    Raises:
        RefoldError: The ``.env`` file cannot be read.
    """
    from dotenv import dotenv_values  # noqa: PLC0415 - only where a model is asked

    try:
        # Interpolation would let the file put one secret of the environment into another value.
        written = dotenv_values(".env", interpolate=False) if Path(".env").is_file() else {}
    except (OSError, UnicodeDecodeError):
        raise RefoldError(".env: expected a readable file in UTF-8, got another") from None
    # Unlike load_dotenv, this leaves os.environ alone: child processes must not inherit the key.
    return Settings(os.environ, {name: value for name, value in written.items() if value})


def check_key(key: str) -> str:
    """Return *key* without spaces around it; raise ``RefoldError`` if no header can hold it."""
    key = key.strip()
    if not key.isascii() or not key.isprintable():
        raise RefoldError(
            "model: expected a key of printable ASCII letters, got others in it; check --api-key "
            f"and {', '.join(KEY_VARIABLES)}"
        )
    return key


def check_ascii(setting: Setting) -> str:
    """Return the value of *setting*, which goes into a header, as ``check_key`` does a key."""
    value = setting.value.strip()
    if not value.isascii() or not value.isprintable():
        raise RefoldError(
            f"{setting.name}: expected printable ASCII letters, got others in it; "
            f"check it in {setting.source}"
        )
    return value


def find_model(settings: Settings, agent: str) -> str:
    """
    Return the model that *agent*, ``openai`` or ``openai:MODEL``, names.

    Raises:
        RefoldError: Neither *agent* nor MODEL_NAME names a model.
    """
    if model := agent.partition(":")[2]:
        return model
    found = settings.find(_MODEL_VARIABLE)
    if found is None:
        raise RefoldError(
            f"agent {agent!r}: expected openai:MODEL or {_MODEL_VARIABLE}, got no model"
        )
    return found.value


def describe_file(settings: Settings, read: Sequence[Setting], models: Sequence[str]) -> str | None:
    """
    Return in words which of *read*, and of MODEL_NAME for *models*, comes from where.

    Names only, never values. None if nothing comes from a file.
    """
    model = settings.find(_MODEL_VARIABLE)
    read = [*read, model] if model is not None and model.value in models else read
    if all(each.source == ENVIRONMENT for each in read):
        return None
    parts = []
    for source in (FILE, PROJECT, ENVIRONMENT):
        names = [each.name for each in read if each.source == source]
        parts += [f"{', '.join(names)} from {source}"] if names else []
    return "; ".join(parts)
