"""
How a model is asked for an action: messages, and the request's parameters by action format.

There are three formats: ``tools`` (one tool for each kind of action), ``json`` (structured
output with a JSON schema) and ``text`` (a JSON object anywhere in the reply).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from attrs import field, frozen

from refold.engine import Family
from refold.engine.codec import encode
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
        system: What the model is told in place of the prompt's own text; None for that. How to
            answer is added to either.
    """

    model: str
    format: ActionFormat | None = None
    temperature: float | None = 0.0
    max_tokens: int | None = None
    seed: int | None = None
    history: int | None = None
    extra: Mapping[str, Any] = field(factory=dict)
    system: str | None = None


def system_message(family: Family, form: ActionFormat, given: str | None = None) -> dict[str, Any]:
    """Return the system message for *family*: the rules or the text *given*, and how to answer."""
    told = prompt_of(family).system if given is None else given
    text = f"{told.strip()}\n\n{_INSTRUCTIONS[form]}"
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


def format_parameters(family: Family, form: ActionFormat) -> dict[str, Any]:
    """Return the parameters by which a request asks for an action of *family* in *form*."""
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
    chosen = next(each for each in options if each.get("type") != "null")
    if "type" in chosen:
        return {"type": chosen["type"]}
    values = chosen["enum"]  # a Literal, of which msgspec tells no type
    return {"type": "string" if isinstance(values[0], str) else "integer", "enum": values}


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
        schema = _type_schema(_field_schemas(family)[name])
        listed = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
        properties[name] = {"type": [schema["type"], "null"], **listed}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _action_examples(family: Family) -> str:
    kind = msgspec.structs.fields(family.action)[0].encode_name
    schemas = _field_schemas(family)
    lines = ["The actions, as JSON:"]
    for tool in prompt_of(family).tools:
        shown = {name: _type_schema(schemas[name]).get("enum", ["..."]) for name in tool.fields}
        fields = "".join(
            f', "{name}": "{"|".join(map(str, each))}"' for name, each in shown.items()
        )
        lines.append(f'{{"{kind}": "{tool.name}"{fields}}}  {tool.description}')
    return "\n".join(lines)
