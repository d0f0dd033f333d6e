"""The words of an episode's messages: for a search, and where in them a text stands."""

import re
from collections.abc import Iterator

from msgspec import Struct

from refold.engine import EventLog, RefoldError, Stream
from refold.replays.stepping import steps
from refold.viewer.transcript import conversation_turns
from refold.viewer.transcript_pieces import Piece

# A word that no text has, so that no phrase is found across two messages.
_BETWEEN = "\n\ue000\n"
_MOST_HITS = 2
_AROUND = 48  # characters of a message on each side of what was found


class Hit(Struct, frozen=True):
    """
    Where a text stands in an episode.

    Attributes:
        step: The position to look at: the number of actions up to it.
        kind: What says it, such as ``thought``, ``said``, ``call`` or ``result``.
        text: The words around it, in one line.
    """

    step: int
    kind: str
    text: str


def words_of(stream: Stream) -> str:
    """
    Return the words of all messages of an episode, each line of them once.

    Raises:
        RefoldError: An event does not fit the state before it.
    """
    seen: set[str] = set()
    told = []
    for _, piece in _pieces(stream):
        # A model is shown nearly the same in every step, which would be most of the index.
        lines = [line for line in _text(piece).splitlines() if line not in seen]
        seen.update(lines)
        if lines:
            told.append("\n".join(lines))
    return _BETWEEN.join(told)


def hits_of(log: EventLog, id: str, text: str) -> list[Hit]:
    """
    Return where the words of *text* stand in the messages of an episode, two places at most.

    A message counts once, and one that repeats what an earlier one said, as observations do, not
    again. The last word may be only begun. Of words with accents, only equal ones are found; of
    an episode that cannot be read, none.
    """
    try:
        return _find_hits(log.events(id), text)
    except RefoldError:
        return []


def _find_hits(stream: Stream, text: str) -> list[Hit]:
    words = re.findall(r"[^\W_]+", text)
    if not words:
        return []
    pattern = re.compile(
        r"(?<![^\W_])" + r"[\W_]+".join(map(re.escape, words)), flags=re.IGNORECASE
    )
    hits: dict[str, Hit] = {}
    for step, piece in _pieces(stream):
        told = _text(piece)
        found = pattern.search(told)
        if found is not None:
            excerpt = _excerpt(told, *found.span())
            hits.setdefault(excerpt, Hit(step, piece.kind, excerpt))
            if len(hits) == _MOST_HITS:
                break
    return list(hits.values())


def _pieces(stream: Stream) -> Iterator[tuple[int, Piece]]:
    for turn in conversation_turns(stream.family, steps(stream)):
        for piece in turn.pieces:
            yield turn.position, piece


def _text(piece: Piece) -> str:
    return f"{piece.name} {piece.text}" if piece.name else piece.text


def _excerpt(text: str, start: int, stop: int) -> str:
    first, last = max(0, start - _AROUND), min(len(text), stop + _AROUND)
    shown = " ".join(text[first:last].split())
    return f"{'… ' if first else ''}{shown}{' …' if last < len(text) else ''}"
