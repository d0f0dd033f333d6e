"""``refold config``."""

from collections.abc import Iterator
from typing import Any

import click
from attrs import asdict, frozen

from refold.agents.api_settings import FILE, Setting, read_settings
from refold.agents.endpoint import OPENAI_ADDRESS, find_address, find_key, without_secrets
from refold.commands.shared.agent_names import parse_parameter
from refold.commands.shared.configured import project_settings
from refold.commands.shared.cost_cap import max_cost_option
from refold.commands.shared.model_options import ModelChoices, price_option, with_model_options
from refold.commands.shared.options import (
    format_examples,
    json_option,
    log_option,
    parallel_option,
    pass_at_option,
)
from refold.commands.shared.output import (
    add_row,
    new_table,
    print_json,
    print_to_stderr,
    stdout_console,
)
from refold.engine import RefoldError
from refold.engine.codec import encode
from refold.project import Settings
from refold.project.settings import NAME, CheckSettings
from refold.reports import Price, Prices
from refold.scenarios.strict import plain

_DEFAULT = "default"

_MODEL_OPTIONS = {
    "temperature": "temperature",
    "max_tokens": "max_tokens",
    "seed": "model_seed",
    "history": "history",
    "action_format": "action_format",
    "system": "system",
    "timeout": "timeout",
    "max_retries": "max_retries",
}
"""Keys of the table ``[model]``, and the parameters of commands that they are the default of."""


@frozen
class _Row:
    """A setting: its name in ``refold.toml``, the value that counts, and where that is from."""

    name: str
    value: Any
    source: str


@click.command(
    "config",
    epilog=format_examples(
        "refold config", "refold config --json", "refold config --log other.db --temperature none"
    ),
)
@parallel_option
@pass_at_option
@price_option
@max_cost_option
@with_model_options
@log_option
@json_option
def config_command(
    parallel: int,
    pass_at: float,
    prices: Prices,
    max_cost: float | None,
    model: ModelChoices,
    log_path: str,
    as_json: bool,
) -> None:
    """
    Show the settings in effect, and where each comes from.

    The first of these counts: the option, here too; its environment variable; the closest
    refold.toml, in this folder or above; the default. Keys are never shown.
    """
    settings = project_settings()
    rows = [
        _row("log", log_path, settings, "log_path"),
        _row("parallel", parallel, settings),
        _row("pass_at", pass_at, settings),
        _row("max_cost", max_cost, settings),
        *_model_rows(model, settings),
        *_price_rows(prices, settings),
        *_file_rows(settings),
    ]
    if as_json:
        data = ({"name": each.name, "value": each.value, "from": each.source} for each in rows)
        print_json("settings", data, file=None if settings is None else str(settings.path))
        return
    if settings is None:
        print_to_stderr(f"no {NAME} in this folder or above")
    listing = new_table(["setting", "value", "from"])
    for each in rows:
        add_row(listing, each.name, _text(each.value), each.source)
    stdout_console().print(listing)


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else encode(value).decode()


def _row(name: str, value: Any, settings: Settings | None, parameter: str | None = None) -> _Row:
    """Return the row of the setting *name*, the value of a *parameter* of this command."""
    source = _given_as(parameter or name)
    if source is None:
        *tables, key = name.split(".")
        table: Any = settings
        for each in tables:
            table = getattr(table, each, None)
        in_file = getattr(table, key, None) is not None
        source = str(settings.path) if settings is not None and in_file else _DEFAULT
    return _Row(name, value, source)


def _given_as(parameter: str) -> str | None:
    """Return the option or the variable that gave the *parameter* of this command; or None."""
    context = click.get_current_context()
    option = next(each for each in context.command.params if each.name == parameter)
    match context.get_parameter_source(parameter):
        case click.core.ParameterSource.COMMANDLINE:
            return option.opts[0]
        case click.core.ParameterSource.ENVIRONMENT:
            return str(option.envvar)
        case _:
            return None


def _model_rows(model: ModelChoices, settings: Settings | None) -> Iterator[_Row]:
    yield from _api_rows(model, settings)
    for key, name in _MODEL_OPTIONS.items():
        value = getattr(model, name)
        if key == "temperature" and value is None:
            value = "none"
        yield _row(f"model.{key}", value, settings, name)
    given = dict(map(parse_parameter, model.extra))
    for key, value in {**model.parameters, **given}.items():
        source = "--param" if settings is None or key in given else str(settings.path)
        yield _Row(f"model.parameters.{key}", value, source)


def _api_rows(model: ModelChoices, settings: Settings | None) -> Iterator[_Row]:
    """Yield where the API is, and whether there is a key for it; never the key."""
    variables = read_settings()
    address = find_address(variables, model.base_url, model.project)
    try:
        key = find_key(variables, address, model.api_key, model.project)
    except RefoldError as error:
        print_to_stderr(str(error))
        key = None
    url = OPENAI_ADDRESS if address is None else without_secrets(address.value)
    yield _Row("model.base_url", url, _source_of(address, settings))
    yield _Row("model.key", None if key is None else "set", _source_of(key, settings))


def _source_of(found: Setting | None, settings: Settings | None) -> str:
    if found is None:
        return _DEFAULT
    if settings is not None and found.source == NAME:
        return str(settings.path)
    return f"{found.name} in {FILE}" if found.source == FILE else found.name


def _price_rows(prices: Prices, settings: Settings | None) -> Iterator[_Row]:
    if prices.given is not None:
        yield _Row("prices", _price(prices.given), "--price")
    for name, price in prices.by_model.items():
        assert settings is not None, "only the file has prices by model"
        yield _Row(f"prices.{name}", _price(price), str(settings.path))


def _price(price: Price) -> dict[str, float]:
    return {name: value for name, value in asdict(price).items() if value is not None}


def _file_rows(settings: Settings | None) -> Iterator[_Row]:
    """Yield the settings of single commands, which only the file has."""
    if settings is None:
        return
    source = str(settings.path)
    for name, values in settings.labels.items():
        yield _Row(f"labels.{name}", list(values), source)
    usual = plain(CheckSettings())
    for name, value in plain(settings.check or CheckSettings()).items():
        if value != usual[name]:
            yield _Row(f"check.{name}", value, source)
