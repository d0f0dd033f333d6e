"""The decisive piece of an episode in words, with links to its steps."""

from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct

from refold.replays.verdict.blame import Blame
from refold.replays.verdict.curve import SMALLEST, Loss
from refold.replays.verdict.pieces import Piece
from refold.replays.verdict.rows import Row

Said = tuple[str, int | None]
"""Words, and the position that they link to, if any."""

_LONGEST = 80  # letters of an action
_LONGEST_NAME = 40  # letters of a part
_MOST_VERBS = 3


class Phrase(Struct, frozen=True):
    """A sentence without its full stop, and the same in few words for lists."""

    words: tuple[Said, ...]
    short: str


def say_piece(
    piece: Piece, rows: Sequence[Row], blame: Blame | None, mistakes: Mapping[int, str]
) -> Phrase:
    """
    Return *piece* in words.

    Args:
        piece: Any piece.
        rows: The steps of the episode.
        blame: What lost points are put down to, where that is known.
        mistakes: What was wrong, in words, by position.
    """
    row = rows[piece.steps[0] - 1]
    match piece.kind:
        case "repeated":
            return _repeated(
                piece, row, "which earned nothing" if blame else "with the same result"
            )
        case "loop":
            return _loop(piece, rows)
        case "mistakes":
            return _mistakes(piece, shorten(mistakes[piece.steps[0]]))
        case "idle":
            return _idle(piece, rows)
        case "evidence":
            told = f", {_quoted(row)}, is what {plain_name(piece.part)} rests on"
            short = f"{plain_name(piece.part)} rests on step {row.step}"
            return Phrase(((f"Step {row.step}", row.step), (told, None)), short)
        case _:
            return _step(row, blame)


def _repeated(piece: Piece, row: Row, otherwise: str) -> Phrase:
    first, last = piece.steps[0], piece.steps[-1]
    act = f"{len(piece.steps)} × {_quoted(row)}"
    in_a_row = last - first + 1 == len(piece.steps)
    where: tuple[Said, ...] = (
        (("From ", None), (f"step {first}", first))
        if in_a_row
        else (("Between ", None), (f"steps {first} and {last}", first))
    )
    came, short = otherwise, ""
    if row.refusal:
        came, short = f"each refused{_reason(row)}", " refused"
    elif row.error:
        came, short = "each with the same error", " in error"
    return Phrase((*where, (f", {act}, {came}", None)), f"{act}{short} from step {first}")


def _loop(piece: Piece, rows: Sequence[Row]) -> Phrase:
    first = piece.steps[0]
    acts = ", ".join(_quoted(rows[first - 1 + place]) for place in range(piece.period))
    what = f"{len(piece.steps) // piece.period} × the same {piece.period} steps"
    words: tuple[Said, ...] = (("From ", None), (f"step {first}", first))
    return Phrase((*words, (f", {what}: {acts}", None)), f"{what} from step {first}")


def _mistakes(piece: Piece, wrong: str) -> Phrase:
    first, times = piece.steps[0], len(piece.steps)
    head = "A mistake at " if times == 1 else f"{times} mistakes, the first at "
    short = f"a mistake at step {first}" if times == 1 else f"{times} mistakes from step {first}"
    return Phrase(((head, None), (f"step {first}", first), (f": {wrong}", None)), short)


def _idle(piece: Piece, rows: Sequence[Row]) -> Phrase:
    where = f"{piece.steps[0]} to {piece.steps[-1]}"
    verbs = Counter(rows[step - 1].verb for step in piece.steps).most_common(_MOST_VERBS)
    told = ", ".join(f"{times} × {verb}" if times > 1 else verb for verb, times in verbs)
    words = ((f"Steps {where}", piece.steps[0]), (f" earned nothing ({told})", None))
    return Phrase(words, f"nothing earned in steps {where}")


def _step(row: Row, blame: Blame | None) -> Phrase:
    part, points = blame.most_lost(row.step) if blame else ("", 0.0)
    came, short = f"took {points:.2f} from {plain_name(part)}", ""
    if row.refusal:
        came, short = f"was refused{_reason(row)}", "refused"
    elif row.error:
        came, short = "ended in an error, which nothing mended", "in error"
    elif points < SMALLEST:
        came = "earned nothing"
    words: tuple[Said, ...] = (("At ", None), (f"step {row.step}", row.step))
    told = (f", {_quoted(row)} {came}", None)
    return Phrase((*words, told), f"{_quoted(row)} {short or came} at step {row.step}")


def _reason(row: Row) -> str:
    """Return the brackets of a refusal's words: why, for people; nothing if there are none."""
    _, found, reason = row.refusal.partition("(")
    return f" ({reason}" if found else ""


def _quoted(row: Row) -> str:
    return f"“{shorten(row.say)}”"


def shorten(words: str, most: int = _LONGEST) -> str:
    """Return *words* on one line, cut at so many letters."""
    line = " ".join(words.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def plain_name(part: str) -> str:
    """Return the name of a *part* of a grade as words, cut if it is long."""
    return shorten(part.replace("_", " "), _LONGEST_NAME)


def losses_in_words(lost: Sequence[Loss], most: int) -> str:
    """Return the first *most* of what was *lost*: ``completion −0.16, recovery −0.15``."""
    return ", ".join(f"{plain_name(loss.name)} −{loss.points:.2f}" for loss in lost[:most])
