"""
How a model is asked to act in a world outside: of what the world offers, verbatim.

A world has tools, or a schema of its actions, for which one tool ``act`` stands; it may be spoken
to as well. Where the API takes no tools, an answer is a JSON object that fits one of the schemas
that the model is told.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen

from refold.agents.messages import Message
from refold.agents.prompting import ActionFormat
from refold.agents.world_actions import ACT, read_world_action, wraps
from refold.engine.codec import encode
from refold.engine.exchanges import Reply
from refold.scenarios.answered.events import Offer
from refold.scenarios.answered.prompt import PROMPT

_ANY = Offer(schema={})
"""What a world takes that does not say what."""


@frozen
class WorldInterface:
    """
    The interface of a world outside.

    Attributes:
        offer: What it takes, as far as it says so; None before it has begun.
        description: The scenario's description of the task.
    """

    offer: Offer | None
    description: str

    @property
    def prompt(self) -> str:
        """Name and version of refold's own words around those of the world."""
        return f"answered.{PROMPT.version}"

    @property
    def _takes(self) -> Offer:
        offer = self.offer
        return offer if offer and (offer.tools or offer.schema is not None or offer.text) else _ANY

    def parameters(self, form: ActionFormat) -> dict[str, Any]:
        """Return the world's tools, or the one that stands for its schema; nothing before it."""
        if self.offer is None or form == "text":
            return {}
        schemas = list(_answer_schemas(self._takes))
        if form == "json":
            schema = schemas[0] if len(schemas) == 1 else {"type": "object", "anyOf": schemas}
            named = {"name": "action", "schema": schema}
            return {"response_format": {"type": "json_schema", "json_schema": named}}
        tools = list(_tools(self._takes))
        choice = "auto" if self._takes.text else "required"
        return {"tools": tools, "tool_choice": choice} if tools else {}

    def system(self, form: ActionFormat, given: str | None) -> Message:
        """Return what the world says of itself, or the text *given*, the task, and the form."""
        own = self.offer.instructions if self.offer else ""
        told = given if given is not None else own or PROMPT.system
        task = "" if self.description.strip() in told else self.description
        parts = [told.strip(), task.strip(), _how_to_answer(self._takes, form)]
        if form != "tools":
            parts.append("\n".join(_schema_lines(self._takes)))
        return {"role": "system", "content": "\n\n".join(filter(None, parts))}

    def turn(self, observation: Any) -> Message:
        """Return *observation* as text."""
        return {"role": "user", "content": PROMPT.render(observation)}

    def retry(self, reason: str, form: ActionFormat) -> Message:
        """Return *reason*, and how to answer."""
        how = _how_to_answer(self._takes, form)
        text = f"No action could be read from your answer: {reason}\n{how}"
        return {"role": "user", "content": text}

    def read(self, reply: Reply, form: ActionFormat) -> Any:
        """Return what *reply* calls or says, verbatim."""
        return read_world_action(reply, self._takes, form)


def _how_to_answer(offer: Offer, form: ActionFormat) -> str:
    if form != "tools":
        text = "Each turn, answer with one JSON object and nothing else."
        return text if not offer.text or form == "json" else f"{text} Other text is a message."
    if offer.tools:
        return (
            "Each turn, call tools or answer with a message."
            if offer.text
            else "Each turn, call a tool."
        )
    if offer.schema is None:
        return "Each turn, answer with a message."
    spoken = ", or answer with a message" if offer.text else ""
    return f"Each turn, call the tool {ACT} once: the action that you take{spoken}."


def _tools(offer: Offer) -> Iterator[dict[str, Any]]:
    for tool in offer.tools:
        yield {"type": "function", "function": tool}
    if not offer.tools and offer.schema is not None:
        function = {
            "name": ACT,
            "description": "Take an action.",
            "parameters": _action_schema(offer.schema),
        }
        yield {"type": "function", "function": function}


def _schema_lines(offer: Offer) -> Iterator[str]:
    yield "It fits one of these JSON schemas:"
    for schema in _answer_schemas(offer):
        yield encode(schema).decode()


def _answer_schemas(offer: Offer) -> Iterator[dict[str, Any]]:
    """Yield the JSON schema of each kind of object that is an answer."""
    for tool in offer.tools:
        parameters = tool.get("parameters") or {"type": "object"}
        schema = _object_schema(name={"const": tool["name"]}, arguments=parameters)
        about = tool.get("description")
        yield {"description": about, **schema} if about else schema
    if not offer.tools and offer.schema is not None:
        yield _action_schema(offer.schema)
    if offer.text:
        yield _object_schema(content={"type": "string"})


def _action_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return *schema* as that of an object, which arguments of tools have to be."""
    if not wraps(schema):
        return dict(schema)
    # References lead to the root.
    definitions = {name: schema[name] for name in ("$defs", "definitions") if name in schema}
    inner = {name: each for name, each in schema.items() if name not in definitions}
    return {**_object_schema(action=inner), **definitions}


def _object_schema(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
