"""
What ``refold.toml`` says of models: how they are asked, and what they cost.

A key is never part of it, only the name of the variable that holds one: the file is committed.
"""

import json
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any, Literal
from urllib.parse import urlsplit

from attrs import Factory, frozen

from refold.scenarios.strict import Problem


@frozen
class ModelSettings:
    """
    The table ``[model]``; each key is None if the file does not have it.

    Attributes:
        base_url: Address of the API.
        key_variable: Name of the environment variable with the key for *base_url*.
        temperature: A number of at least 0, or ``none`` for the API's own.
        max_tokens: The longest answer.
        seed: The API's sampling seed.
        history: Past turns to repeat.
        action_format: How actions are asked for.
        system: A file in the folder of the settings with the text that the model is told.
        timeout: Seconds for an attempt at a request.
        max_retries: Further attempts at a request.
        parameters: Further parameters of each request, by name.
    """

    base_url: str | None = None
    key_variable: str | None = None
    temperature: Any = None
    max_tokens: int | None = None
    seed: int | None = None
    history: int | None = None
    action_format: Literal["tools", "json", "text"] | None = None
    system: str | None = None
    timeout: float | None = None
    max_retries: int | None = None
    parameters: Mapping[str, Any] = Factory(dict)


@frozen
class PriceSettings:
    """
    A table ``[prices.MODEL]``, in US dollars for a million tokens.

    Attributes:
        input: Of tokens that the model reads.
        output: Of tokens that it writes.
        cached: Of tokens read that came from the API's cache; None if they cost as much as others.
    """

    input: float
    output: float
    cached: float | None = None


def model_problems(model: ModelSettings) -> Iterator[Problem]:
    """Yield what is wrong with values of *model* that are each of the right type."""
    at = "$.model"
    if model.base_url is not None and not _is_plain_address(model.base_url):
        # Quoted without what may be a key.
        harmless = model.base_url.rpartition("@")[2].partition("?")[0]
        expected = "expected http://HOST or https://HOST and a path, without user, password or ?"
        yield f"{at}.base_url", f"{expected}, got {harmless!r:.100}"
    if model.key_variable is not None:
        if model.base_url is None:
            yield f"{at}.key_variable", "expected base_url beside it, got none"
        if not model.key_variable.isidentifier():
            # Perhaps the key itself, which no terminal and no build log is to show.
            yield f"{at}.key_variable", "expected the name of an environment variable, got another"
    for name, value in model.parameters.items():
        if not _is_json(value):
            yield f"{at}.parameters.{name}", f"expected what JSON can say, got {value!r:.100}"
    yield from _number_problems(model)


def _number_problems(model: ModelSettings) -> Iterator[Problem]:
    if not _is_temperature(model.temperature):
        expected = "expected a number of at least 0, or 'none' for the API's own"
        yield "$.model.temperature", f"{expected}; got {model.temperature!r:.100}"
    for name, least, value in (
        ("max_tokens", 1, model.max_tokens),
        ("history", 0, model.history),
        ("max_retries", 0, model.max_retries),
        ("timeout", 0.001, model.timeout),
    ):
        if value is not None and not least <= value < float("inf"):
            yield f"$.model.{name}", f"expected a number of at least {least}, got {value!r}"


def price_problems(name: str, price: PriceSettings) -> Iterator[Problem]:
    """Yield what is wrong with the numbers of *price*, that of the model *name*."""
    for each in ("input", "output", "cached"):
        value = getattr(price, each)
        if value is not None and not (isfinite(value) and value >= 0):
            expected = "expected US dollars for a million tokens, at least 0"
            yield f"$.prices.{name}.{each}", f"{expected}; got {value!r}"


def _is_temperature(value: Any) -> bool:
    if value is None or value == "none":
        return True
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and isfinite(value) and value >= 0


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):  # a date, an infinite number, deep nesting
        return False
    return True


def _is_plain_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return (
        usable and address.isascii() and address.isprintable() and not set(address) & set(" {}@?#")
    )
