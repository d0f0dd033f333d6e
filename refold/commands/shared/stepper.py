"""The terminal stepper: walk through an episode by keys, with the screen redrawn after each."""

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

from refold.commands.shared.options import DEFAULT_LOG
from refold.commands.shared.output import safe_text
from refold.commands.shared.terminal import open_keyboard
from refold.engine import EpisodeInfo, Stream
from refold.engine.errors import UnknownStep
from refold.engine.folding import step_ranges
from refold.graders import grade
from refold.viewer.episode_document import document
from refold.viewer.lines import Line
from refold.viewer.navigation import KEYS, Cursor, handle_key, shell_commands, split_keys
from refold.viewer.panes import EpisodePanes

NARROW = 60
"""With fewer columns than this, one pane is shown instead of two."""

_LONG_EPISODE = 500
"""Events above which the start is shown before the whole episode has been read."""
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
_KEY_HINTS = "←→ step  [ ] mark  g go  / find  m model  o grade  f fork  ? keys  q quit"


def step_through(stream: Stream, info: EpisodeInfo, *, at: int, log_path: str) -> None:
    """
    Show an episode in the terminal from position *at* until the user quits, by Ctrl-C too.

    Args:
        stream: The episode's events.
        info: Its row in the log.
        at: The position to start at.
        log_path: The log's file, for the commands that the stepper suggests.

    Raises:
        UnknownStep: *stream* has no position *at*.
    """
    last = len(step_ranges(stream)) - 1
    if not 0 <= at <= last:
        raise UnknownStep(at, last)
    out = Console(highlight=False, markup=False, emoji=False)
    where = "" if log_path == DEFAULT_LOG else f" --log {quote(log_path)}"
    place = Cursor(position=at)
    try:
        with open_keyboard() as read, Live(console=out, screen=True, auto_refresh=False) as live:
            for panes in _load_panes(stream, info, at):
                painter = ScreenPainter(panes, out, log=where)
                live.update(painter.frame(place), refresh=True)
            while chunk := read():
                for key in split_keys(chunk):
                    place = painter.clamp_scroll(handle_key(panes, place, key))
                    if place.done:
                        return
                live.update(painter.frame(place), refresh=True)
    except KeyboardInterrupt:
        return


def _load_panes(stream: Stream, info: EpisodeInfo, at: int) -> Iterator[EpisodePanes]:
    """Yield the episode; if it is long, yield its start first, which can be shown at once."""
    if len(stream) > _LONG_EPISODE and not at:
        start = document(stream.prefix(step_ranges(stream)[0].stop), info=info)
        yield EpisodePanes(start, stream.family.timeline)
    whole = document(stream, info=info, grade=grade(stream))
    yield EpisodePanes(whole, stream.family.timeline)


class ScreenPainter:
    """
    Draws an episode at any place.

    Args:
        panes: The episode.
        console: The terminal; asked for its size at each drawing, since it may be resized.
        log: The ``--log`` option to append to suggested commands; empty for the default log.
    """

    def __init__(self, panes: EpisodePanes, console: Console, *, log: str = "") -> None:
        self._panes = panes
        self._console = console
        self._log = log
        # Scrolling redraws the same pane; wrapping a long prompt again each time would be felt.
        self._cached_rows = lru_cache(maxsize=8)(self._wrap_pane)

    def frame(self, place: Cursor) -> RenderableType:
        """Return the whole screen at *place*."""
        width, height = self._console.size
        root, body = Layout(), Layout()
        root.split_column(
            Layout(_styled_text(self._panes.title_line()), size=1),
            Layout(_styled_text(self._panes.timeline_line(place.position, width)), size=1),
            body,
            Layout(_status_line(place), size=1),
        )
        room = max(height - 3, 3)
        if width < NARROW or place.pane == "state" or place.help:
            body.update(self._pane_panel(place, place.pane, width, room))
            return root
        right = _side_pane_width(place, width)
        beside = Layout(size=right)
        body.split_row(Layout(self._state_panel(place, width - right, room)), beside)
        if place.pane == "step" and self._panes.has_model(place.position):
            upper = room // 2
            beside.split_column(
                Layout(self._pane_panel(place, "step", right, upper), size=upper),
                Layout(self._pane_panel(evolve(place, scroll=0), "model", right, room - upper)),
            )
        else:
            beside.update(self._pane_panel(place, place.pane, right, room))
        return root

    def clamp_scroll(self, place: Cursor) -> Cursor:
        """Return *place* with its scroll limited to what there is to see."""
        if not place.scroll:
            return place
        lowest, most = 0, len(self._panes.document["events"])
        if place.pane in ("state", "events"):
            lowest = -most
        else:
            width, height = self._console.size
            inner = (width if width < NARROW else _side_pane_width(place, width)) - 2
            most = len(self._cached_rows(place.pane, place.position, inner)) - max(height - 5, 1)
        return evolve(place, scroll=max(lowest, min(place.scroll, most)))

    def _pane_panel(self, place: Cursor, pane: str, width: int, height: int) -> Panel:
        if place.help:
            lines = _key_help_lines() if place.help == "keys" else self._command_lines(place)
            rows = self._fold_lines(lines, width - 2)
            return _make_panel("keys" if place.help == "keys" else "commands", rows, width, height)
        if pane == "state":
            return self._state_panel(place, width, height)
        if pane == "events":
            rows = list(
                map(_styled_text, self._panes.event_rows(place.position, height - 2, place.scroll))
            )
        else:
            rows = self._cached_rows(pane, place.position, width - 2)[place.scroll :]
        return _make_panel(pane, _highlight_matches(rows[: height - 2], place.query), width, height)

    def _wrap_pane(self, pane: str, position: int, width: int) -> list[Text]:
        panes = self._panes
        if pane == "grade":
            return self._fold_lines(panes.grade_lines(), width)
        lines = panes.model_lines(position) if pane == "model" else panes.step_lines(position)
        return self._fold_lines(lines, width)

    def _fold_lines(self, lines: Sequence[Line], width: int) -> list[Text]:
        texts = (_styled_text(line, fold=True) for line in lines)
        return [row for text in texts for row in text.wrap(self._console, max(width, 1))]

    def _state_panel(self, place: Cursor, width: int, height: int) -> Panel:
        facts = self._fold_lines([self._panes.values_line(place.position)], width - 2)
        facts += self._fold_lines(self._panes.object_lines(place.position), width - 2)[
            : height // 2
        ]
        scroll = place.scroll if place.pane == "state" else 0
        room = height - 2 - len(facts)
        rows = map(_styled_text, self._panes.state_rows(place.position, room, scroll))
        return _make_panel("state", _highlight_matches([*facts, *rows], place.query), width, height)

    def _command_lines(self, place: Cursor) -> list[Line]:
        return shell_commands(self._panes, place, log=self._log)


def _side_pane_width(place: Cursor, width: int) -> int:
    """Return the width, in columns, of the pane beside the state."""
    return width * (2 if place.pane == "step" else 3) // 5


def _make_panel(title: str, rows: Sequence[Text], width: int, height: int) -> Panel:
    return Panel(
        Group(*rows), title=Text(title), title_align="left", padding=0, width=width, height=height
    )


def _styled_text(line: Line, *, fold: bool = False) -> Text:
    text = Text(no_wrap=not fold, overflow="fold" if fold else "ellipsis")
    for piece, role in line:
        text.append(safe_text(piece), _STYLES.get(role))
    return text


def _highlight_matches(rows: Sequence[Text], query: str) -> list[Text]:
    """Return *rows* with each match of *query* in reverse video; ignores case."""
    if not query:
        return list(rows)
    copies = [row.copy() for row in rows]
    for row in copies:
        row.highlight_regex(re.compile(re.escape(safe_text(query)), re.IGNORECASE), "reverse")
    return copies


def _status_line(place: Cursor) -> Text:
    if place.input_mode:
        what = "find" if place.input_mode == "find" else "go to step, or #seq"
        return _styled_text([(f"{what}: ", "bold"), (place.typed, ""), ("▏", "here")])
    return _styled_text([(place.note, "warn")] if place.note else [(_KEY_HINTS, "dim")])


def _key_help_lines() -> list[Line]:
    width = max(map(len, KEYS))
    return [[(f"{key:<{width}}  ", "bold"), (what, "")] for key, what in KEYS.items()]
