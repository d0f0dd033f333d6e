"""
Put a chat completion together that came as a stream of server-sent events.

refold asks for no stream, but some servers and proxies answer with one all the same.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

_NOT_JOINED = ("role", "id", "type", "name", "index")
"""Texts of a delta that are given once, or repeated, but never in pieces."""


def is_event_stream(content: bytes) -> bool:
    """Return whether the body *content* is a stream of events rather than JSON."""
    return content.startswith((b"data:", b"event:", b"id:", b": ", b":\n"))


def read_event_stream(content: bytes) -> dict[str, Any]:
    """Return the completion whose pieces the events in *content* hold; unreadable ones aside."""
    whole: dict[str, Any] = {}
    choice: dict[str, Any] = {}
    for chunk in _chunks(content):
        choices = chunk.pop("choices", None)
        whole.update({name: value for name, value in chunk.items() if value is not None})
        first = choices[0] if isinstance(choices, list) and choices else None
        if isinstance(first, dict):
            message = first.pop("delta", None) or first.pop("message", None)
            choice.update({name: value for name, value in first.items() if value is not None})
            if isinstance(message, dict):
                choice["message"] = _joined(choice.get("message"), message)
    return {**whole, "choices": [choice]} if choice else whole


def _chunks(content: bytes) -> Iterator[dict[str, Any]]:
    for line in content.decode("utf-8", "replace").splitlines():
        if line.startswith("data:"):
            try:
                chunk = msgspec.json.decode(line.removeprefix("data:"))
            except (msgspec.MsgspecError, RecursionError):
                continue  # such as [DONE]
            if isinstance(chunk, dict):
                yield chunk


def _joined(old: Any, new: Any, name: str = "") -> Any:
    """Return *new* appended to *old*, piece by piece."""
    if old is None or new is None:
        return new if old is None else old
    if isinstance(old, str) and isinstance(new, str):
        return (new or old) if name in _NOT_JOINED else old + new
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{key: _joined(old.get(key), value, key) for key, value in new.items()}}
    if isinstance(old, list) and isinstance(new, list):
        return _joined_lists(old, new)
    return new


def _joined_lists(old: list[Any], new: list[Any]) -> list[Any]:
    """Return the items of both, those with the same ``index`` joined."""
    items = list(old)
    for item in new:
        place = _place(items, item) if isinstance(item, Mapping) else None
        if place is None:
            items.append(item)
        else:
            items[place] = _joined(items[place], item)
    return items


def _place(items: list[Any], item: Mapping[str, Any]) -> int | None:
    index = item.get("index")
    places = (
        place
        for place, each in enumerate(items)
        if isinstance(each, Mapping) and index is not None and each.get("index") == index
    )
    return next(places, None)
