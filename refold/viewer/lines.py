"""
Lines of text about an episode: rows of a state's tables, events, exchanges with a model.

A line is a list of (text, role) pairs with roles such as ``bad`` or ``dim``, whose look is up to
the renderer. Texts are as recorded: the renderer escapes control characters.
"""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

Line = list[tuple[str, str]]

GLYPHS: Mapping[str, tuple[str, str]] = {
    "completed": ("✓", "good"),
    "in_progress": ("▶", "run"),
    "working": ("▶", "run"),
    "ready": ("◎", "warn"),
    "failed": ("✕", "bad"),
    "offline": ("⊘", "bad"),
    "aborted": ("⊘", "bad"),
    "degraded": ("◐", "warn"),
    "pending": ("○", "dim"),
    "idle": ("○", "dim"),
}
"""Glyph and role of the status words that begin a state's rows; other words have none."""

LONGEST_TEXT = 20_000
"""Letters shown of a model's text."""


def event_line(event: Sequence[Any]) -> Line:
    """Return the line of a document's event: its seq and its words."""
    return [(f"{event[0]:>4} ", "dim"), (event[4], "")]


def share_rows(wanted: list[int], room: int) -> list[int]:
    """
    Return how many of *room* rows each table gets, given how many each has.

    Small tables are shown in full; the rest is shared equally by the others.
    """
    shares = [0] * len(wanted)
    left = room
    # From the smallest: what it leaves of its equal share goes to the larger ones.
    order = sorted(range(len(wanted)), key=lambda place: wanted[place])
    for place, rest in zip(order, range(len(wanted), 0, -1), strict=True):
        shares[place] = max(min(wanted[place], left // rest), 0)
        left -= shares[place]
    return shares


def table_rows(
    name: str, rows: Mapping[str, Any], changed: Mapping[str, Any], share: int, scroll: int
) -> list[Line]:
    """Return the lines of the table *name*, *share* at most, around the first changed row."""
    room = share - 1
    if room < 1:
        return []
    places = {key: place for place, key in enumerate(rows)} if len(rows) > room else {}
    first = min((places[key] for key in changed if key in places), default=0)
    first = max(min(first - room // 3 + scroll, len(rows) - room), 0) if places else 0
    count = f"{first + 1}–{min(first + room, len(rows))} of {len(rows)}" if places else ""
    width = max(map(len, islice(rows, first, first + room)), default=0)
    lines: list[Line] = [[(f"{name} ", "bold"), (count, "dim")]]
    for key, value in islice(rows.items(), first, first + room):
        lines.append(_row(key, value, width, changed=key in changed))
    return lines


def _row(name: str, value: Any, width: int, *, changed: bool) -> Line:
    """Return a row of a table; a status word comes last, since its glyph leads the row."""
    cells = list(value) if isinstance(value, list | tuple) else [value]
    word = cells[0] if cells and isinstance(cells[0], str) else ""
    glyph, role = GLYPHS.get(word, (" ", ""))
    if role:
        cells = [*cells[1:], word]
    bar = ("▌" if changed else " ", "here")
    padded = (f"{name:<{width}}  ", "bold" if changed else "")
    return [bar, (f"{glyph} ", role), padded, ("  ".join(map(flatten_value, cells)), role)]


def exchange_lines(exchange: Mapping[str, Any]) -> list[Line]:
    """Return the lines of an exchange with a model: the reply, then the new messages sent."""
    reply = exchange["reply"]
    usage = reply and reply["usage"]
    told = [f"#{exchange['seq']}", f"{exchange['latency_ms']} ms"]
    told += [reply["model"], str(reply["finish"])] if reply else ["no answer"]
    told += [f"{usage['input']} + {usage['output']} tokens"] if usage else []
    told += [f"{len(exchange['faults'])} failed attempts"] if exchange["faults"] else []
    lines: list[Line] = [[(" · ".join(told), "dim")]]
    if exchange["unread"]:
        lines.append([(f"no action in it: {exchange['unread']}", "bad")])
    if reply:
        if reply.get("reasoning"):
            lines.append([("── reasoning", "dim")])
            lines += text_lines(reply["reasoning"], "dim")
            lines.append([("── answer", "dim")])
        lines += text_lines(reply["text"], "")
        lines += [
            [("→ ", "run"), (f"{call['name']}({call['arguments']})", "run")]
            for call in reply["tool_calls"]
        ]
    for message in exchange["sent"]:
        lines.append([(f"── {message.get('role', '?')}", "dim")])
        lines += text_lines(_message_text(message), "dim")
    return lines


def text_lines(text: str, role: str) -> list[Line]:
    """Return the lines of *text*, cut if it is very long."""
    lines: list[Line] = [[(line, role)] for line in text[:LONGEST_TEXT].splitlines()]
    more = len(text) - LONGEST_TEXT
    return [*lines, [(f"… and {more} more letters", "dim")]] if more > 0 else lines


def _message_text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    return content if isinstance(content, str) else flatten_value(content)


def exchange_texts(exchange: Mapping[str, Any]) -> list[str]:
    """Return the texts of an exchange, for searching."""
    reply = exchange["reply"]
    texts = [_message_text(message) for message in exchange["sent"]]
    if reply:
        texts += [
            reply["text"],
            reply.get("reasoning", ""),
            *(call["arguments"] for call in reply["tool_calls"]),
        ]
    return [text for text in texts if text]


def flatten_value(value: Any) -> str:
    """Return a JSON value on one line: lists without brackets, None as a dash."""
    if isinstance(value, list | tuple):
        return " ".join(map(flatten_value, value)) or "–"
    if isinstance(value, Mapping):
        return " ".join(f"{name}={flatten_value(each)}" for name, each in value.items()) or "–"
    if isinstance(value, float):
        return f"{value:.6g}"
    return "–" if value is None else str(value)
