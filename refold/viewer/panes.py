"""
The panes of the terminal stepper: lines of text about an episode at any position.

Pure: reads the episode's document, as the page does, and neither rules nor log.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from refold.engine.presentation import Timeline
from refold.viewer.deltas import apply_delta, make_delta
from refold.viewer.lines import (
    Line,
    event_line,
    exchange_lines,
    exchange_texts,
    flatten_value,
    share_rows,
    table_rows,
    text_lines,
)

_SHOWN_OTHERWISE = ("action_taken", "step_rewarded", "model_called")
"""Events left out of a step's list, since its other lines show them already."""


class EpisodePanes:
    """
    Renders the document of one episode at any of its positions.

    Attributes:
        document: The document.
        last: The last position.
        views: The view of the state at each position.
        marks: Position, kind and words of the moments worth a look, by position.
    """

    def __init__(self, document: Mapping[str, Any], timeline: Timeline) -> None:
        self.document = document
        self._timeline = timeline
        self._steps: list[dict[str, Any]] = document["steps"]
        self.last = len(self._steps)
        self.views = [document["start"]]
        self._changes: list[Mapping[str, Any]] = [{}]
        for step in self._steps:
            before = self.views[-1]
            change = step.get("delta")
            self.views.append(step["view"] if change is None else apply_delta(before, change))
            # Where there is no delta, compute one: it tells which rows to mark as changed.
            self._changes.append(
                (make_delta(before, step["view"]) or {}) if change is None else change
            )
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
        """Return the position at which an event of the document is shown."""
        return min(int(event[1]) + 1, self.last)

    def marks_at(self, position: int) -> set[str]:
        """Return the words of the marks at *position*."""
        return {say for at, _, say in self.marks if at == position}

    @cached_property
    def searchable_texts(self) -> list[tuple[int, str, str]]:
        """Position, pane and text of everything that can be searched, in the order of events."""
        found = [
            (self.position_of(event), "step", event[0], f"#{event[0]} {event[4]}")
            for event in self.document["events"]
        ]
        for exchange in self.document["exchanges"]:
            position = min(exchange["step"] + 1, self.last)
            found += [
                (position, "model", exchange["seq"], text) for text in exchange_texts(exchange)
            ]
        found.sort(key=lambda each: each[2])
        return [(position, pane, text) for position, pane, _, text in found]

    @cached_property
    def folded_texts(self) -> list[str]:
        """The searchable texts, case-folded for comparison."""
        return [text.casefold() for _, _, text in self.searchable_texts]

    # What is shown of a position, pane by pane.

    def title_line(self) -> Line:
        """Return the title: scenario, score, agent, end, seed and id."""
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

    def timeline_line(self, position: int, width: int) -> Line:
        """Return the timeline, *width* cells wide: the position, and the marks."""
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

    def values_line(self, position: int) -> Line:
        """Return the state's single values as one line, to be wrapped."""
        changes = self._changes[position]
        line: Line = []
        for name, value in self.views[position].items():
            if not isinstance(value, Mapping):
                line.append((f"{' · ' if line else ''}{name} ", "dim"))
                line.append((flatten_value(value), "changed" if name in changes else ""))
        return line

    def object_lines(self, position: int) -> list[Line]:
        """Return what the agent has before it in words: in an inbox, the current e-mail."""
        parameters = self.document["scenario"]["parameters"]
        told = self._timeline.at_hand(parameters, self.views[position])
        return [line for text, role in told for line in text_lines(text, role)]

    def state_rows(self, position: int, room: int, scroll: int = 0) -> list[Line]:
        """
        Return the rows of the state's tables, *room* of them.

        Where a table does not fit, what is shown of it lies around the first row that changed,
        *scroll* rows further down.
        """
        view, changes = self.views[position], self._changes[position]
        tables = {name: value for name, value in view.items() if isinstance(value, Mapping)}
        fair = share_rows([len(rows) + 1 for rows in tables.values()], room)
        lines: list[Line] = []
        for (name, rows), share in zip(tables.items(), fair, strict=True):
            changed = changes.get(name) or {}
            lines += table_rows(name, rows, changed, share, scroll)
        return lines

    def step_lines(self, position: int) -> list[Line]:
        """Return the step that led to *position*: action, reward, events."""
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
        notes = self.marks_at(position) - {event[4] for event in events}
        lines += [[("! ", "mark"), (note, "mark")] for note in sorted(notes)]
        return [
            *lines,
            *(event_line(event) for event in events if event[2] not in _SHOWN_OTHERWISE),
        ]

    def event_rows(self, position: int, room: int, scroll: int = 0) -> list[Line]:
        """Return *room* events around those of *position*, *scroll* further down."""
        events = self.document["events"]
        own = self._events.get(position, [])
        first = (own[0][0] if own else 0) - max((room - len(own)) // 2, 0) + scroll
        first = max(min(first, len(events) - room), 0)
        lines = []
        for event in events[first : first + room]:
            line = event_line(event)
            here = self.position_of(event) == position
            lines.append(
                [
                    ("▌" if here else " ", "here"),
                    *([(t, "dim") for t, _ in line] if not here else line),
                ]
            )
        return lines

    def model_lines(self, position: int) -> list[Line]:
        """Return the exchanges with the model before the action, the reply of each first."""
        exchanges = self._exchanges.get(position, [])
        if not exchanges:
            return [[("no model was asked in this step", "dim")]]
        lines: list[Line] = []
        for exchange in exchanges:
            lines += exchange_lines(exchange)
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
