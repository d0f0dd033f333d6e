"""
The turns of a transcript as lines of text, for a terminal.

Long pieces are folded: of an error its last lines are shown, of anything else the first.
"""

from collections.abc import Mapping, Sequence

from refold.viewer.lines import Line
from refold.viewer.transcript import Turn
from refold.viewer.transcript_pieces import Kind, Piece

MOST_LINES = 12
MOST_LETTERS = 700
"""Of a piece that is shown whole; of a longer one, ``FIRST_LINES``."""
FIRST_LINES = 6

_LABELS: Mapping[Kind, tuple[str, str]] = {
    "system": ("instructions", "dim"),
    "user": ("", ""),
    "shown": ("shown to the model", "dim"),
    "thought": ("thinks", "dim"),
    "said": ("says", ""),
    "call": ("→", "run"),
    "result": ("←", ""),
    "event": ("", ""),
    "fault": ("✕", "bad"),
    "score": ("", "bold"),
    "end": ("", "bold"),
}


def turn_lines(turn: Turn, *, whole: bool = False) -> list[tuple[int, Line]]:
    """Return the lines of *turn*, each with the seq that it is of; *whole*: with none folded."""
    return [(piece.seq, line) for piece in turn.pieces for line in piece_lines(piece, whole=whole)]


def piece_lines(piece: Piece, *, whole: bool = False) -> list[Line]:
    """Return the lines of *piece*, of a long one some, unless they are asked for as a *whole*."""
    label, role = _LABELS[piece.kind]
    role = "bad" if piece.error else role
    head = _head(label, piece)
    lines = piece.text.splitlines()
    if piece.kind == "shown" and not whole and is_known(piece, len(lines)):
        return [[(f"{head} {len(lines)} lines, {piece.news} new", "dim")]]
    shown, left = (lines, "") if whole else _fold(lines, last=piece.error)
    told = _texts(shown, role)
    if left:
        told.insert(0 if piece.error else len(told), [(left, "dim")])
    return _headed(head, told)


def _head(label: str, piece: Piece) -> str:
    wrong = "✕" if piece.kind == "result" and piece.error else ""
    told = " ".join(filter(None, (label, wrong, piece.name)))
    return told if piece.kind in ("call", "fault") or not told else f"{told}:"


def is_known(piece: Piece, lines: int) -> bool:
    """Return whether at most half of the *lines* shown to the model are new."""
    return piece.news is not None and 2 * piece.news <= lines


def _headed(head: str, told: list[Line]) -> list[Line]:
    if not head:
        return told
    first = [(f"{head} " if told else head, "dim")]
    return [[*first, *told[0]], *([("  ", ""), *line] for line in told[1:])] if told else [first]


def _texts(lines: Sequence[str], role: str) -> list[Line]:
    return [[(line, role)] for line in lines]


def _fold(lines: list[str], *, last: bool) -> tuple[list[str], str]:
    """Return the lines to show, and what is told of those left out; empty if there are none."""
    if len(lines) <= MOST_LINES and sum(map(len, lines)) <= MOST_LETTERS:
        return lines, ""
    kept = lines[-FIRST_LINES:] if last else lines[:FIRST_LINES]
    # A few lines may still be as long as a book.
    cut = [each if len(each) <= MOST_LETTERS else f"{each[:MOST_LETTERS]}…" for each in kept]
    if len(kept) < len(lines):
        return cut, f"… {'last' if last else 'first'} {len(kept)} of {len(lines)} lines"
    letters = sum(map(len, lines))
    return cut, f"… of {letters} letters" if cut != kept else ""
