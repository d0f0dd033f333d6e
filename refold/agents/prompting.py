"""
How a model is asked for an action: messages, and the request's parameters by action format.

There are three formats: ``tools`` (one tool for each kind of action), ``json`` (structured
output with a JSON schema) and ``text`` (a JSON object anywhere in the reply).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from attrs import field, frozen
from msgspec.structs import replace

from refold.agents.causes import SYSTEM_ROLE
from refold.engine import Family
from refold.engine.codec import encode
from refold.engine.exchanges import Attempt, ModelConfigured
from refold.engine.presentation import Prompt, Tool

ActionFormat = Literal["tools", "json", "text"]
FORMATS: tuple[ActionFormat, ...] = ("tools", "json", "text")

_INSTRUCTIONS: Mapping[ActionFormat, str] = {
    "tools": "Each turn, call exactly one tool: the action that you take.",
    "json": "Each turn, answer with one JSON object and nothing else: the action that you take.",
    "text": "Each turn, answer with one JSON object and nothing else: the action that you take.",
}
_IGNORED = "ignored: one action a turn"


@frozen
class ModelOptions:
    """
    How a model is asked.

    Attributes:
        model: The model's name.
        format: The action format, or None to try all three in order.
        temperature: Sampling temperature, or None for the API's own.
        max_tokens: Limit on the reply's tokens, or None for the API's own.
        seed: Sampling seed for the API, or None.
        history: Number of past turns in each request; None for all of them.
        extra: Further parameters for the request's body; they override the above. Those that are
            None are left out of it.
    """

    model: str
    format: ActionFormat | None = None
    temperature: float | None = 0.0
    max_tokens: int | None = None
    seed: int | None = None
    history: int | None = None
    extra: Mapping[str, Any] = field(factory=dict)


def model_configuration(
    family: Family, options: ModelOptions, form: ActionFormat
) -> ModelConfigured:
    """Return the event that records how the model is asked, in the action format *form*."""
    parameters: dict[str, Any] = {
        "model": options.model,
        "temperature": options.temperature,
        "max_tokens": options.max_tokens,
        "seed": options.seed,
        **_format_parameters(family, form),
        **options.extra,
    }
    return ModelConfigured(
        prompt=f"{family.name}.{prompt_of(family).version}",
        format=form,
        history=options.history,
        parameters={name: value for name, value in parameters.items() if value is not None},
        turns="whole",
    )


def recorded_options(recorded: ModelConfigured) -> ModelOptions:
    """Return the options that *recorded* was made from, with the action format left open."""
    rest = dict(recorded.parameters)
    # These follow from the format, and would contradict another one as extra parameters.
    for name in ("tools", "tool_choice", "response_format"):
        rest.pop(name, None)
    return ModelOptions(
        model=rest.pop("model", ""),
        temperature=rest.pop("temperature", None),
        max_tokens=rest.pop("max_tokens", None),
        seed=rest.pop("seed", None),
        history=recorded.history,
        extra=rest,
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


def system_message(family: Family, form: ActionFormat) -> dict[str, Any]:
    """Return the system message for *family*: the rules, and how to answer."""
    text = f"{prompt_of(family).system.strip()}\n\n{_INSTRUCTIONS[form]}"
    if form != "tools":
        text = f"{text}\n\n{_action_examples(family)}"
    return {"role": "system", "content": text}


def turn_message(family: Family, observation: Any) -> dict[str, Any]:
    """Return the user message that shows *observation*."""
    return {"role": "user", "content": prompt_of(family).render(observation)}


def retry_message(reason: str, form: ActionFormat) -> dict[str, Any]:
    """Return the user message that says why the last reply held no valid action."""
    text = f"No action could be read from your answer: {reason}\n{_INSTRUCTIONS[form]}"
    return {"role": "user", "content": text}


def in_tool_result(message: dict[str, Any], calls: Sequence[str]) -> list[dict[str, Any]]:
    """
    Return what *message* says to the user as the answer to the first of the tool *calls*.

    *calls* are ids, of all calls in the model's last message: APIs want an answer to each.
    """
    words = [message["content"], *[_IGNORED] * (len(calls) - 1)]
    return [
        {"role": "tool", "tool_call_id": id, "content": text}
        for id, text in zip(calls, words, strict=True)
    ]


def prompt_of(family: Family) -> Prompt:
    """Return the prompt of *family*, or a generic one derived from its action type."""
    if family.prompt is not None:
        return family.prompt
    kind, *rest = msgspec.structs.fields(family.action)
    names = tuple(each.encode_name for each in rest)
    kinds = _field_schemas(family)[kind.encode_name].get("enum", [])
    return Prompt(
        version=0,
        system=f"You act in an episode of {family.name}. Reach the best score that you can.",
        render=lambda observation: encode(observation).decode(),
        tools=tuple(Tool(name, f"Take the action {name}.", names) for name in kinds),
    )


def _format_parameters(family: Family, form: ActionFormat) -> dict[str, Any]:
    if form == "tools":
        return {"tools": _tool_definitions(family), "tool_choice": "required"}
    if form == "json":
        schema = {"name": "action", "strict": True, "schema": _action_schema(family)}
        return {"response_format": {"type": "json_schema", "json_schema": schema}}
    return {}


def _field_schemas(family: Family) -> dict[str, dict[str, Any]]:
    """Return the JSON schema of each field of the action type, by name."""
    _, components = msgspec.json.schema_components([family.action])
    properties: dict[str, dict[str, Any]] = components[family.action.__name__]["properties"]
    return properties


def _type_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Return *schema* reduced to its type: APIs differ in what else they accept."""
    options = schema.get("anyOf", [schema])
    return {"type": next(each["type"] for each in options if each.get("type") != "null")}


def _tool_definitions(family: Family) -> list[dict[str, Any]]:
    properties = _field_schemas(family)
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": {
                    "type": "object",
                    "properties": {name: _type_schema(properties[name]) for name in tool.fields},
                    "required": list(tool.required),
                    "additionalProperties": False,
                },
            },
        }
        for tool in prompt_of(family).tools
    ]


def _action_schema(family: Family) -> dict[str, Any]:
    kind = msgspec.structs.fields(family.action)[0].encode_name
    tools = prompt_of(family).tools
    used = dict.fromkeys(name for tool in tools for name in tool.fields)
    properties: dict[str, Any] = {kind: {"type": "string", "enum": [tool.name for tool in tools]}}
    # Strict structured output demands that every field is required, so the unused ones are null.
    for name in used:
        properties[name] = {"type": [_type_schema(_field_schemas(family)[name])["type"], "null"]}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _action_examples(family: Family) -> str:
    kind = msgspec.structs.fields(family.action)[0].encode_name
    lines = ["The actions, as JSON:"]
    for tool in prompt_of(family).tools:
        fields = "".join(f', "{name}": "..."' for name in tool.fields)
        lines.append(f'{{"{kind}": "{tool.name}"{fields}}}  {tool.description}')
    return "\n".join(lines)
