"""
Verify the conversation with a model from the events of an episode alone.

Each request is rebuilt and its digest compared, and each action is read again from the reply. So
a reply that was altered, an exchange that was taken out, and two that changed places are found,
even where somebody computed the hash chain again.
"""

from typing import Any

from refold.agents.action_parser import UnreadableReply
from refold.agents.conversation import Conversation, request_digest
from refold.agents.interfaces import action_in, interface_of
from refold.engine import ActionTaken, EpisodeStarted, Event, Family, Stream, fold
from refold.engine.codec import encode
from refold.engine.exchanges import ModelCalled, ModelConfigured, ReplyUnread
from refold.engine.folding import initial_state

_NOT_REREAD = ("separate", "noted")
"""Past turns as release 0.1.0 repeated them, whose replies were read by other rules, and programs
of users, who read replies as they like."""


def find_conversation_problem(stream: Stream, *, agent: str = "", since: int = 0) -> str | None:
    """
    Return the first thing in *stream* that contradicts its conversation, in words, or None.

    Args:
        stream: The episode.
        agent: Who played it, as the log says; a model that is named there has to have been asked
            for every step.
        since: Position from which on it played; 0 unless the episode is a fork.

    Raises:
        ImpossibleEvent: An event does not fit the state before it.
    """
    family, state = stream.family, initial_state(stream.family, stream.started)
    conversation, asked = Conversation(), False
    for seq, event in enumerate(stream):
        asked |= isinstance(event, ModelConfigured) and conversation.steps >= since
        if isinstance(event, ActionTaken) and conversation.steps >= since:
            asked |= _names_model(agent, conversation)
        problem = _find_problem(conversation, event, family, state, asked=asked)
        if problem:
            return f"event {seq}: {problem}"
        conversation.apply(event)
        if not isinstance(event, EpisodeStarted):
            state = fold((event,), family=family, start=state)
    return None


def _names_model(agent: str, conversation: Conversation) -> bool:
    """Return whether *agent* is the model that was configured."""
    configuration = conversation.configuration
    model = agent.partition(":")[2]
    return (
        bool(model)
        and configuration is not None
        and (configuration.parameters.get("model") == model)
    )


def _find_problem(
    conversation: Conversation, event: Event, family: Family, state: Any, *, asked: bool
) -> str | None:
    if isinstance(event, ModelCalled):
        return _request_problem(conversation, event)
    if not _is_reread(conversation):
        return None
    match event:
        case ReplyUnread():
            return _unread_problem(conversation, family, state)
        case ActionTaken(action=action):
            return _action_problem(conversation, action, family, state, asked=asked)
    return None


def _request_problem(conversation: Conversation, event: ModelCalled) -> str | None:
    """Return how the request differs from the one that the events before it make."""
    if not event.request and not (conversation.configuration and conversation.configuration.prompt):
        return None  # of an import: its source tells what was said, but not how it was asked
    if conversation.configuration is None:
        return "expected a model's configuration before its call, got none"
    try:
        body = conversation.request_body(list(event.sent), event.first)
    except (LookupError, StopIteration, TypeError, ValueError) as error:
        if not _is_reread(conversation):  # release 0.1.0 took exchanges of any kind
            return None
        return f"expected messages that a request can be made of, got {error!r:.100}"
    found = request_digest(body)
    if found == event.request:
        return None
    return (
        f"request: expected digest {event.request[:12]}, got {found[:12]} from the messages "
        "before it; a message or reply was altered, moved or taken out"
    )


def _unread_problem(conversation: Conversation, family: Family, state: Any) -> str | None:
    reply = conversation.pending_reply
    if reply is None:
        return "expected a reply before it was found unreadable, got none"
    found = _read_again(conversation, family, state)
    if found is None:
        return None
    return f"reply: expected one without an action, got one that says {family.say(found)!r:.100}"


def _action_problem(
    conversation: Conversation, action: Any, family: Family, state: Any, *, asked: bool
) -> str | None:
    if conversation.forfeited:
        stand_in = family.forfeit if family.forfeit is not None else family.wait
        return None if action == stand_in else _told(family, stand_in, action, "since it forfeited")
    reply = conversation.pending_reply
    if reply is None:
        return "action: expected an exchange with the model before it, got none" if asked else None
    found = _read_again(conversation, family, state)
    if found is None:
        return f"action: expected none from an unreadable reply, got {family.say(action)!r:.100}"
    # As bytes, in which 1, 1.0 and true are three values.
    same = encode(found) == encode(action)
    return None if same else _told(family, found, action, "as the reply says")


def _is_reread(conversation: Conversation) -> bool:
    """Return whether replies are read by the rules of this release."""
    configuration = conversation.configuration
    return configuration is not None and configuration.turns not in _NOT_REREAD


def _read_again(conversation: Conversation, family: Family, state: Any) -> Any:
    """Return the action in the reply that waits for one, or None if there is none."""
    reply, configuration = conversation.pending_reply, conversation.configuration
    assert reply is not None
    assert configuration is not None
    try:
        return action_in(reply, interface_of(family, state), configuration.format)
    except UnreadableReply:
        return None


def _told(family: Family, expected: Any, got: Any, why: str) -> str:
    expected = family.say(expected) if expected is not None else "none"
    return f"action: expected {expected!r:.100}, {why}, got {family.say(got)!r:.100}"
