"""
The tools that agents play with: one for each kind of action, one to begin, one to look.

OpenEnv's clients and those of MCP get the same tools, except for the name of the one that begins.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from refold.agents.prompting import prompt_of
from refold.engine import Family
from refold.server.sessions.errors import NoEpisode
from refold.server.sessions.json_schemas import action_kind_field, tool_schemas
from refold.server.sessions.messages import JsonObject
from refold.server.sessions.reset_arguments import ResetRequest
from refold.server.sessions.runner import SessionRunner
from refold.server.sessions.store import Session

OBSERVE_TOOL = "observe"


class ToolBox:
    """
    The tools of all families that are served.

    Args:
        runner: Plays what the tools do.
        begin: Name of the tool that begins an episode.
        agent: Name of the agent in the log, unless the call gives one; None for the usual one.
    """

    def __init__(self, runner: SessionRunner, begin: str, *, agent: str | None = None) -> None:
        self._runner = runner
        self._begin = begin
        self._defaults = {} if agent is None else {"agent": agent}
        self._kinds = {tool["name"] for tool in tool_schemas(runner.catalogue.families)}

    def knows(self, name: str) -> bool:
        """Return whether there is a tool called *name*."""
        return name in (self._begin, OBSERVE_TOOL) or name in self._kinds

    def definitions(self, families: Sequence[Family] | None = None) -> list[JsonObject]:
        """Return the definitions of the tools, of *families* only if given."""
        begin = {
            "task": {
                "type": "string",
                "enum": list(self._runner.catalogue.scenarios),
                "description": "Which task.",
            },
            "seed": {"type": "integer", "minimum": 0, "description": "Seed of the episode."},
            "episode_id": {"type": "string", "maxLength": 255},
        }
        return [
            _define(
                self._begin, "Begin an episode of a task; what it shows is where it stands.", begin
            ),
            _define(OBSERVE_TOOL, "See where the episode stands; takes no time.", {}),
            *tool_schemas(self._runner.catalogue.families if families is None else families),
        ]

    def use(self, session: Session, name: str, arguments: JsonObject) -> bytes:
        """
        Use the known tool *name* in *session*, and return the envelope of the result.

        Raises:
            RefoldError: As ``SessionRunner.reset`` and ``step``.
        """
        if name == self._begin:
            start = ResetRequest.from_arguments({**self._defaults, **arguments})
            return self._runner.reset(session, start)
        if name == OBSERVE_TOOL:
            return self._runner.current_envelope(session)
        if session.episode is None:
            raise NoEpisode(
                f"episode: expected one that has begun, got none; call {self._begin} first"
            )
        kind = action_kind_field(session.episode.family)
        return self._runner.step(session, {**arguments, kind: name})


def error_result(message: str) -> JsonObject:
    """Return the result of a tool that could not be used: what a model can fix by another call."""
    return {"content": [{"type": "text", "text": message}], "isError": True}


def envelope_result(session: Session, envelope: bytes) -> JsonObject:
    """Return the result of a tool that led to *envelope*: text for a model, and data."""
    assert session.episode is not None
    data: dict[str, Any] = msgspec.json.decode(envelope)
    seen = data["observation"]
    lines = [prompt_of(session.episode.family).render(session.episode.observation)]
    if seen["error"]:
        lines.insert(0, f"Refused: {seen['error']}.")
    if data["done"]:
        lines.append(f"The episode has ended ({seen['end_reason']}).")
    return {
        "content": [{"type": "text", "text": "\n\n".join(lines)}],
        "structuredContent": msgspec.Raw(envelope),
        "isError": seen["error"] is not None,
    }


def _define(name: str, description: str, properties: JsonObject) -> JsonObject:
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {"name": name, "description": description, "inputSchema": schema}
