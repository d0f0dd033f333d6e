"""The players that agents' names and the model options make, and what is recorded of them."""

import functools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import click
from attrs import evolve
from click.core import ParameterSource

from refold.agents.any_llm_client import AnyLLMClient
from refold.agents.api_settings import (
    LIBRARY_AGENT,
    MODEL_AGENT,
    Settings,
    describe_file,
    read_settings,
)
from refold.agents.client import Client, ModelBackend, Pace
from refold.agents.configuration import model_configuration, recorded_options
from refold.agents.endpoint import NO_KEY, Endpoint, find_endpoint
from refold.agents.functions import FunctionPlayer
from refold.agents.model import ModelAgent
from refold.agents.players import Player, PolicyPlayer
from refold.agents.prompting import FORMATS, ModelOptions
from refold.agents.recorded import RecordedResponses
from refold.agents.rollout import make_policy
from refold.commands.shared.agent_names import (
    RESERVED_PARAMETERS,
    check_library_agent,
    complete_agent_name,
    is_model,
    kind_of,
    parse_parameter,
    refuse_keys,
)
from refold.commands.shared.model_options import Connection, ModelChoices
from refold.commands.shared.output import print_to_stderr
from refold.commands.shared.system_text import read_system_text
from refold.engine import EventLog, Family, Input, RefoldError, StepResult
from refold.engine.exchanges import ModelConfigured
from refold.environments.models import asking_at
from refold.environments.python.programs import is_program, load_programs, not_named
from refold.project.settings import NAME

StepWatcher = Callable[[StepResult], None]

_OPTION_NAMES = {
    "temperature": "temperature",
    "max_tokens": "max_tokens",
    "seed": "model_seed",
    "history": "history",
    "system": "system",
}
"""Names of the options by the fields of ``ModelOptions`` that they set."""


@asynccontextmanager
async def open_players(
    log: EventLog,
    agents: Sequence[str],
    choices: ModelChoices,
    *,
    watch: StepWatcher | None = None,
    guard: Callable[[ModelBackend], ModelBackend] | None = None,
    pace: Pace | None = None,
) -> AsyncIterator[Mapping[str, Player]]:
    """
    Provide a player for each of *agents*; connections are closed at the end.

    Requests to an API pass what *guard*, if given, makes of its client, and keep *pace*, if given.

    Raises:
        RefoldError: There is no such agent, or a model lacks its key, address or name.
    """
    models = [agent for agent in agents if is_model(agent)]
    options = {agent: _request_options(agent, choices) for agent in models}
    kinds = set(map(kind_of, models))
    # One client for all models of a kind: it shares connections, and knows what went wrong last.
    clients = {kind: open_client(kind, models, choices) for kind in kinds if not choices.offline}
    for client in clients.values():
        client.pace = pace
    backends = {kind: guard(client) if guard else client for kind, client in clients.items()}
    askers: Mapping[str, ModelBackend] = backends
    if choices.reuse or choices.offline:
        askers = {kind: RecordedResponses(log, backends.get(kind)) for kind in kinds}
    players: dict[str, Player] = {}
    for agent in agents:
        if agent in options:
            players[agent] = ModelAgent(askers[kind_of(agent)], options[agent], watch=watch)
        elif agent in choices.programs:
            players[agent] = FunctionPlayer(choices.programs[agent], watch=watch)
        elif is_program(agent):
            raise not_named(agent)
        else:
            players[agent] = PolicyPlayer(agent, watch=watch, durable=log.durable)
    try:
        with asking_at(functools.partial(_endpoint_of_worlds, choices), pace=pace):
            yield players
    finally:
        for client in clients.values():
            await client.close()
            if client.last_failure:
                print_to_stderr(f"model: {client.last_failure}")


def _library_endpoint(choices: Connection) -> Endpoint:
    """Return only what the options say: keys in the environment are those of other APIs."""
    key = choices.api_key or NO_KEY
    return Endpoint(choices.base_url, key, choices.timeout, choices.max_retries)


def with_programs(choices: ModelChoices, *agents: str) -> ModelChoices:
    """Return *choices* with those of *agents* that are functions in files, loaded."""
    return evolve(choices, programs=load_programs(agents))


def opening_input(
    agent: str,
    family: Family,
    choices: ModelChoices,
    *,
    scenario: bytes = b"",
    elsewhere: bool = False,
) -> Input | None:
    """
    Return the event to record first in an episode that *agent* will play; None for none.

    Called before anything is recorded, so it also checks all that could stop the agent later; but
    not the key of a model that is asked *elsewhere*, by machines that have their own.

    Raises:
        RefoldError: The agent cannot play *family*, or an option is wrong or missing.
    """
    if choices.system is not None and _is_given("system") and not is_model(agent):
        raise RefoldError(
            f"--system: expected a model as the agent, got {agent!r}, which reads no prompt; "
            "leave it out"
        )
    if agent in choices.programs:
        return choices.programs[agent].loaded
    if not is_model(agent):
        make_policy(agent, family, seed=0, scenario=scenario)
        return None
    if kind_of(agent) == LIBRARY_AGENT:
        check_library_agent(agent)
    elif not (choices.offline or elsewhere):
        endpoint_of(choices)
    form = choices.action_format or FORMATS[0]
    return model_configuration(family, _request_options(agent, choices), form)


def open_client(kind: str, models: Sequence[str], choices: Connection) -> Client:
    """
    Return a client for the *models* of *kind*; say on stderr what a ``.env`` file decided.

    Raises:
        RefoldError: The key or the address is missing or unusable.
    """
    if kind == LIBRARY_AGENT:
        return AnyLLMClient(_library_endpoint(choices))
    settings = read_settings()
    endpoint = _find_endpoint(settings, choices)
    names = [agent.partition(":")[2] for agent in models if kind_of(agent) == kind]
    if told := describe_file(settings, endpoint.settings, names):
        print_to_stderr(f"model: {told}")
    return Client(endpoint)


def endpoint_of(choices: Connection) -> Endpoint:
    """
    Return the API that *choices*, environment, ``.env`` and ``refold.toml`` name, with its key.

    Raises:
        RefoldError: The key or the address is missing or unusable.
    """
    return _find_endpoint(read_settings(), choices)


def _find_endpoint(settings: Settings, choices: Connection) -> Endpoint:
    return find_endpoint(
        settings,
        base_url=choices.base_url,
        api_key=choices.api_key,
        timeout=choices.timeout,
        max_retries=choices.max_retries,
        project=choices.project,
    )


def _endpoint_of_worlds(choices: ModelChoices) -> Endpoint:
    if choices.offline:
        raise RefoldError(
            "user: expected words in the record, got none, and --offline calls no model"
        )
    return endpoint_of(choices)


def complete_user_name(user: str, choices: ModelChoices) -> str:
    """
    Return *user*, the model that plays users, with a missing name filled in from the environment.

    Raises:
        RefoldError: It is none, or something that it needs is missing.
    """
    if kind_of(user) != MODEL_AGENT:
        raise RefoldError(f"--user: expected openai:MODEL, got {user!r:.100}")
    user = complete_agent_name(user)
    refuse_keys(user, {}, None, choices)
    _endpoint_of_worlds(choices)
    return user


def _request_options(agent: str, choices: ModelChoices) -> ModelOptions:
    """Return how *agent* is asked; all that is recorded of the options comes from here."""
    extra = {**_project_parameters(choices), **dict(map(parse_parameter, choices.extra))}
    system = None if choices.system is None else read_system_text(choices.system)
    told = None if choices.system is None or system is None else (choices.system, system)
    refuse_keys(agent, extra, told, choices)
    return ModelOptions(
        model=agent.partition(":")[2],
        format=choices.action_format,
        temperature=choices.temperature,
        max_tokens=choices.max_tokens,
        seed=choices.model_seed,
        history=choices.history,
        extra=extra,
        system=system,
    )


def _is_given(option: str) -> bool:
    """Return whether the parameter *option* of the command was given, not taken from elsewhere."""
    source = click.get_current_context().get_parameter_source(option)
    return source is not ParameterSource.DEFAULT


def _project_parameters(choices: ModelChoices) -> Mapping[str, Any]:
    """
    Return the parameters of requests that ``refold.toml`` sets.

    Raises:
        RefoldError: refold itself sets one of them.
    """
    for name in RESERVED_PARAMETERS:
        if name in choices.parameters:
            raise RefoldError(
                f"{NAME} $.model.parameters.{name}: expected another name, since refold sets this "
                "one; take it out"
            )
    return choices.parameters


def repeated_opening(
    recorded: ModelConfigured, agent: str, family: Family, choices: ModelChoices
) -> Input:
    """
    Return the event that begins an episode asked as *recorded*, except for options given now.

    Called within a command that takes the model options.
    """
    now, before = _request_options(agent, choices), recorded_options(recorded)
    changes = {
        name: getattr(now, name) for name, option in _OPTION_NAMES.items() if _is_given(option)
    }
    changes["extra"] = {**before.extra, **dict(map(parse_parameter, choices.extra))}
    form = choices.action_format if _is_given("action_format") else None
    return model_configuration(family, evolve(before, **changes), form or recorded.format)
