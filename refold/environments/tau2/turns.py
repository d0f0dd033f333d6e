"""What an agent does in one turn, read from an action: tool calls, words, or the end."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from attrs import frozen

DONE = "done"
"""Name of the tool that ends the conversation."""


class NotATurn(Exception):
    """An action is none that tau2 knows; the message says what was expected."""


@frozen
class Turn:
    """
    An agent's turn.

    Attributes:
        text: What it says, None if nothing.
        calls: Name and arguments of each tool call.
        done: Whether it ends the conversation.
    """

    text: str | None = None
    calls: Sequence[tuple[str, dict[str, Any]]] = ()
    done: bool = False


def read_turn(action: Any) -> Turn:
    """
    Return the turn that *action* is.

    Raises:
        NotATurn: It is none.
    """
    given = action if isinstance(action, dict) else {}
    text, calls = given.get("content"), given.get("tool_calls")
    if not isinstance(text, str) or not text.strip():
        text = None
    if not isinstance(calls, list | None):
        raise NotATurn("expected tool_calls to be a list")
    if not calls and text is None:
        raise NotATurn("expected tool_calls or content that is not empty")
    read = tuple(map(_read_call, calls or ()))
    return Turn(text, read, any(name == DONE for name, _ in read))


def not_yet_taken(actions: Iterable[Any], taken: Iterable[Any]) -> Iterator[Any]:
    """
    Yield *actions*, each of one call or one text, without those that are part of *taken*.

    A call or a text in *taken* stands for one of *actions*. What is no turn stands for none.
    """
    parts = [part for action in taken for part in _parts(action)]
    for action in actions:
        (part,) = _parts(action)
        if part in parts:
            parts.remove(part)
        else:
            yield action


def _parts(action: Any) -> Sequence[Any]:
    """Return the calls of *action* and its text."""
    try:
        turn = read_turn(action)
    except NotATurn:
        return ()
    return (*turn.calls, *([turn.text] if turn.text else ()))


def _read_call(call: Any) -> tuple[str, dict[str, Any]]:
    given = call if isinstance(call, dict) else {}
    name, arguments = given.get("name"), given.get("arguments", {})
    if not isinstance(name, str) or not isinstance(arguments, dict):
        raise NotATurn("expected each of tool_calls to have a name and an object of arguments")
    return name, arguments
