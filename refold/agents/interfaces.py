"""
What stands between a model and an episode: what it is told, and how it is understood.

There are two: for families whose actions are known, and for worlds outside, which say themselves
what they take. Both are pure, so that every request can be made again from the log.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from attrs import frozen

from refold.agents.action_parser import UnreadableReply, read_action
from refold.agents.completions import REJECTED
from refold.agents.lenient_json import find_json_objects
from refold.agents.messages import Message
from refold.agents.prompting import (
    ActionFormat,
    format_parameters,
    prompt_of,
    retry_message,
    system_message,
    turn_message,
)
from refold.agents.world_prompts import WorldInterface
from refold.engine import Family
from refold.engine.exchanges import Reply
from refold.scenarios.answered.events import Offer


class Interface(Protocol):
    """How a model is asked for the actions of an episode."""

    @property
    def prompt(self) -> str:
        """Name and version of the texts, such as ``workflow.1``."""

    def parameters(self, form: ActionFormat) -> dict[str, Any]:
        """Return the parameters by which a request asks for an action in *form*."""

    def system(self, form: ActionFormat, given: str | None) -> Message:
        """Return the system message, with the text *given*, if any, in place of its own."""

    def turn(self, observation: Any) -> Message:
        """Return the user message that shows *observation*."""

    def retry(self, reason: str, form: ActionFormat) -> Message:
        """Return the user message that says why the last reply held no valid action."""

    def read(self, reply: Reply, form: ActionFormat, /) -> Any:
        """Return the action in *reply*, which holds an answer, or raise ``UnreadableReply``."""


@frozen
class FamilyInterface:
    """
    The interface of a family whose actions are of a known type.

    Attributes:
        family: The family.
        state: The episode's; its names correct the case of names in replies.
    """

    family: Family
    state: Any

    @property
    def prompt(self) -> str:
        """Name and version of the family's prompt."""
        return f"{self.family.title}.{prompt_of(self.family).version}"

    def parameters(self, form: ActionFormat) -> dict[str, Any]:
        """Return tools, or the schema of structured output, made of the action type."""
        return format_parameters(self.family, form)

    def system(self, form: ActionFormat, given: str | None) -> Message:
        """Return rules and aim, and how to answer."""
        return system_message(self.family, form, given)

    def turn(self, observation: Any) -> Message:
        """Return *observation* as the family words it."""
        return turn_message(self.family, observation)

    def retry(self, reason: str, form: ActionFormat) -> Message:
        """Return *reason*, and how to answer."""
        return retry_message(reason, form)

    def read(self, reply: Reply, _form: ActionFormat, /) -> Any:
        """Return the action in *reply*, in whatever form it is written."""
        return read_action(reply, self.family, _names_in_view(self.family, self.state))


def interface_of(family: Family, state: Any = None) -> Interface:
    """Return the interface of *family*, given the episode's *state* as far as it is known."""
    if not family.answered:
        return FamilyInterface(family, state)
    if state is None or not state.begun:
        return WorldInterface(None, "")
    return WorldInterface(state.offer or Offer(), state.description)


def action_in(reply: Reply, interface: Interface, form: ActionFormat) -> Any:
    """
    Return the action in *reply*, which was asked for through *interface*.

    Raises:
        UnreadableReply: There is none; the text says why.
    """
    if problem := _no_answer(reply):
        raise UnreadableReply(problem)
    return interface.read(reply, form)


def _no_answer(reply: Reply) -> str:
    """Return why *reply* is no answer at all; an empty string if it may be one."""
    if reply.finish == REJECTED:
        return "the API found no valid tool call in it"
    if reply.tool_calls:
        return ""
    if _is_refusal(reply):
        return "the model refused to answer"
    if reply.text.strip():
        return ""
    thought = ", but for reasoning" if reply.reasoning else ""
    cut = "; it was cut off at the limit of its length" if reply.finish == "length" else ""
    return f"the answer was empty{thought}{cut}"


def ignores_form(reply: Reply, form: ActionFormat) -> bool:
    """Return whether *reply* is an answer, but not in *form*."""
    if form == "tools" and reply.tool_calls:
        return not any(call.name for call in reply.tool_calls)
    if reply.finish == "length" or _no_answer(reply):
        return False
    return form == "tools" or next(find_json_objects(reply.text), None) is None


def _is_refusal(reply: Reply) -> bool:
    message = reply.message or {}
    return bool(message.get("refusal")) and not message.get("content")


def _names_in_view(family: Family, state: Any) -> Mapping[str, str]:
    """Return the names in the state's view by case-folded form, without ambiguous ones."""
    names: dict[str, str] = {}
    found: set[str] = set()
    shared = set()
    _add_strings(family.view(state), found)
    for name in found:
        folded = name.casefold()
        if names.setdefault(folded, name) != name:
            shared.add(folded)
    return {folded: name for folded, name in names.items() if folded not in shared}


def _add_strings(value: Any, found: set[str]) -> None:
    if isinstance(value, str):
        found.add(value)
    elif isinstance(value, list | tuple):
        for inner in value:
            _add_strings(inner, found)
    elif isinstance(value, dict | Mapping):  # a dict is told far quicker
        found.update(value)
        for inner in value.values():
            _add_strings(inner, found)
