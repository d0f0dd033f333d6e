"""Find the API's address, key and model in options, environment variables and ``.env``."""

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
"""Sent as the key to APIs that need none; the client library insists on having one."""


@frozen
class Endpoint:
    """
    Where requests go, with the time limit and the retries of each.

    Attributes:
        base_url: Address of the API, or None for OpenAI's own.
        api_key: The key; kept out of ``repr``.
        timeout: Time limit of one attempt, in seconds.
        max_retries: Attempts after the first.
    """

    base_url: str | None
    api_key: str = field(repr=False)
    timeout: float = 120.0
    max_retries: int = 5

    @property
    def display_address(self) -> str:
        """The address without its secrets, for error messages."""
        return _strip_secrets(self.base_url) if self.base_url else "the API"


def read_environment() -> Mapping[str, str]:
    """
    Return the environment variables, with those of a ``.env`` file in the working directory.

    A variable that is set in both has the value of the environment.

    Raises:
        RefoldError: The ``.env`` file cannot be read.
    """
    from dotenv import dotenv_values  # noqa: PLC0415 - only where a model is asked

    try:
        written = dotenv_values(".env") if Path(".env").is_file() else {}
    except (OSError, UnicodeDecodeError):
        raise RefoldError(".env: expected a readable file in UTF-8, got another") from None
    # Unlike load_dotenv, this leaves os.environ alone: child processes must not inherit the key.
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
    Return the endpoint that options and *settings* (usually ``read_environment()``) describe.

    Options win. With a base URL, the key is optional. An address from API_BASE_URL takes its key
    from API_KEY or HF_TOKEN first, so that a key for OpenAI is not sent to others.

    Raises:
        RefoldError: There is neither a key nor a base URL, or one of them is unusable.
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
    checked = None if address is None else _check_address(address.strip())
    return Endpoint(checked, _check_key(key or NO_KEY), timeout, max_retries)


def _check_address(address: str) -> str:
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not address.isascii() or not address.isprintable() or " " in address:
        # An address may carry credentials in front of the host or in its query: quote neither.
        harmless = address.rpartition("@")[2].partition("?")[0]
        raise RefoldError(
            f"base URL: expected http://HOST or https://HOST and a path, got {harmless!r}; "
            f"check --base-url, {' and '.join(_ADDRESS_VARIABLES)}"
        )
    return address


def _check_key(key: str) -> str:
    key = key.strip()
    if not key.isascii() or not key.isprintable():
        raise RefoldError(
            "model: expected a key of printable ASCII letters, got others in it; check --api-key "
            f"and {', '.join(_KEY_VARIABLES)}"
        )
    return key


def _strip_secrets(address: str) -> str:
    """Return *address* without user, password and query, which may be secret."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def find_model(settings: Mapping[str, str], agent: str) -> str:
    """
    Return the model that *agent*, ``openai`` or ``openai:MODEL``, names.

    Raises:
        RefoldError: Neither *agent* nor MODEL_NAME names a model.
    """
    model = agent.partition(":")[2] or settings.get(_MODEL_VARIABLE, "")
    if not model:
        raise RefoldError(
            f"agent {agent!r}: expected openai:MODEL or {_MODEL_VARIABLE}, got no model"
        )
    return model


def _first_setting(settings: Mapping[str, str], names: Sequence[str]) -> str | None:
    return next((settings[name] for name in names if settings.get(name)), None)
