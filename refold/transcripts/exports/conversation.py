"""A trial's conversation as messages of chat APIs, oldest first."""

from collections.abc import Iterator, Sequence
from typing import Any

from refold.engine import RefoldError
from refold.transcripts.messages import api_call, read_turn
from refold.transcripts.trial import Call, Message, Trial, Turn


def all_messages(trial: Trial) -> Iterator[Message]:
    """Yield all messages of *trial*: what was there before, each turn, and what it was told."""
    yield from trial.beginning
    for turn in trial.turns:
        yield turn_message(turn)
        yield from turn.answer


def turn_message(turn: Turn) -> Message:
    """Return what the agent said and called in *turn*, with the fields that its API had."""
    told = {name: each for name, each in (turn.message or {}).items() if each is not None}
    message: Message = {"role": "assistant", "content": turn.content, **told}
    if turn.calls and "tool_calls" not in message:
        message["tool_calls"] = [api_call(call) for call in turn.calls]
    return message


def results(turn: Turn) -> Iterator[tuple[Call, Message | None]]:
    """Yield each call of *turn* with the message that answers it: by its id, or else in order."""
    told = [each for each in turn.answer if each["role"] == "tool"]
    by_id = {each["tool_call_id"]: each for each in told if _is_id(each.get("tool_call_id"))}
    for place, call in enumerate(turn.calls):
        in_order = told[place] if place < len(told) else None
        yield call, by_id.get(call.id, in_order)


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def calls_in_message(message: Message) -> Sequence[Call]:
    """Return the tool calls in a *message* that is no turn of the run; none if they are none."""
    try:
        return read_turn(message, "the export").calls
    except RefoldError:  # of an environment that speaks no API's language
        return ()


def tool_definitions(trial: Trial) -> list[dict[str, Any]]:
    """Return the tools of *trial* as requests of chat APIs have them."""
    return [{"type": "function", "function": dict(tool)} for tool in trial.tools]
