"""
Keyboard navigation through an episode: the cursor, and what each key does to it.

A pure reducer: cursor and key give the next cursor, so all of it can be tested without a
terminal. Position N means after N actions, as everywhere.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from shlex import quote

from attrs import evolve, frozen

from refold.viewer.lines import Line
from refold.viewer.panes import EpisodePanes

PANES = ("step", "state", "model", "events", "grade")

KEYS: Mapping[str, str] = {
    "← →": "step back, on",
    "[ ]": "previous, next mark (also shift ← →)",
    "Home End": "start, last step",
    "↑ ↓ PgUp PgDn": "scroll",
    "1 to 5": "step, state, model, events, grade",
    "m e o": "model, events, grade; again: back",
    "Tab": "next pane",
    "/ n N": "find a text; next, previous",
    "g": "go to a step, or to an event: #seq",
    "f": "how to fork here",
    "d": "how to compare with the parent",
    "?": "these keys",
    "q": "quit",
}
"""The keys and what they do, for the help."""

_KEY_NAMES = {
    "\x1b[C": "right",
    "\x1b[D": "left",
    "\x1b[A": "up",
    "\x1b[B": "down",
    "\x1b[H": "home",
    "\x1b[F": "end",
    "\x1b[1~": "home",
    "\x1b[7~": "home",
    "\x1b[4~": "end",
    "\x1b[8~": "end",
    "\x1b[5~": "page up",
    "\x1b[6~": "page down",
    "\x1b[1;2C": "]",
    "\x1b[1;2D": "[",
    "\r": "enter",
    "\n": "enter",
    "\t": "tab",
    "\x1b": "escape",
    "\x7f": "back",
    "\b": "back",
    "\x03": "q",
    "\x04": "q",
}
# An escape sequence counts as one key, a lone escape as itself.
_KEY_PATTERN = re.compile(r"\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Z]|.", re.DOTALL)
_PAGE_LINES = 10
_LONGEST_TYPED = 200


@frozen
class Cursor:
    """
    What the user looks at.

    Attributes:
        position: Number of actions taken.
        pane: The pane of ``PANES`` that is shown beside the state.
        scroll: Number of lines that it is scrolled down.
        input_mode: ``find`` or ``go`` while the user types into that prompt, else empty.
        typed: The text typed so far.
        query: The text to find.
        hit: Index of the text found last; -1 before the first.
        help: ``keys`` or ``command`` while that help covers the pane, else empty.
        note: A message for the user.
        done: Whether the user wants to leave.
    """

    position: int = 0
    pane: str = "step"
    scroll: int = 0
    input_mode: str = ""
    typed: str = ""
    query: str = ""
    hit: int = -1
    help: str = ""
    note: str = ""
    done: bool = False


def split_keys(chunk: str) -> Iterator[str]:
    """Yield the keys in *chunk*, what a terminal sent at once; special keys by name."""
    for found in _KEY_PATTERN.findall(chunk):
        name = found.replace("\x1bO", "\x1b[") if found.startswith("\x1bO") else found
        known = _KEY_NAMES.get(name, name)
        if len(known) == 1 or known in _KEY_NAMES.values():
            yield known


def handle_key(panes: EpisodePanes, cursor: Cursor, key: str) -> Cursor:
    """Return the cursor after *key*; keys without a meaning change nothing."""
    if cursor.input_mode:
        return _handle_typed_key(panes, cursor, key)
    calm = evolve(cursor, note="", help="")
    if cursor.help and key in ("escape", "enter", "?", "f", "q"):
        return calm
    act = _KEY_ACTIONS.get(key)
    return act(panes, calm) if act else cursor


def _handle_typed_key(panes: EpisodePanes, cursor: Cursor, key: str) -> Cursor:
    if key == "escape" or (key == "back" and not cursor.typed):
        return evolve(cursor, input_mode="", typed="")
    if key == "back":
        return evolve(cursor, typed=cursor.typed[:-1])
    if key == "enter":
        done = evolve(cursor, input_mode="", typed="", note="")
        return (_find if cursor.input_mode == "find" else _go_to)(panes, done, cursor.typed.strip())
    if len(key) == 1 and key.isprintable():
        return evolve(cursor, typed=(cursor.typed + key)[:_LONGEST_TYPED])
    return cursor


def _move_to(panes: EpisodePanes, cursor: Cursor, position: int, note: str = "") -> Cursor:
    inside = max(0, min(position, panes.last))
    if not note and inside == cursor.position != position:
        note = "this is the start" if position < 0 else "this is the last step"
    return evolve(cursor, position=inside, scroll=0, note=note)


def _move_by(steps: int) -> Callable[[EpisodePanes, Cursor], Cursor]:
    return lambda panes, cursor: _move_to(panes, cursor, cursor.position + steps)


def _move_to_mark(way: int) -> Callable[[EpisodePanes, Cursor], Cursor]:
    def to_mark(panes: EpisodePanes, cursor: Cursor) -> Cursor:
        beyond = [at for at, _, _ in panes.marks if (at - cursor.position) * way > 0]
        if not beyond:
            return evolve(cursor, note=f"no {'further' if way > 0 else 'earlier'} mark")
        at = min(beyond) if way > 0 else max(beyond)
        return _move_to(panes, cursor, at, "; ".join(sorted(panes.marks_at(at))))

    return to_mark


def _show_pane(name: str) -> Callable[[EpisodePanes, Cursor], Cursor]:
    return lambda _film, cursor: evolve(cursor, pane=name, scroll=0)


def _toggle_pane(name: str) -> Callable[[EpisodePanes, Cursor], Cursor]:
    return lambda panes, cursor: _show_pane("step" if cursor.pane == name else name)(panes, cursor)


def _show_next_pane(panes: EpisodePanes, cursor: Cursor) -> Cursor:
    return _show_pane(PANES[(PANES.index(cursor.pane) + 1) % len(PANES)])(panes, cursor)


def _scroll_by(lines: int) -> Callable[[EpisodePanes, Cursor], Cursor]:
    return lambda _film, cursor: evolve(cursor, scroll=cursor.scroll + lines)


def _start_input(what: str) -> Callable[[EpisodePanes, Cursor], Cursor]:
    return lambda _film, cursor: evolve(cursor, input_mode=what, typed="")


def _show_help(what: str) -> Callable[[EpisodePanes, Cursor], Cursor]:
    return lambda _film, cursor: evolve(cursor, help=what, scroll=0)


def _go_to(panes: EpisodePanes, cursor: Cursor, typed: str) -> Cursor:
    events = panes.document["events"]
    seq = typed.removeprefix("#")
    number = int(seq) if seq.isascii() and seq.isdigit() else -1
    if typed.startswith("#") and 0 <= number < len(events):
        return _move_to(
            panes, cursor, panes.position_of(events[number]), f"#{number} {events[number][4]}"
        )
    if not typed.startswith("#") and 0 <= number <= panes.last:
        return _move_to(panes, cursor, number)
    expected = f"0 to {panes.last}, or #0 to #{len(events) - 1}"
    return evolve(cursor, note=f"expected {expected}, got {typed!r}" if typed else "")


def _find(panes: EpisodePanes, cursor: Cursor, typed: str) -> Cursor:
    if not typed:
        return evolve(cursor, query="", hit=-1)
    before = [
        index for index, text in enumerate(panes.searchable_texts) if text[0] < cursor.position
    ]
    start = before[-1] if before else -1
    return _move_to_hit(panes, evolve(cursor, query=typed, hit=start), 1)


def _find_next(way: int) -> Callable[[EpisodePanes, Cursor], Cursor]:
    return lambda panes, cursor: _move_to_hit(panes, cursor, way)


def _move_to_hit(panes: EpisodePanes, cursor: Cursor, way: int) -> Cursor:
    """Return the cursor at the next (*way* 1) or previous (-1) hit, wrapping around the ends."""
    if not cursor.query:
        return evolve(cursor, note="nothing to find: / asks for it")
    query = cursor.query.casefold()
    hits = [index for index, text in enumerate(panes.folded_texts) if query in text]
    if not hits:
        return evolve(cursor, hit=-1, note=f"not found: {cursor.query}")
    beyond = [hit for hit in hits if (hit - cursor.hit) * way > 0]
    hit = (beyond or hits)[0 if way > 0 else -1]
    position, pane, text = panes.searchable_texts[hit]
    at = max(panes.folded_texts[hit].find(query) - 20, 0)
    shown = " ".join(text[at : at + 200].split())
    note = f"{hits.index(hit) + 1} of {len(hits)}: {shown}"
    # A hit among the events needs no switch away from a pane that follows the position.
    keeps = pane == "step" and cursor.pane in ("events", "state")
    there = cursor if keeps else evolve(cursor, pane=pane)
    return evolve(_move_to(panes, there, position, note), hit=hit)


def _quit(_film: EpisodePanes, cursor: Cursor) -> Cursor:
    return evolve(cursor, done=True)


def shell_commands(panes: EpisodePanes, cursor: Cursor, *, log: str) -> list[Line]:
    """Return shell commands to continue from *cursor*; *log* is their ``--log`` option, if any."""
    episode = panes.document["episode"]
    id, here = quote(episode["id"] or "ID"), f"--at {cursor.position} --agent random{log}"
    told = [
        ("continue differently after this step:", f"refold fork {id} {here}"),
        ("try every action here, and rank them:", f"refold what-if {id} {here}"),
    ]
    if episode["fork_of"]:
        parent = quote(episode["fork_of"]["id"])
        told.append(
            ("compare with the episode that this one left:", f"refold diff {parent} {id}{log}")
        )
    return [line for words, command in told for line in ([(words, "dim")], [(command, "bold")])]


_KEY_ACTIONS: Mapping[str, Callable[[EpisodePanes, Cursor], Cursor]] = {
    "right": _move_by(1),
    "left": _move_by(-1),
    "l": _move_by(1),
    "h": _move_by(-1),
    "home": lambda panes, cursor: _move_to(panes, cursor, 0),
    "end": lambda panes, cursor: _move_to(panes, cursor, panes.last),
    "]": _move_to_mark(1),
    "[": _move_to_mark(-1),
    "up": _scroll_by(-1),
    "down": _scroll_by(1),
    "page up": _scroll_by(-_PAGE_LINES),
    "page down": _scroll_by(_PAGE_LINES),
    **{str(number): _show_pane(pane) for number, pane in enumerate(PANES, 1)},
    "s": _toggle_pane("state"),
    "m": _toggle_pane("model"),
    "e": _toggle_pane("events"),
    "o": _toggle_pane("grade"),
    "tab": _show_next_pane,
    "/": _start_input("find"),
    "g": _start_input("go"),
    "n": _find_next(1),
    "N": _find_next(-1),
    "f": _show_help("command"),
    "d": _show_help("command"),
    "?": _show_help("keys"),
    "q": _quit,
}
