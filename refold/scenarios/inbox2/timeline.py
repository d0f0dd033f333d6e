"""What pictures of an inbox, rules version 2, show beside words and views."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from refold.engine import Event
from refold.engine.presentation import Mark, Placed, Say, Timeline
from refold.scenarios.inbox2.events import HarmDone, InboxDrawn, MailArrived, ThreadClosed

_SECRETS = ("kind", "right", "facts", "owner", "attack", "injection", "needs")


def _parameters(
    _parameters: Mapping[str, Any], _start: Any, stream: Sequence[Event], running: bool
) -> dict[str, Any]:
    """Return the mail that was drawn; of a *running* episode only what has come so far."""
    drawn = next((event for event in stream if isinstance(event, InboxDrawn)), None)
    if drawn is None:
        return {}
    world = drawn.world
    threads = msgspec.to_builtins(world.threads)
    if running:
        threads = list(_arrived(threads, stream))
    return {"max_steps": world.max_steps, "threads": threads}


def _arrived(
    threads: Sequence[dict[str, Any]], stream: Sequence[Event]
) -> Iterator[dict[str, Any]]:
    """Yield those of *threads* that have come, with the mails that have, less what is hidden."""
    came = {(event.thread, event.index) for event in stream if isinstance(event, MailArrived)}
    for thread in threads:
        mails = [
            mail
            for index, mail in enumerate(thread["mails"])
            if mail["at"] == 0 or (thread["id"], index) in came
        ]
        if mails:
            shown = {key: value for key, value in thread.items() if key not in _SECRETS}
            yield {**shown, "mails": mails}


def _marks(placed: Placed, say: Say, _steps: int, _parameters: Mapping[str, Any]) -> Iterator[Mark]:
    for position, event in placed:
        match event:
            case HarmDone():
                yield position, "risky", say(event)
            case MailArrived():
                yield position, "world", say(event)
            case ThreadClosed(alarm=True):
                yield position, "risky", say(event)
                yield position, "mistake", say(event)
            case ThreadClosed(right=False):
                yield position, "mistake", say(event)


def _at_hand(parameters: Mapping[str, Any], view: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the lines of the first open thread, as far as its mails can be seen."""
    id, seen, _ = next(iter(view["open"]), (None, 0, None))
    for thread in (each for each in parameters.get("threads", ()) if each["id"] == id):
        for mail in thread["mails"][:seen]:
            yield f"{id} · {mail['sender']}", "dim"
            yield mail["subject"], "bold"
            yield mail["body"], ""


TIMELINE = Timeline(
    parameters=_parameters,
    marks=_marks,
    hidden=frozenset({"world", "right", "found", "facts", "informed", "in_time", "alarm", "kind"}),
    at_hand=_at_hand,
)
