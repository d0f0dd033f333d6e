"""What is recorded of how a model is asked: settings of its requests, and their changes."""

from hashlib import sha256
from typing import Any

from msgspec.structs import replace

from refold.agents.causes import SYSTEM_ROLE
from refold.agents.interfaces import Interface, interface_of
from refold.agents.prompting import ActionFormat, ModelOptions
from refold.engine import Family
from refold.engine.exchanges import Attempt, ModelConfigured

_OF_FORMAT = ("tools", "tool_choice", "response_format")
"""Parameters that follow from the action format, and would contradict another one."""
_DIGITS = 12


def model_configuration(
    family: Family, options: ModelOptions, form: ActionFormat, state: Any = None
) -> ModelConfigured:
    """
    Return the event that records how the model is asked, in the action format *form*.

    What a world outside offers is in the episode's *state*; without it, only the options are told.
    """
    interface = interface_of(family, state)
    parameters: dict[str, Any] = {
        "model": options.model,
        "temperature": options.temperature,
        "max_tokens": options.max_tokens,
        "seed": options.seed,
        **interface.parameters(form),
        **options.extra,
    }
    return ModelConfigured(
        prompt=_prompt_name(interface.prompt, options.system),
        format=form,
        history=options.history,
        parameters={name: value for name, value in parameters.items() if value is not None},
        turns="whole",
        text=options.system,
    )


def _prompt_name(prompt: str, text: str | None) -> str:
    return prompt if text is None else f"{prompt}+{sha256(text.encode()).hexdigest()[:_DIGITS]}"


def completed(recorded: ModelConfigured, interface: Interface) -> ModelConfigured:
    """Return *recorded* with what a world offers, if it was recorded before that was known."""
    offered = interface.parameters(recorded.format)
    if all(name in recorded.parameters for name in offered if name != "tool_choice"):
        return recorded
    return replace(recorded, parameters={**offered, **recorded.parameters})


def recorded_options(recorded: ModelConfigured) -> ModelOptions:
    """Return the options that *recorded* was made from, with the action format left open."""
    rest = {name: each for name, each in recorded.parameters.items() if name not in _OF_FORMAT}
    return ModelOptions(
        model=rest.pop("model", ""),
        temperature=rest.pop("temperature", None),
        max_tokens=rest.pop("max_tokens", None),
        seed=rest.pop("seed", None),
        history=recorded.history,
        extra=rest,
        system=recorded.text,
    )


def adjusted(recorded: ModelConfigured, refused: Attempt) -> ModelConfigured | None:
    """
    Return *recorded* without what an API *refused* by name, or None if it cannot do without.

    ``tool_choice`` is weakened first, and ``max_tokens`` may get its newer name.
    """
    name, parameters = refused.parameter, dict(recorded.parameters)
    if name == SYSTEM_ROLE:
        return replace(recorded, system=False) if recorded.system else None
    if name not in parameters or name in ("model", "tools", "response_format"):
        return None
    value = parameters.pop(name)
    if name == "tool_choice" and value == "required":
        parameters[name] = "auto"
    if name == "max_tokens" and "max_completion_tokens" in refused.words:
        parameters["max_completion_tokens"] = value
    return replace(recorded, parameters=parameters)
