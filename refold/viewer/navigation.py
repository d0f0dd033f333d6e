"""
Walking through an episode by keys: where one is, and where a key leads.

Pure: a place and a key give the next place, so that the whole of it can be tested without a
terminal. Position N means after N actions, as everywhere.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from shlex import quote

from attrs import evolve, frozen

from refold.viewer.lines import Line
from refold.viewer.panes import Film

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
"""What the keys do, for people."""

_NAMES = {
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
_KEY = re.compile(r"\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Z]|.", re.DOTALL)
_PAGE = 10
_LONGEST_TYPED = 200


@frozen
class Place:
    """
    Where one is.

    Attributes:
        position: After how many actions.
        pane: Which of ``PANES`` is in view, beside the state.
        scroll: How far it is scrolled, in lines.
        asking: ``find`` or ``go`` while something is typed, else empty.
        typed: What was typed so far.
        query: What is looked for.
        hit: Index of the text that was found last, -1 before.
        help: ``keys`` or ``command`` while that covers the pane, else empty.
        note: A line for people.
        over: Whether to leave.
    """

    position: int = 0
    pane: str = "step"
    scroll: int = 0
    asking: str = ""
    typed: str = ""
    query: str = ""
    hit: int = -1
    help: str = ""
    note: str = ""
    over: bool = False


def keys_in(chunk: str) -> Iterator[str]:
    """Yield the keys of what a terminal sent at once, arrows and the like by name."""
    for found in _KEY.findall(chunk):
        name = found.replace("\x1bO", "\x1b[") if found.startswith("\x1bO") else found
        known = _NAMES.get(name, name)
        if len(known) == 1 or known in _NAMES.values():
            yield known


def press(film: Film, place: Place, key: str) -> Place:
    """Return the place that *key* leads to from *place*; a key without meaning changes nothing."""
    if place.asking:
        return _type(film, place, key)
    calm = evolve(place, note="", help="")
    if place.help and key in ("escape", "enter", "?", "f", "q"):
        return calm
    act = _ACTS.get(key)
    return act(film, calm) if act else place


def _type(film: Film, place: Place, key: str) -> Place:
    if key == "escape" or (key == "back" and not place.typed):
        return evolve(place, asking="", typed="")
    if key == "back":
        return evolve(place, typed=place.typed[:-1])
    if key == "enter":
        done = evolve(place, asking="", typed="", note="")
        return (_find if place.asking == "find" else _go)(film, done, place.typed.strip())
    if len(key) == 1 and key.isprintable():
        return evolve(place, typed=(place.typed + key)[:_LONGEST_TYPED])
    return place


def _to(film: Film, place: Place, position: int, note: str = "") -> Place:
    inside = max(0, min(position, film.last))
    if not note and inside == place.position != position:
        note = "this is the start" if position < 0 else "this is the last step"
    return evolve(place, position=inside, scroll=0, note=note)


def _by(steps: int) -> Callable[[Film, Place], Place]:
    return lambda film, place: _to(film, place, place.position + steps)


def _mark(way: int) -> Callable[[Film, Place], Place]:
    def to_mark(film: Film, place: Place) -> Place:
        beyond = [at for at, _, _ in film.marks if (at - place.position) * way > 0]
        if not beyond:
            return evolve(place, note=f"no {'further' if way > 0 else 'earlier'} mark")
        at = min(beyond) if way > 0 else max(beyond)
        return _to(film, place, at, "; ".join(sorted(film.notes_at(at))))

    return to_mark


def _pane(name: str) -> Callable[[Film, Place], Place]:
    return lambda _film, place: evolve(place, pane=name, scroll=0)


def _toggled(name: str) -> Callable[[Film, Place], Place]:
    return lambda film, place: _pane("step" if place.pane == name else name)(film, place)


def _tab(film: Film, place: Place) -> Place:
    return _pane(PANES[(PANES.index(place.pane) + 1) % len(PANES)])(film, place)


def _scroll(lines: int) -> Callable[[Film, Place], Place]:
    return lambda _film, place: evolve(place, scroll=place.scroll + lines)


def _ask(what: str) -> Callable[[Film, Place], Place]:
    return lambda _film, place: evolve(place, asking=what, typed="")


def _help(what: str) -> Callable[[Film, Place], Place]:
    return lambda _film, place: evolve(place, help=what, scroll=0)


def _go(film: Film, place: Place, typed: str) -> Place:
    events = film.document["events"]
    seq = typed.removeprefix("#")
    number = int(seq) if seq.isascii() and seq.isdigit() else -1
    if typed.startswith("#") and 0 <= number < len(events):
        return _to(film, place, film.position_of(events[number]), f"#{number} {events[number][4]}")
    if not typed.startswith("#") and 0 <= number <= film.last:
        return _to(film, place, number)
    expected = f"0 to {film.last}, or #0 to #{len(events) - 1}"
    return evolve(place, note=f"expected {expected}, got {typed!r}" if typed else "")


def _find(film: Film, place: Place, typed: str) -> Place:
    if not typed:
        return evolve(place, query="", hit=-1)
    before = [index for index, text in enumerate(film.texts) if text[0] < place.position]
    start = before[-1] if before else -1
    return _found(film, evolve(place, query=typed, hit=start), 1)


def _next(way: int) -> Callable[[Film, Place], Place]:
    return lambda film, place: _found(film, place, way)


def _found(film: Film, place: Place, way: int) -> Place:
    """Return the place of the next text, *way* 1 or -1, that holds the query, around the ends."""
    if not place.query:
        return evolve(place, note="nothing to find: / asks for it")
    query = place.query.casefold()
    hits = [index for index, text in enumerate(film.folded) if query in text]
    if not hits:
        return evolve(place, hit=-1, note=f"not found: {place.query}")
    beyond = [hit for hit in hits if (hit - place.hit) * way > 0]
    hit = (beyond or hits)[0 if way > 0 else -1]
    position, pane, text = film.texts[hit]
    at = max(film.folded[hit].find(query) - 20, 0)
    shown = " ".join(text[at : at + 200].split())
    note = f"{hits.index(hit) + 1} of {len(hits)}: {shown}"
    keeps = pane == "step" and place.pane in ("events", "state")
    there = place if keeps else evolve(place, pane=pane)
    return evolve(_to(film, there, position, note), hit=hit)


def _quit(_film: Film, place: Place) -> Place:
    return evolve(place, over=True)


def commands(film: Film, place: Place, *, log: str) -> list[Line]:
    """Return the commands that go on from *place*; *log* is what they say about the log."""
    episode = film.document["episode"]
    id, here = quote(episode["id"] or "ID"), f"--at {place.position} --agent random{log}"
    told = [
        ("play on otherwise after this step:", f"refold fork {id} {here}"),
        ("try every action here, and rank them:", f"refold what-if {id} {here}"),
    ]
    if episode["fork_of"]:
        parent = quote(episode["fork_of"]["id"])
        told.append(
            ("compare with the episode that this one left:", f"refold diff {parent} {id}{log}")
        )
    return [line for words, command in told for line in ([(words, "dim")], [(command, "bold")])]


_ACTS: Mapping[str, Callable[[Film, Place], Place]] = {
    "right": _by(1),
    "left": _by(-1),
    "l": _by(1),
    "h": _by(-1),
    "home": lambda film, place: _to(film, place, 0),
    "end": lambda film, place: _to(film, place, film.last),
    "]": _mark(1),
    "[": _mark(-1),
    "up": _scroll(-1),
    "down": _scroll(1),
    "page up": _scroll(-_PAGE),
    "page down": _scroll(_PAGE),
    **{str(number): _pane(pane) for number, pane in enumerate(PANES, 1)},
    "s": _toggled("state"),
    "m": _toggled("model"),
    "e": _toggled("events"),
    "o": _toggled("grade"),
    "tab": _tab,
    "/": _ask("find"),
    "g": _ask("go"),
    "n": _next(1),
    "N": _next(-1),
    "f": _help("command"),
    "d": _help("command"),
    "?": _help("keys"),
    "q": _quit,
}
