"""
JSON Schemas of the protocol's messages, derived from the types that encode and decode them.

If several families are served, a schema is the union of theirs: ``anyOf`` is exact, and
``properties`` beside it lists every field, for clients that look at nothing else.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, get_type_hints

import msgspec

from refold.agents.prompting import prompt_of
from refold.engine import Family
from refold.server.sessions.messages import CommonFields, State

Schema = dict[str, Any]

_REWARD: Schema = {"type": ["number", "null"], "description": "The last step's reward, raw."}
_DONE: Schema = {"type": "boolean", "description": "Whether the episode has ended."}


@cache
def action_schema(family: Family) -> Schema:
    """Return the schema of the actions of *family*, its definitions under ``$defs``."""
    schema = _object_schema(family.action, f"An action of the family {family.name}.")
    metadata = {"type": "object", "description": "Ignored; the protocol has it."}
    return {
        **schema,
        "title": _schema_title(family, "Action"),
        "properties": {**schema["properties"], "metadata": metadata},
    }


@cache
def observation_schema(family: Family) -> Schema:
    """
    Return the schema of the observations of *family*, with ``reward`` and ``done``.

    Clients of OpenEnv move those two from the envelope into the observation.

    Raises:
        ValueError: The family has a field with the name of a common one.
    """
    own = _object_schema(_observation_type(family), f"An observation of the family {family.name}.")
    shared = _object_schema(CommonFields, "")
    if twice := own["properties"].keys() & shared["properties"].keys():
        raise ValueError(f"family {family.name!r}: expected other field names than {twice}")
    return {
        **own,
        "title": _schema_title(family, "Observation"),
        "properties": {
            **own["properties"],
            **shared["properties"],
            "reward": _REWARD,
            "done": _DONE,
        },
        "required": [*own["required"], *shared["required"]],
        "$defs": {**own.get("$defs", {}), **shared.get("$defs", {})},
    }


@cache
def state_schema() -> Schema:
    """Return the schema of states, which is the same for all families."""
    schema = _object_schema(State, "How a session stands.")
    schema["properties"]["step_count"]["minimum"] = 0
    return schema


def protocol_schemas(families: Sequence[Family]) -> dict[str, Schema]:
    """Return the schemas of actions, observations and states of *families*, at least one."""
    return {
        "action": union_schema([action_schema(family) for family in families]),
        "observation": union_schema([observation_schema(family) for family in families]),
        "state": state_schema(),
    }


def union_schema(options: Sequence[Schema]) -> Schema:
    """Return the schema of whatever fits at least one of *options*; each has its own title."""
    if len(options) == 1:
        return options[0]
    definitions: Schema = {}
    for option in options:
        inner = {key: value for key, value in option.items() if key != "$defs"}
        prefix = option["title"]  # families may each define a type of the same name
        for name, schema in {**option.get("$defs", {}), "": inner}.items():
            definitions[f"{prefix}{name}"] = rewrite_refs(schema, f"#/$defs/{prefix}")
    return {
        "type": "object",
        "anyOf": [{"$ref": f"#/$defs/{option['title']}"} for option in options],
        "properties": {
            name: _any_of(
                [definitions[option["title"]]["properties"].get(name) for option in options]
            )
            for name in dict.fromkeys(name for option in options for name in option["properties"])
        },
        "$defs": definitions,
    }


def tool_schemas(families: Iterable[Family]) -> list[Schema]:
    """
    Return the definition of a tool, as MCP has it, for each kind of action of *families*.

    Each name is there once: where several families have it, its definition is good for all.
    """
    found: dict[str, list[Schema]] = {}
    for family in families:
        for tool in prompt_of(family).tools:
            found.setdefault(tool.name, []).append(
                {"description": tool.description, "inputSchema": _tool_input(family, tool)}
            )
    return [{"name": name, **_one_tool(options)} for name, options in found.items()]


def _one_tool(options: Sequence[Schema]) -> Schema:
    """Return the definition that is good for each of *options*, of tools of one name."""
    if len(options) == 1:
        return options[0]
    inputs = [option["inputSchema"] for option in options]
    names = dict.fromkeys(name for each in inputs for name in each["properties"])
    required = [name for name in names if all(name in each["required"] for each in inputs)]
    return {
        "description": " ".join(dict.fromkeys(option["description"] for option in options)),
        "inputSchema": {
            "type": "object",
            "properties": {
                name: _any_of([each["properties"].get(name) for each in inputs]) for name in names
            },
            "required": required,
            "additionalProperties": False,
        },
    }


def _tool_input(family: Family, tool: Any) -> Schema:
    schema = action_schema(family)
    return {
        "type": "object",
        "properties": {name: schema["properties"][name] for name in tool.fields},
        "required": list(tool.required),
        "additionalProperties": False,
    }


def action_kind_field(family: Family) -> str:
    """Return the name of the field that holds the kind of an action of *family*."""
    return str(msgspec.structs.fields(family.action)[0].encode_name)


def _schema_title(family: Family, kind: str) -> str:
    rules = "" if family.rules == 1 else family.rules
    return f"{family.name.title()}{rules}{kind}"


def _observation_type(family: Family) -> Any:
    """Return the type of the observations of *family*, from the signature of ``observe``."""
    return get_type_hints(family.observe).get("return", dict[str, Any])


def _object_schema(kind: Any, description: str) -> Schema:
    """Return the schema of the object type *kind*, its definitions under ``$defs``."""
    (schema,), definitions = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    name = schema.get("$ref", "").rpartition("/")[2]
    body: Schema = definitions.pop(name, schema)
    text = description or body.get("description", "")
    return {
        **{key: value for key, value in body.items() if key != "description"},
        "description": text,
        "properties": body.get("properties", {}),
        "required": body.get("required", []),
        **({"$defs": dict(definitions)} if definitions else {}),
    }


def rewrite_refs(schema: Any, start: str) -> Any:
    """Return a copy of *schema* in which references to ``#/$defs/`` begin with *start* instead."""
    if isinstance(schema, Mapping):
        return {
            key: value.replace("#/$defs/", start)
            if key == "$ref" and isinstance(value, str)
            else rewrite_refs(value, start)
            for key, value in schema.items()
        }
    if isinstance(schema, list):
        return [rewrite_refs(each, start) for each in schema]
    return schema


def _any_of(options: Iterable[Schema | None]) -> Schema:
    """Return the schema that allows each of *options*, without repeats; None is skipped."""
    found: list[Schema] = []
    for option in options:
        if option is not None and option not in found:
            found.append(option)
    return found[0] if len(found) == 1 else {"anyOf": found}
