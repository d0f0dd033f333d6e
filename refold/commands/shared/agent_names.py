"""What agents and the parameters of models are called, and that no key is among it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from refold.agents.api_settings import LIBRARY_AGENT, MODEL_AGENT, find_model, read_settings
from refold.agents.redaction import find_credential
from refold.commands.shared.model_options import Connection
from refold.engine import RefoldError
from refold.environments.python.programs import is_program, program_name

# Set by refold itself; a stream of tokens would not be recorded as one reply.
RESERVED_PARAMETERS = ("messages", "model", "stream")


def kind_of(agent: str) -> str:
    """Return what stands before the first colon of *agent*: ``openai``, ``any-llm``, or a name."""
    return agent.partition(":")[0]


def is_model(agent: str) -> bool:
    """Return whether *agent* is a model: ``openai:MODEL`` or ``any-llm:PROVIDER:MODEL``."""
    return kind_of(agent) in (MODEL_AGENT, LIBRARY_AGENT)


def complete_agent_name(agent: str) -> str:
    """
    Return *agent* as logs name it.

    A missing model name is filled in from the environment, and a folder is left out.
    """
    if is_program(agent):
        return program_name(agent)
    if kind_of(agent) != MODEL_AGENT:
        return agent
    return f"{MODEL_AGENT}:{find_model(read_settings(), agent)}"


def check_library_agent(agent: str) -> None:
    """Raise ``RefoldError`` unless *agent* is ``any-llm:PROVIDER:MODEL``."""
    _, provider, model = [*agent.split(":", 2), "", ""][:3]
    if not provider or not model:
        raise RefoldError(
            f"agent {agent!r}: expected {LIBRARY_AGENT}:PROVIDER:MODEL, "
            "such as any-llm:anthropic:MODEL, got no provider or no model"
        )


def refuse_keys(
    agent: str,
    extra: Mapping[str, Any],
    system: tuple[str, str] | None,
    choices: Connection,
    *,
    option: str = "--param",
) -> None:
    """
    Refuse keys in what the log will hold: parameters, the prompt's text, the agent's name.

    *system* is the prompt's file and text; *option* names the parameters in errors.
    """
    named = choices.project.key_variable if choices.project else None
    keys = [*read_settings().keys(*([named] if named else []))]
    keys += [choices.api_key.strip()] if choices.api_key else []
    if found := find_credential(extra, keys):
        name = found if find_credential(found, keys) is None else "a name"
        raise RefoldError(
            f"{option} {name}: expected nothing secret, for parameters are recorded, got what "
            "looks like a key or a header; give the key as --api-key or OPENAI_API_KEY"
        )
    if system is not None and find_credential(system[1], keys) is not None:
        raise RefoldError(
            f"--system {system[0]}: expected nothing secret, for its text is recorded, got "
            "what looks like a key; take it out"
        )
    if find_credential(agent, keys) is not None:
        raise RefoldError(
            "agent: expected openai:MODEL, got a key in it; give it as --api-key or OPENAI_API_KEY"
        )


def parse_parameter(text: str, *, option: str = "--param") -> tuple[str, Any]:
    """
    Return name and value of the parameter *text*, ``NAME=JSON``; *option* names it in errors.

    Raises:
        RefoldError: It has another form, or a name that refold itself sets.
    """
    name, given, value = text.partition("=")
    if not given or not name or name in RESERVED_PARAMETERS:
        reserved = ", ".join(RESERVED_PARAMETERS)
        got = repr(name) if given else "no ="  # what follows may be a key
        raise RefoldError(f"{option}: expected NAME=JSON, NAME none of {reserved}; got {got}")
    try:
        return name, msgspec.json.decode(value)
    except msgspec.DecodeError:  # a bare word, as in --param service_tier=flex
        return name, value
    except UnicodeEncodeError:
        raise RefoldError(f"{option}: expected valid Unicode, got other in {name!r}") from None
