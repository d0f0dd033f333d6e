"""The terminal stepper: an episode walked through by keys, drawn whole after each of them."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from shlex import quote

from attrs import evolve
from rich.console import Console, Group, RenderableType
from rich.layout import Layout
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from refold.commands.shared.keyboard import keyboard
from refold.commands.shared.options import DEFAULT_LOG
from refold.commands.shared.output import safe
from refold.engine import Episode, EpisodeInfo, Stream
from refold.engine.errors import UnknownStep
from refold.engine.folding import step_ranges
from refold.graders import grade
from refold.viewer.document import document
from refold.viewer.navigation import KEYS, Cursor, handle_key, shell_commands, split_keys
from refold.viewer.panes import EpisodePanes
from refold.viewer.text_lines import Line

NARROW = 60
"""Columns below which there is room for one pane."""

_LONG = 500
_STYLES = {
    "bold": "bold",
    "dim": "dim",
    "good": "green",
    "bad": "red",
    "warn": "yellow",
    "run": "cyan",
    "mark": "magenta",
    "here": "bold cyan",
    "changed": "bold",
}
_FOOT = "←→ step  [ ] mark  g go  / find  m model  o grade  f fork  ? keys  q quit"


def step_through(stream: Stream, info: EpisodeInfo, *, at: int, log: str) -> None:
    """
    Show an episode from position *at* until the user leaves.

    The terminal is left as it was, by Ctrl-C too. *log* is the file that *info* is from.

    Raises:
        UnknownStep: *stream* has no position *at*.
    """
    last = len(step_ranges(stream)) - 1
    if not 0 <= at <= last:
        raise UnknownStep(at, last)
    out = Console(highlight=False, markup=False, emoji=False)
    where = "" if log == DEFAULT_LOG else f" --log {quote(log)}"
    place = Cursor(position=at)
    try:
        with keyboard() as read, Live(console=out, screen=True, auto_refresh=False) as live:
            for panes in _films(stream, info, at):
                painter = Painter(panes, out, log=where)
                live.update(painter.frame(place), refresh=True)
            while chunk := read():
                for key in split_keys(chunk):
                    place = painter.settled(handle_key(panes, place, key))
                    if place.done:
                        return
                live.update(painter.frame(place), refresh=True)
    except KeyboardInterrupt:
        return


def _films(stream: Stream, info: EpisodeInfo, at: int) -> Iterator[EpisodePanes]:
    """Yield the episode; of a long one first what is needed to show its start, at once."""
    if len(stream) > _LONG and not at:
        yield EpisodePanes(document(Episode.fork(stream, 0).events, info=info))
    yield EpisodePanes(document(stream, info=info, grade=grade(stream)))


class Painter:
    """
    Draws a film at any place.

    Args:
        panes: What.
        console: Where; its size is asked for each time.
        log: What the commands that are shown say about the log.
    """

    def __init__(self, panes: EpisodePanes, console: Console, *, log: str = "") -> None:
        self._panes = panes
        self._console = console
        self._log = log
        self._wrapped = lru_cache(maxsize=8)(self._wrap)

    def frame(self, place: Cursor) -> RenderableType:
        """Return the whole screen at *place*."""
        width, height = self._console.size
        root, body = Layout(), Layout()
        root.split_column(
            Layout(_text(self._panes.title_line()), size=1),
            Layout(_text(self._panes.timeline_line(place.position, width)), size=1),
            body,
            Layout(_foot(place), size=1),
        )
        room = max(height - 3, 3)
        if width < NARROW or place.pane == "state" or place.help:
            body.update(self._pane(place, place.pane, width, room))
            return root
        right = _right(place, width)
        beside = Layout(size=right)
        body.split_row(Layout(self._state(place, width - right, room)), beside)
        if place.pane == "step" and self._panes.has_model(place.position):
            upper = room // 2
            beside.split_column(
                Layout(self._pane(place, "step", right, upper), size=upper),
                Layout(self._pane(evolve(place, scroll=0), "model", right, room - upper)),
            )
        else:
            beside.update(self._pane(place, place.pane, right, room))
        return root

    def settled(self, place: Cursor) -> Cursor:
        """Return *place*, scrolled no further than there is something to see."""
        if not place.scroll:
            return place
        lowest, most = 0, len(self._panes.document["events"])
        if place.pane in ("state", "events"):
            lowest = -most
        else:
            width, height = self._console.size
            inner = (width if width < NARROW else _right(place, width)) - 2
            most = len(self._wrapped(place.pane, place.position, inner)) - max(height - 5, 1)
        return evolve(place, scroll=max(lowest, min(place.scroll, most)))

    def _pane(self, place: Cursor, pane: str, width: int, height: int) -> Panel:
        if place.help:
            lines = _keys_lines() if place.help == "keys" else self._commands(place)
            rows = self._folded(lines, width - 2)
            return _panel("keys" if place.help == "keys" else "commands", rows, width, height)
        if pane == "state":
            return self._state(place, width, height)
        if pane == "events":
            rows = list(
                map(_text, self._panes.event_rows(place.position, height - 2, place.scroll))
            )
        else:
            rows = self._wrapped(pane, place.position, width - 2)[place.scroll :]
        return _panel(pane, _marked(rows[: height - 2], place.query), width, height)

    def _wrap(self, pane: str, position: int, width: int) -> list[Text]:
        panes = self._panes
        if pane == "grade":
            return self._folded(panes.grade_lines(), width)
        lines = panes.model_lines(position) if pane == "model" else panes.step_lines(position)
        return self._folded(lines, width)

    def _folded(self, lines: Sequence[Line], width: int) -> list[Text]:
        texts = (_text(line, fold=True) for line in lines)
        return [row for text in texts for row in text.wrap(self._console, max(width, 1))]

    def _state(self, place: Cursor, width: int, height: int) -> Panel:
        facts = self._folded([self._panes.values_line(place.position)], width - 2)
        facts += self._folded(self._panes.object_lines(place.position), width - 2)[: height // 2]
        scroll = place.scroll if place.pane == "state" else 0
        room = height - 2 - len(facts)
        rows = map(_text, self._panes.state_rows(place.position, room, scroll))
        return _panel("state", _marked([*facts, *rows], place.query), width, height)

    def _commands(self, place: Cursor) -> list[Line]:
        return shell_commands(self._panes, place, log=self._log)


def _right(place: Cursor, width: int) -> int:
    """Return the columns of the pane beside the state."""
    return width * (2 if place.pane == "step" else 3) // 5


def _panel(title: str, rows: Sequence[Text], width: int, height: int) -> Panel:
    return Panel(
        Group(*rows), title=Text(title), title_align="left", padding=0, width=width, height=height
    )


def _text(line: Line, *, fold: bool = False) -> Text:
    text = Text(no_wrap=not fold, overflow="fold" if fold else "ellipsis")
    for piece, role in line:
        text.append(safe(piece), _STYLES.get(role))
    return text


def _marked(rows: Sequence[Text], query: str) -> list[Text]:
    """Return *rows* with what is looked for made to stand out."""
    if not query:
        return list(rows)
    made = [row.copy() for row in rows]
    for row in made:
        row.highlight_regex(re.compile(re.escape(safe(query)), re.IGNORECASE), "reverse")
    return made


def _foot(place: Cursor) -> Text:
    if place.input_mode:
        what = "find" if place.input_mode == "find" else "go to step, or #seq"
        return _text([(f"{what}: ", "bold"), (place.typed, ""), ("▏", "here")])
    return _text([(place.note, "warn")] if place.note else [(_FOOT, "dim")])


def _keys_lines() -> list[Line]:
    width = max(map(len, KEYS))
    return [[(f"{key:<{width}}  ", "bold"), (what, "")] for key, what in KEYS.items()]
