"""The options of commands that may call a model, and the players that they make."""

import functools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from math import isfinite
from typing import Any

import click
import msgspec
from attrs import evolve, field, fields, frozen
from click.core import ParameterSource

from refold.agents.any_llm_client import AnyLLMClient
from refold.agents.client import Client, ModelBackend
from refold.agents.endpoint import (
    NO_KEY,
    Endpoint,
    Settings,
    describe_file,
    find_endpoint,
    find_model,
    read_settings,
)
from refold.agents.model import ModelAgent
from refold.agents.players import Player, PolicyPlayer
from refold.agents.prompting import (
    FORMATS,
    ActionFormat,
    ModelOptions,
    model_configuration,
    recorded_options,
)
from refold.agents.recorded import LIBRARY_AGENT, MODEL_AGENT, RecordedResponses
from refold.agents.redaction import find_credential
from refold.agents.rollout import make_policy
from refold.commands.shared.options import CommandT
from refold.commands.shared.output import print_to_stderr
from refold.engine import EventLog, Family, Input, RefoldError, StepResult
from refold.engine.exchanges import ModelConfigured
from refold.environments.models import asking_at
from refold.reports import Price

StepWatcher = Callable[[StepResult], None]

_OPTION_NAMES = {
    "temperature": "temperature",
    "max_tokens": "max_tokens",
    "seed": "model_seed",
    "history": "history",
}
"""Names of the options by the fields of ``ModelOptions`` that they set."""

# Set by refold itself; a stream of tokens would not be recorded as one reply.
_RESERVED_PARAMETERS = ("messages", "model", "stream")


class _Temperature(click.FloatRange):
    """A temperature of at least 0, or ``none`` for the API's own."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:  # float or None
        return None if value == "none" else float(super().convert(value, param, ctx))


_OPTIONS = (
    click.option("--base-url", metavar="URL", help="The API; else OPENAI_BASE_URL, API_BASE_URL."),
    click.option("--api-key", metavar="KEY", help="Else OPENAI_API_KEY, API_KEY or HF_TOKEN."),
    click.option(
        "--temperature",
        type=_Temperature(0),
        default=0.0,
        show_default=True,
        metavar="X",
        help="Or none, for the API's own.",
    ),
    click.option("--max-tokens", type=click.IntRange(1), help="Longest answer."),
    click.option("--model-seed", type=int, help="The API's sampling seed."),
    click.option(
        "--param",
        "extra",
        multiple=True,
        metavar="NAME=JSON",
        help="A further parameter of each request; null leaves one out.",
    ),
    click.option("--history", type=click.IntRange(0), help="Past turns to repeat; else all."),
    click.option(
        "--action-format",
        type=click.Choice(["tools", "json", "text"]),
        help="How actions are asked for; else the first of these that the API takes.",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(0.001),
        default=120.0,
        show_default=True,
        help="Seconds for an attempt at a request.",
    ),
    click.option(
        "--max-retries",
        type=click.IntRange(0),
        default=5,
        show_default=True,
        help="Further attempts at a request.",
    ),
    click.option("--reuse", is_flag=True, help="Take answers that the log holds from there."),
    click.option("--offline", is_flag=True, help="Take all answers from the log; ask nobody."),
)


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
    timeout: float
    max_retries: int
    reuse: bool
    offline: bool


def with_model_options(command: CommandT) -> CommandT:
    """Add the model options; the command takes them as one ``ModelChoices`` *model*."""

    @functools.wraps(command)
    def wrapper(**values: Any) -> Any:
        names = [each.name for each in fields(ModelChoices)]
        choices = ModelChoices(**{name: values.pop(name) for name in names})
        return command(**values, model=choices)

    # Decorators apply from the bottom up, so the last option is added first.
    for option in reversed(_OPTIONS):
        wrapper = option(wrapper)
    return wrapper  # type: ignore[return-value]  # the same command, but for these options


@asynccontextmanager
async def open_players(
    log: EventLog, agents: Sequence[str], choices: ModelChoices, *, watch: StepWatcher | None = None
) -> AsyncIterator[Mapping[str, Player]]:
    """
    Provide a player for each of *agents*; connections are closed at the end.

    Raises:
        RefoldError: There is no such agent, or a model lacks its key, address or name.
    """
    models = [agent for agent in agents if is_model(agent)]
    options = {agent: _request_options(agent, choices) for agent in models}
    kinds = set(map(_kind, models))
    # One client for all models of a kind: it shares connections, and knows what went wrong last.
    clients = {kind: _open_client(kind, models, choices) for kind in kinds if not choices.offline}
    askers: dict[str, ModelBackend] = dict(clients)
    if choices.reuse or choices.offline:
        askers = {kind: RecordedResponses(log, clients.get(kind)) for kind in kinds}
    players: dict[str, Player] = {}
    for agent in agents:
        if agent in options:
            players[agent] = ModelAgent(askers[_kind(agent)], options[agent], watch=watch)
        else:
            players[agent] = PolicyPlayer(agent, watch=watch)
    try:
        with asking_at(functools.partial(_endpoint_of_worlds, choices)):
            yield players
    finally:
        for client in clients.values():
            await client.close()
            if client.last_failure:
                print_to_stderr(f"model: {client.last_failure}")


def _kind(agent: str) -> str:
    return agent.partition(":")[0]


def _library_endpoint(choices: ModelChoices) -> Endpoint:
    """Return only what the options say: keys in the environment are those of other APIs."""
    key = choices.api_key or NO_KEY
    return Endpoint(choices.base_url, key, choices.timeout, choices.max_retries)


def is_model(agent: str) -> bool:
    """Return whether *agent* is a model: ``openai:MODEL`` or ``any-llm:PROVIDER:MODEL``."""
    return _kind(agent) in (MODEL_AGENT, LIBRARY_AGENT)


def complete_agent_name(agent: str) -> str:
    """Return *agent*, with a missing model name filled in from the environment."""
    if _kind(agent) != MODEL_AGENT:
        return agent
    return f"{MODEL_AGENT}:{find_model(read_settings(), agent)}"


def opening_input(
    agent: str, family: Family, choices: ModelChoices, *, scenario: bytes = b""
) -> Input | None:
    """
    Return the event to record first in an episode that *agent* will play; None for none.

    Called before anything is recorded, so it also checks all that could stop the agent later.

    Raises:
        RefoldError: The agent cannot play *family*, or an option is wrong or missing.
    """
    if not is_model(agent):
        make_policy(agent, family, seed=0, scenario=scenario)
        return None
    if _kind(agent) == LIBRARY_AGENT:
        _check_library_agent(agent)
    elif not choices.offline:
        _find_endpoint(read_settings(), choices)
    form = choices.action_format or FORMATS[0]
    return model_configuration(family, _request_options(agent, choices), form)


def _check_library_agent(agent: str) -> None:
    _, provider, model = [*agent.split(":", 2), "", ""][:3]
    if not provider or not model:
        raise RefoldError(
            f"agent {agent!r}: expected {LIBRARY_AGENT}:PROVIDER:MODEL, "
            "such as any-llm:anthropic:MODEL, got no provider or no model"
        )


def _parse_price(
    _context: click.Context, _option: click.Parameter, text: str | None
) -> Price | None:
    if text is None:
        return None
    try:
        read, written = (float(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter(f"expected IN,OUT such as 0.15,0.60; got {text!r}") from None
    if not (isfinite(read) and isfinite(written) and read >= 0 and written >= 0):
        raise click.BadParameter(f"expected two finite numbers of at least 0, got {text!r}")
    return Price(read, written)


def price_option(command: CommandT) -> CommandT:
    """Add ``--price``, the price of a million input and output tokens."""
    return click.option(
        "--price",
        metavar="IN,OUT",
        callback=_parse_price,
        help="US dollars for a million tokens, read and written.",
    )(command)


def _open_client(kind: str, models: Sequence[str], choices: ModelChoices) -> Client:
    """Return a client for the *models* of *kind*; say on stderr what a ``.env`` file decided."""
    if kind == LIBRARY_AGENT:
        return AnyLLMClient(_library_endpoint(choices))
    settings = read_settings()
    endpoint = _find_endpoint(settings, choices)
    names = [agent.partition(":")[2] for agent in models if _kind(agent) == kind]
    if told := describe_file(settings, endpoint.settings, names):
        print_to_stderr(f"model: {told}")
    return Client(endpoint)


def _find_endpoint(settings: Settings, choices: ModelChoices) -> Endpoint:
    return find_endpoint(
        settings,
        base_url=choices.base_url,
        api_key=choices.api_key,
        timeout=choices.timeout,
        max_retries=choices.max_retries,
    )


def _endpoint_of_worlds(choices: ModelChoices) -> Endpoint:
    if choices.offline:
        raise RefoldError("user: expected words in the record, got none, and --offline asks nobody")
    return _find_endpoint(read_settings(), choices)


def complete_user_name(user: str, choices: ModelChoices) -> str:
    """
    Return *user*, the model that plays users, with a missing name filled in from the environment.

    Raises:
        RefoldError: It is none, or something that it needs is missing.
    """
    if _kind(user) != MODEL_AGENT:
        raise RefoldError(f"--user: expected openai:MODEL, got {user!r:.100}")
    user = complete_agent_name(user)
    _refuse_keys(user, {}, choices)
    _endpoint_of_worlds(choices)
    return user


def _refuse_keys(agent: str, extra: Mapping[str, Any], choices: ModelChoices) -> None:
    """Refuse keys in what the log will hold: parameters of requests, and the agent's name."""
    keys = [*read_settings().keys(), *([choices.api_key.strip()] if choices.api_key else [])]
    if found := find_credential(extra, keys):
        name = found if find_credential(found, keys) is None else "a name"
        raise RefoldError(
            f"--param {name}: expected nothing secret, for parameters are recorded, got what looks "
            "like a key or a header; give the key as --api-key or OPENAI_API_KEY"
        )
    if find_credential(agent, keys) is not None:
        raise RefoldError(
            "agent: expected openai:MODEL, got a key in it; give it as --api-key or OPENAI_API_KEY"
        )


def _request_options(agent: str, choices: ModelChoices) -> ModelOptions:
    """Return how *agent* is asked; all that is recorded of the options comes from here."""
    extra = dict(map(_parse_parameter, choices.extra))
    _refuse_keys(agent, extra, choices)
    return ModelOptions(
        model=agent.partition(":")[2],
        format=choices.action_format,
        temperature=choices.temperature,
        max_tokens=choices.max_tokens,
        seed=choices.model_seed,
        history=choices.history,
        extra=extra,
    )


def repeated_opening(
    recorded: ModelConfigured, agent: str, family: Family, choices: ModelChoices
) -> Input:
    """
    Return the event that begins an episode asked as *recorded*, but for options given now.

    Called within a command that takes the model options.
    """
    given = click.get_current_context().get_parameter_source
    now, before = _request_options(agent, choices), recorded_options(recorded)
    changes = {
        name: getattr(now, name)
        for name, option in _OPTION_NAMES.items()
        if given(option) is not ParameterSource.DEFAULT
    }
    changes["extra"] = {**before.extra, **now.extra}
    return model_configuration(
        family, evolve(before, **changes), choices.action_format or recorded.format
    )


def _parse_parameter(text: str) -> tuple[str, Any]:
    name, given, value = text.partition("=")
    if not given or not name or name in _RESERVED_PARAMETERS:
        reserved = ", ".join(_RESERVED_PARAMETERS)
        got = repr(name) if given else "no ="  # what follows may be a key
        raise RefoldError(f"--param: expected NAME=JSON, NAME none of {reserved}; got {got}")
    try:
        return name, msgspec.json.decode(value)
    except msgspec.DecodeError:  # a bare word, as in --param service_tier=flex
        return name, value
    except UnicodeEncodeError:
        raise RefoldError(f"--param: expected valid Unicode, got other in {name!r}") from None
