"""The options of commands that may call a model: what they are, and their values."""

import functools
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any, Protocol

import click
from attrs import NOTHING, field, fields, frozen

from refold.agents.endpoint import ProjectEndpoint
from refold.agents.prompting import ActionFormat
from refold.commands.shared.configured import Configured, project_endpoint, project_settings
from refold.commands.shared.input_types import Number, OneOf, WholeNumber
from refold.commands.shared.options import CommandT
from refold.commands.shared.prices import project_prices
from refold.project import Settings
from refold.reports import Price, Prices

if TYPE_CHECKING:  # slow to import
    from refold.agents.functions import Program


class _Temperature(Number):
    """A temperature of at least 0, or ``none`` for the API's own."""

    expected = "none or a number"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:  # float or None
        return None if value == "none" else super().convert(value, param, ctx)


def _system_of(settings: Settings) -> str | None:
    return None if settings.model.system is None else settings.place(settings.model.system)


_ADDRESS = (
    click.option(
        "--base-url",
        metavar="URL",
        help="Address of the API; else OPENAI_BASE_URL, API_BASE_URL or refold.toml.",
    ),
    click.option(
        "--api-key", metavar="KEY", help="API key; else OPENAI_API_KEY, API_KEY or HF_TOKEN."
    ),
)
_PATIENCE = (
    click.option(
        "--timeout",
        type=Number(0.001),
        default=Configured(lambda settings: settings.model.timeout, 120.0),
        show_default=True,
        help="Seconds per attempt at a request.",
    ),
    click.option(
        "--max-retries",
        type=WholeNumber(0),
        default=Configured(lambda settings: settings.model.max_retries, 5),
        show_default=True,
        help="Retries of a failed request.",
    ),
)
CONNECTION_OPTIONS = (*_ADDRESS, *_PATIENCE)
"""Those that a ``Connection`` is made of."""

_OPTIONS = (
    *_ADDRESS,
    click.option(
        "--temperature",
        type=_Temperature(0),
        default=Configured(lambda settings: settings.model.temperature, 0.0),
        show_default=True,
        metavar="X",
        help="Sampling temperature; none for the API's default.",
    ),
    click.option(
        "--max-tokens",
        type=WholeNumber(1),
        default=Configured(lambda settings: settings.model.max_tokens),
        help="Maximum tokens of a reply.",
    ),
    click.option(
        "--model-seed",
        type=WholeNumber(),
        default=Configured(lambda settings: settings.model.seed),
        help="Sampling seed for the API.",
    ),
    click.option(
        "--param",
        "extra",
        multiple=True,
        metavar="NAME=JSON",
        help="Another request parameter; null removes one.",
    ),
    click.option(
        "--history",
        type=WholeNumber(0),
        default=Configured(lambda settings: settings.model.history),
        help="Past turns to include in a request; all if not given.",
    ),
    click.option(
        "--action-format",
        type=OneOf(["tools", "json", "text"]),
        default=Configured(lambda settings: settings.model.action_format),
        help="How the model is asked for an action; if not given, the first that the API supports.",
    ),
    click.option(
        "--system",
        metavar="FILE",
        default=Configured(_system_of),
        help="File with a system prompt, in place of refold's own.",
    ),
    *_PATIENCE,
    click.option("--reuse", is_flag=True, help="Reuse answers that are already in the log."),
    click.option(
        "--offline", is_flag=True, help="Take all answers from the log; never call the API."
    ),
)


class Connection(Protocol):
    """What is chosen of how to reach an API; the options' help describes it."""

    @property
    def base_url(self) -> str | None:
        """Address of the API; None for what the environment says."""

    @property
    def api_key(self) -> str | None:
        """The key; None for what the environment says."""

    @property
    def project(self) -> ProjectEndpoint | None:
        """The API that the project names, asked if neither of these does; None for none."""

    @property
    def timeout(self) -> float:
        """Seconds for an attempt at a request."""

    @property
    def max_retries(self) -> int:
        """Attempts after the first."""


@frozen
class ModelChoices:
    """The values of the model options; their help describes them."""

    base_url: str | None
    api_key: str | None = field(repr=False)  # no traceback is to show it
    temperature: float | None
    max_tokens: int | None
    model_seed: int | None
    extra: Sequence[str]
    history: int | None
    action_format: ActionFormat | None
    system: str | None
    timeout: float
    max_retries: int
    reuse: bool
    offline: bool
    project: ProjectEndpoint | None = None  # the API that refold.toml names
    parameters: Mapping[str, Any] = field(factory=dict)  # those of refold.toml, which extra changes
    programs: Mapping[str, "Program"] = field(factory=dict)  # the agents that are files, by name


USUAL_CHOICES = ModelChoices(
    base_url=None,
    api_key=None,
    temperature=0.0,
    max_tokens=None,
    model_seed=None,
    extra=(),
    history=None,
    action_format=None,
    system=None,
    timeout=120.0,
    max_retries=5,
    reuse=False,
    offline=False,
)
"""What the options say if none is given, and no ``refold.toml`` says otherwise."""


def with_model_options(command: CommandT) -> CommandT:
    """Add the model options; the command takes them as one ``ModelChoices`` *model*."""

    @functools.wraps(command)
    def wrapper(**values: Any) -> Any:
        names = [each.name for each in fields(ModelChoices) if each.default is NOTHING]
        settings = project_settings()
        choices = ModelChoices(
            **{name: values.pop(name) for name in names},
            project=project_endpoint(),
            parameters={} if settings is None else settings.model.parameters,
        )
        return command(**values, model=choices)

    # Decorators apply from the bottom up, so the last option is added first.
    for option in reversed(_OPTIONS):
        wrapper = option(wrapper)
    return wrapper  # type: ignore[return-value]  # the same command, except for these options


def _parse_price(_context: click.Context, _option: click.Parameter, text: str | None) -> Prices:
    known = project_prices()
    if text is None:
        return known
    try:
        read, written = (float(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter(f"expected IN,OUT such as 0.15,0.60; got {text!r}") from None
    if not (isfinite(read) and isfinite(written) and read >= 0 and written >= 0):
        raise click.BadParameter(f"expected two finite numbers of at least 0, got {text!r}")
    return Prices(Price(read, written), known.by_model)


def price_option(command: CommandT) -> CommandT:
    """Add ``--price``; the command takes all that is known of prices as *prices*."""
    return click.option(
        "--price",
        "prices",
        metavar="IN,OUT",
        callback=_parse_price,
        help="US dollars per million input and output tokens.",
    )(command)
