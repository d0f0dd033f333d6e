"""
An episode's document made ready to be shown at any position, line by line.

A line is a sequence of pieces of text, each with a role such as ``bad`` or ``dim``; what draws
it gives the roles a look. Texts are as recorded: who prints them makes them safe.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Any

from replays.deltas import delta, merge

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
"""Glyph and role of the words that begin a row of a state; other words get none."""

LONGEST_TEXT = 20_000
"""Letters of a model's text that are shown."""


class Film:
    """
    The document of one episode at any of its positions.

    Attributes:
        document: The document.
        last: Last position.
        views: What a watcher sees at each position.
        marks: Position, kind and words of what is worth a look, by position.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self._steps: list[dict[str, Any]] = document["steps"]
        self.last = len(self._steps)
        self.views = [document["start"]]
        self._changes: list[Mapping[str, Any]] = [{}]
        for step in self._steps:
            before = self.views[-1]
            change = step.get("delta")
            self.views.append(step["view"] if change is None else merge(before, change))
            self._changes.append((delta(before, step["view"]) or {}) if change is None else change)
        self.marks: list[tuple[int, str, str]] = [
            (at, kind, say) for at, kind, say in document["marks"]
        ]
        self._events: dict[int, list[list[Any]]] = {}
        for event in document["events"]:
            self._events.setdefault(self.position_of(event), []).append(event)
        self._exchanges: dict[int, list[dict[str, Any]]] = {}
        for exchange in document["exchanges"]:
            position = min(exchange["step"] + 1, self.last)
            self._exchanges.setdefault(position, []).append(exchange)

    def position_of(self, event: Sequence[Any]) -> int:
        """Return the position that an event of the document leads to, or stands after."""
        return min(int(event[1]) + 1, self.last)

    def notes_at(self, position: int) -> set[str]:
        """Return the marks of *position* in words."""
        return {say for at, _, say in self.marks if at == position}

    @cached_property
    def texts(self) -> list[tuple[int, str, str]]:
        """Position, pane and text of all that can be found, in the order of the events."""
        found = [
            (self.position_of(event), "step", event[0], f"#{event[0]} {event[4]}")
            for event in self.document["events"]
        ]
        for exchange in self.document["exchanges"]:
            position = min(exchange["step"] + 1, self.last)
            found += [(position, "model", exchange["seq"], text) for text in _all_texts(exchange)]
        found.sort(key=lambda each: each[2])
        return [(position, pane, text) for position, pane, _, text in found]

    @cached_property
    def folded(self) -> list[str]:
        """The texts as they are compared."""
        return [text.casefold() for _, _, text in self.texts]

    # What is shown of a position, pane by pane.

    def title(self) -> Line:
        """Return what the episode is."""
        episode = self.document["episode"]
        score = episode["score"]
        words = [
            "" if score is None else f"score {score:.4f}",
            episode["agent"]["name"],
            episode["ended"],
            f"seed {episode['seed']}",
            episode["id"] or "",
        ]
        return [(episode["scenario"], "bold"), *((f" · {each}", "") for each in words if each)]

    def timeline(self, position: int, width: int) -> Line:
        """Return the line of all positions, *width* cells wide: where one is, and the marks."""
        step = self._steps[position - 1] if position else None
        before = f"{position:>{len(str(self.last))}}/{self.last} "
        reward = f"{step['reward']:+.4g}" if step else ""
        after = f" {reward:>7}"
        cells = max(width - len(before) - len(after), 1)
        scale = (cells - 1) / (self.last or 1)
        marked = {round(at * scale) for at, _, _ in self.marks}
        here = round(position * scale)
        line: Line = [(before, "bold")]
        for cell in range(cells):
            if cell == here:
                line.append(("●", "here"))
            elif cell in marked:
                line.append(("!", "mark"))
            else:
                line.append(("─", "dim" if cell > here else ""))
        return [*line, (after, "bad" if step and step["reward"] < 0 else "")]

    def facts(self, position: int) -> Line:
        """Return the single values of the state, on one line to be wrapped."""
        changes = self._changes[position]
        line: Line = []
        for name, value in self.views[position].items():
            if not isinstance(value, Mapping):
                line.append((f"{' · ' if line else ''}{name} ", "dim"))
                line.append((flat(value), "changed" if name in changes else ""))
        return line

    def at_hand(self, position: int) -> list[Line]:
        """Return what the agent has before it in words: in an inbox, the current e-mail."""
        if self.document["episode"]["family"] != "inbox":
            return []
        emails = self.document["scenario"]["parameters"]["emails"]
        current = self.views[position]["current"]
        for email in (each for each in emails if each["id"] == current):
            about = " · ".join(email[key] for key in ("id", "category", "priority", "sender"))
            return [
                [(about, "dim")],
                [(email["subject"], "bold")],
                *_text_lines(email["body"], ""),
            ]
        return []

    def state_rows(self, position: int, room: int, scroll: int = 0) -> list[Line]:
        """
        Return the rows of the state's tables, *room* of them.

        Where a table does not fit, what is shown of it lies around the first row that changed,
        *scroll* rows further down.
        """
        view, changes = self.views[position], self._changes[position]
        tables = {name: value for name, value in view.items() if isinstance(value, Mapping)}
        shares = _shares([len(rows) + 1 for rows in tables.values()], room)
        lines: list[Line] = []
        for (name, rows), share in zip(tables.items(), shares, strict=True):
            changed = changes.get(name) or {}
            lines += _table(name, rows, changed, share, scroll)
        return lines

    def step_lines(self, position: int) -> list[Line]:
        """Return what was done to come to *position*: action, reward, events."""
        lines: list[Line] = []
        if position:
            step = self._steps[position - 1]
            lines.append([(step["say"], "bold")])
            if step["error"]:
                lines.append([(f"refused: {step['error']}", "bad")])
            parts = "".join(
                f"  {name} {value:+.4g}" for name, value in step["parts"].items() if value
            )
            lines.append(
                [(f"reward {step['reward']:+.4g}", "bad" if step["reward"] < 0 else "good")]
            )
            lines[-1] += [(parts, ""), (f"  so far {step['total']:+.4g}", "dim")]
        else:
            lines.append([("start", "bold")])
        events = self._events.get(position, [])
        notes = self.notes_at(position) - {event[4] for event in events}
        lines += [[("! ", "mark"), (note, "mark")] for note in sorted(notes)]
        return [*lines, *(_event_line(event) for event in events if event[2] not in _TOLD)]

    def event_rows(self, position: int, room: int, scroll: int = 0) -> list[Line]:
        """Return *room* events around those of *position*, *scroll* further down."""
        events = self.document["events"]
        own = self._events.get(position, [])
        first = (own[0][0] if own else 0) - max((room - len(own)) // 2, 0) + scroll
        first = max(min(first, len(events) - room), 0)
        lines = []
        for event in events[first : first + room]:
            line = _event_line(event)
            here = self.position_of(event) == position
            lines.append(
                [
                    ("▌" if here else " ", "here"),
                    *([(t, "dim") for t, _ in line] if not here else line),
                ]
            )
        return lines

    def model_lines(self, position: int) -> list[Line]:
        """Return what passed between agent and model before the action: the reply first."""
        exchanges = self._exchanges.get(position, [])
        if not exchanges:
            return [[("no model was asked in this step", "dim")]]
        lines: list[Line] = []
        for exchange in exchanges:
            lines += _exchange_lines(exchange)
        return lines

    def has_model(self, position: int) -> bool:
        """Return whether a model was asked before the action that led to *position*."""
        return position in self._exchanges

    def grade_lines(self) -> list[Line]:
        """Return the grade part by part, with the seqs of the events behind each."""
        grade = self.document["grade"]
        if grade is None:
            return [[("no grade: the episode has not ended, or does not count", "dim")]]
        rubric = grade["rubric"]
        lines: list[Line] = [
            [
                (f"score {grade['score']:.4f}", "bold"),
                (f" by {rubric['name']} v{rubric['version']}", "dim"),
            ]
        ]
        for part in grade["parts"]:
            role = "bad" if part["points"] < 0 else "" if part["points"] else "dim"
            seqs = " ".join(f"#{seq}" for seq in part["seqs"])
            more = f" and {part['more']} more" if part["more"] else ""
            points = f"{part['points']:>+8.4g} of {part['most']:g}  {part['name']}  "
            lines.append([(points, role), (seqs + more, "dim")])
        return lines


_TOLD = ("action_taken", "step_rewarded", "model_called")
"""Events that the step's own lines tell already."""


def _event_line(event: Sequence[Any]) -> Line:
    return [(f"{event[0]:>4} ", "dim"), (event[4], "")]


def _shares(wanted: list[int], room: int) -> list[int]:
    """Return how many of *room* rows each table gets that would like *wanted*: the small all."""
    shares = [0] * len(wanted)
    left = room
    order = sorted(range(len(wanted)), key=lambda place: wanted[place])
    for place, rest in zip(order, range(len(wanted), 0, -1), strict=True):
        shares[place] = max(min(wanted[place], left // rest), 0)
        left -= shares[place]
    return shares


def _table(
    name: str, rows: Mapping[str, Any], changed: Mapping[str, Any], share: int, scroll: int
) -> list[Line]:
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
    """Return a row of a table; a word that has a glyph comes last, since that tells it already."""
    cells = list(value) if isinstance(value, list | tuple) else [value]
    word = cells[0] if cells and isinstance(cells[0], str) else ""
    glyph, role = GLYPHS.get(word, (" ", ""))
    if role:
        cells = [*cells[1:], word]
    bar = ("▌" if changed else " ", "here")
    padded = (f"{name:<{width}}  ", "bold" if changed else "")
    return [bar, (f"{glyph} ", role), padded, ("  ".join(map(flat, cells)), role)]


def _exchange_lines(exchange: Mapping[str, Any]) -> list[Line]:
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
        lines += _text_lines(reply["text"], "")
        lines += [
            [("→ ", "run"), (f"{call['name']}({call['arguments']})", "run")]
            for call in reply["tool_calls"]
        ]
    for message in exchange["sent"]:
        lines.append([(f"── {message.get('role', '?')}", "dim")])
        lines += _text_lines(_content(message), "dim")
    return lines


def _text_lines(text: str, role: str) -> list[Line]:
    lines: list[Line] = [[(line, role)] for line in text[:LONGEST_TEXT].splitlines()]
    more = len(text) - LONGEST_TEXT
    return [*lines, [(f"… and {more} more letters", "dim")]] if more > 0 else lines


def _content(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    return content if isinstance(content, str) else flat(content)


def _all_texts(exchange: Mapping[str, Any]) -> list[str]:
    reply = exchange["reply"]
    texts = [_content(message) for message in exchange["sent"]]
    if reply:
        texts += [reply["text"], *(call["arguments"] for call in reply["tool_calls"])]
    return [text for text in texts if text]


def flat(value: Any) -> str:
    """Return a JSON value on one line: lists without brackets, None as a dash."""
    if isinstance(value, list | tuple):
        return " ".join(map(flat, value)) or "–"
    if isinstance(value, Mapping):
        return " ".join(f"{name}={flat(each)}" for name, each in value.items()) or "–"
    if isinstance(value, float):
        return f"{value:.6g}"
    return "–" if value is None else str(value)
