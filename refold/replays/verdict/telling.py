"""
The verdict on an episode: how it ended, which step decided it, and what was lost most.

By general rules, the same for every family: there is no text for a scenario, and where no step
stands out it says so. A projection of stream and grade, so equal ones give equal verdicts.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from refold.engine import EpisodeEnded, Stream
from refold.graders import Grade
from refold.replays.marks import MISTAKE
from refold.replays.stepping import steps
from refold.replays.verdict.blame import Blame, blame_of
from refold.replays.verdict.curve import Loss, curve_of, losses
from refold.replays.verdict.given import decisive_without_curve
from refold.replays.verdict.head import head_of, is_cut_off, not_counted
from refold.replays.verdict.pieces import Piece, decisive, pieces_of
from refold.replays.verdict.places import marks_of
from refold.replays.verdict.rows import Group, Row, groups_of, rows_of
from refold.replays.verdict.wording import Said, losses_in_words, say_piece

VERSION = 1
"""Raised whenever an equal episode gets another verdict."""

_NAMED = 3  # losses, in a text
_NAMED_SHORT = 2
_TELLING = frozenset({"refused", MISTAKE, "permanent", "sla", "risky"})


class Verdict(Struct, frozen=True):
    """
    What became of an episode, and why.

    Attributes:
        text: All of it in a few sentences, with the score.
        short: One line without the score, for lists.
        head: How it ended, without a full stop.
        sentences: What follows the head, each as words with the positions that they link to.
        at: The position to look at first.
        steps: Positions of the steps that decided it, ascending; empty if none stands out.
        lost: What the parts of its grade lost, most first.
        groups: Runs of equal steps, by position.
        passed: Whether the score reached the pass mark; None for an episode that does not count.
        pass_at: The pass mark.
    """

    text: str
    short: str
    head: str
    sentences: tuple[tuple[Said, ...], ...]
    at: int
    steps: tuple[int, ...]
    lost: tuple[Loss, ...]
    groups: tuple[Group, ...]
    passed: bool | None
    pass_at: float


def verdict(stream: Stream, grade: Grade | None, *, pass_at: float) -> Verdict | None:
    """
    Return the verdict on the episode *stream*; None while it runs, or without a grade.

    Args:
        stream: The whole stream.
        grade: Its grade by any rubric; None for an episode that a failed API or environment cut
            off, which gets a verdict nevertheless.
        pass_at: The score from which on it has passed.
    """
    end = next((event for event in stream if isinstance(event, EpisodeEnded)), None)
    if end is None:
        return None
    rows = rows_of(stream, list(steps(stream)))
    groups = groups_of(rows)
    if is_cut_off(end):
        head = not_counted(stream, len(rows))
        return Verdict(f"{head}.", head, head, (), len(rows), (), (), tuple(groups), None, pass_at)
    if grade is None:
        return None
    return _Telling(stream, grade, end, rows, groups).tell(pass_at)


class _Telling:
    """Makes the verdict on an episode that counts."""

    def __init__(
        self,
        stream: Stream,
        grade: Grade,
        end: EpisodeEnded,
        rows: Sequence[Row],
        groups: Sequence[Group],
    ) -> None:
        self._stream = stream
        self._grade = grade
        self._rows = rows
        self._groups = groups
        self._lost = losses(grade)
        self._head = head_of(stream, grade, end, len(rows))
        # A forged stream may have marks behind its last step, and steps without an action, of
        # which none can be pointed at.
        self._marks = [mark for mark in marks_of(stream) if mark[0] <= len(rows)]
        self._whole = [row.step for row in rows] == list(range(1, len(rows) + 1))

    def tell(self, pass_at: float) -> Verdict:
        """Return it, by this pass mark."""
        passed = self._grade.score >= pass_at
        piece, blame = self._decide() if self._lost and self._whole else (None, None)
        sentences, short = self._sentences(piece, blame, passed=passed)
        told = "".join(f" {''.join(words for words, _ in each)}." for each in sentences)
        most = losses_in_words(self._lost, _NAMED)
        ending = f" Lost most: {most}." if most else ""
        return Verdict(
            text=f"{self._grade.score:.4f}: {self._head}.{told}{ending}",
            short=f"{self._head}; {short}",
            head=self._head,
            sentences=sentences,
            at=piece.steps[0] if piece is not None else self._first_look(passed=passed),
            steps=piece.steps if piece is not None else (),
            lost=tuple(self._lost),
            groups=tuple(self._groups),
            passed=passed,
            pass_at=pass_at,
        )

    def _decide(self) -> tuple[Piece | None, Blame | None]:
        """Return the piece that decided the episode, and what lost points are put down to."""
        curve = curve_of(self._stream, self._grade)
        if curve is None:
            found = decisive_without_curve(
                self._stream, self._grade, self._lost, self._rows, self._groups
            )
            return found, None
        blame = blame_of(self._stream, self._grade, self._lost, self._rows, curve, self._marks)
        pieces = pieces_of(self._rows, self._groups, blame.idle, frozenset(self._mistakes()))
        return decisive(pieces, blame, self._lost), blame

    def _mistakes(self) -> Mapping[int, str]:
        return {at: say for at, kind, say in self._marks if kind == MISTAKE}

    def _sentences(
        self, piece: Piece | None, blame: Blame | None, *, passed: bool
    ) -> tuple[tuple[tuple[Said, ...], ...], str]:
        """Return the sentences after the head, and what stands for them in the short form."""
        if not self._lost:
            return ((("Nothing lost", None),),), "nothing lost"
        if piece is not None:
            phrase = say_piece(piece, self._rows, blame, self._mistakes())
            return (phrase.words,), phrase.short
        short = losses_in_words(self._lost, _NAMED_SHORT)
        return (() if passed else ((("No single step stands out", None),),)), short

    def _first_look(self, *, passed: bool) -> int:
        """Return the position to look at where no step stands out."""
        if passed:
            return len(self._rows)
        return next((at for at, kind, _ in self._marks if kind in _TELLING), len(self._rows))
