"""Where an OpenAI-compatible API is, which key and model to use: options and environment."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from attrs import field, frozen

from refold.engine import RefoldError

_KEY_VARIABLES = ("OPENAI_API_KEY", "API_KEY", "HF_TOKEN")
_ADDRESS_VARIABLES = ("OPENAI_BASE_URL", "API_BASE_URL")
_MODEL_VARIABLE = "MODEL_NAME"

NO_KEY = "none"
"""What is sent as the key to an API that needs none."""


@frozen
class Endpoint:
    """
    Where requests go, and how patiently.

    Attributes:
        base_url: Address of the API, or None for OpenAI's own.
        api_key: The key; never shown.
        timeout: Seconds that one attempt may take.
        max_retries: Further attempts after the first.
    """

    base_url: str | None
    api_key: str = field(repr=False)
    timeout: float = 120.0
    max_retries: int = 5

    @property
    def display_address(self) -> str:
        """The address as errors may show it."""
        return _strip_secrets(self.base_url) if self.base_url else "the API"


def read_environment() -> Mapping[str, str]:
    """
    Return the environment, over what a file ``.env`` in the current folder says.

    Raises:
        RefoldError: There is such a file, but it cannot be read.
    """
    from dotenv import dotenv_values  # noqa: PLC0415 - only where a model is asked

    try:
        written = dotenv_values(".env") if Path(".env").is_file() else {}
    except (OSError, UnicodeDecodeError):
        raise RefoldError(".env: expected a readable file in UTF-8, got another") from None
    return {**{name: value for name, value in written.items() if value}, **os.environ}


def find_endpoint(
    settings: Mapping[str, str],
    *,
    base_url: str | None,
    api_key: str | None,
    timeout: float,
    max_retries: int,
) -> Endpoint:
    """
    Return the endpoint of the options given, filled in from *settings*, usually ``environment()``.

    A base URL of one's own needs no key. An address of API_BASE_URL goes with the key of API_KEY
    or HF_TOKEN, if there is one: a key for OpenAI is not for others.

    Raises:
        RefoldError: There is neither a key nor a base URL, or one that cannot be used.
    """
    address = base_url or _first_setting(settings, _ADDRESS_VARIABLES)
    elsewhere = not base_url and not settings.get(_ADDRESS_VARIABLES[0]) and address is not None
    key = api_key or _first_setting(
        settings, (*_KEY_VARIABLES[1:], _KEY_VARIABLES[0]) if elsewhere else _KEY_VARIABLES
    )
    if key is None and address is None:
        raise RefoldError(
            f"model: expected a key in {', '.join(_KEY_VARIABLES)} or --api-key, or a --base-url "
            "that needs none, got neither; `refold mock-model` gives one to try"
        )
    checked = None if address is None else _checked_address(address.strip())
    return Endpoint(checked, _checked_key(key or NO_KEY), timeout, max_retries)


def _checked_address(address: str) -> str:
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not address.isascii() or not address.isprintable() or " " in address:
        harmless = address.rpartition("@")[2].partition("?")[0]
        raise RefoldError(
            f"base URL: expected http://HOST or https://HOST and a path, got {harmless!r}; "
            f"check --base-url, {' and '.join(_ADDRESS_VARIABLES)}"
        )
    return address


def _checked_key(key: str) -> str:
    key = key.strip()
    if not key.isascii() or not key.isprintable():
        raise RefoldError(
            "model: expected a key of printable ASCII letters, got others in it; check --api-key "
            f"and {', '.join(_KEY_VARIABLES)}"
        )
    return key


def _strip_secrets(address: str) -> str:
    """Return *address* without what may be secret in it: user, password and query."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def find_model(settings: Mapping[str, str], agent: str) -> str:
    """
    Return the model that the agent ``openai`` or ``openai:MODEL`` names.

    Raises:
        RefoldError: None is named, neither there nor in MODEL_NAME.
    """
    model = agent.partition(":")[2] or settings.get(_MODEL_VARIABLE, "")
    if not model:
        raise RefoldError(
            f"agent {agent!r}: expected openai:MODEL or {_MODEL_VARIABLE}, got no model"
        )
    return model


def _first_setting(settings: Mapping[str, str], names: Sequence[str]) -> str | None:
    return next((settings[name] for name in names if settings.get(name)), None)
