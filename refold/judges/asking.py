"""
How a grader asks: by looking up what judges have answered, never by asking them.

An answer is looked up when it is asked for, and missed only when it is read. Whatever is missed
by then is told together, so that somebody outside can ask a judge and grade once more.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from math import isfinite
from typing import Any, TypeVar

from attrs import frozen

from refold.engine import RefoldError, Stream
from refold.judges.questions import BadQuestion, Question, make_question
from refold.judges.records import Failed, Judged
from refold.judges.verdicts import Verdict

T = TypeVar("T")

MOST_VOTES = 25
"""Answers to one question that a grade may rest on."""

YES_NO: Mapping[str, float] = {"yes": 1.0, "no": 0.0}
"""The scale if none is given."""

Answers = Callable[[Question, int], Judged | Failed | None]
"""What is known: from a question and an attempt, 0-based, to the answer; None if nobody asked."""


@frozen
class Wanted:
    """An answer that is missing: the *question* and which *attempt* at it, 0-based."""

    question: Question
    attempt: int

    @property
    def key(self) -> tuple[str, int]:
        """What tells it from others."""
        return self.question.digest, self.attempt


class NotAsked(RefoldError):
    """
    A grade needs answers that no judge has been asked for.

    Attributes:
        wanted: The missing answers, in the order of asking.
    """

    def __init__(self, wanted: Sequence[Wanted]) -> None:
        self.wanted = tuple(wanted)
        count = f"{len(self.wanted)} question{'' if len(self.wanted) == 1 else 's'}"
        super().__init__(
            f"grade: expected a judge's answers, got {count} not asked; "
            "`refold grade --judge MODEL` asks"
        )


class NotJudged(RefoldError):
    """
    A judge was asked, and gave no verdict: there is no grade.

    Attributes:
        cause: ``unreadable``, ``refused`` or ``unreachable``.
    """

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(f"grade: expected a judge's verdict, got none: {cause}")


class _Stopped(BaseException):
    """A missing answer was read; no ``except Exception`` of a grader is to hold it."""


class Answer:
    """
    What a judge answers to one question; read lazily.

    Reading what nobody was asked for stops the grader, and what a judge failed to answer gives
    no grade.
    """

    def __init__(
        self,
        ask: "Ask",
        question: Question,
        scale: Mapping[str, float],
        found: Sequence[Judged | Failed | None],
    ) -> None:
        self._ask = ask
        self._question = question
        self._scale = scale
        self._found = found

    @property
    def question(self) -> str:
        """Digest of the question."""
        return self._question.digest

    @property
    def verdict(self) -> str:
        """The word of the scale; of several votes, the most common, or the median on a tie."""
        return self._verdict.word

    @property
    def reason(self) -> str:
        """The judge's reason for the verdict; of several votes, the first that gave it."""
        return self._verdict.reason

    @property
    def value(self) -> float:
        """The verdict's value on the scale."""
        return self._scale[self.verdict]

    @cached_property
    def _verdict(self) -> Verdict:
        votes = self._ask.read_votes(self._question, self._found)
        counted = Counter(vote.word for vote in votes).most_common()
        most = [word for word, times in counted if times == counted[0][1]]
        if len(most) == 1:
            word = most[0]
        else:
            from statistics import median_low  # noqa: PLC0415 - slow, and ties are few

            order = sorted(self._scale, key=lambda word: (self._scale[word], word))
            word = order[median_low(order.index(vote.word) for vote in votes)]
        return next(vote for vote in votes if vote.word == word)


class Ask:
    """
    Asks judges about one episode, out of what is known.

    Args:
        events: The episode.
        answers: What is known; nothing if None.
        again: Which set of answers to take: 0 is graded by, others measure a judge's wavering.
    """

    def __init__(self, events: Stream, answers: Answers | None = None, *, again: int = 0) -> None:
        self._events = events
        self._answers = answers or _nothing
        self._again = again
        self._wanted: dict[tuple[str, int], Wanted] = {}
        self._stopped = False
        self._failure: NotJudged | None = None
        self._read: dict[str, None] = {}

    def __call__(
        self,
        text: str,
        *,
        show: Iterable[int] = (),
        scale: Mapping[str, float] = YES_NO,
        votes: int = 1,
    ) -> Answer:
        """
        Return the answer to the question *text* about the events with the seqs *show*.

        Args:
            text: The question. Nothing that an agent said belongs into it.
            show: Seqs of the events that the judge sees.
            scale: The verdicts to choose from, with their values.
            votes: How many answers count.

        Raises:
            BadQuestion: One of these cannot be used.
        """
        _check_scale(scale)
        if type(votes) is not int or not 1 <= votes <= MOST_VOTES:
            raise BadQuestion(f"votes: expected 1 to {MOST_VOTES}, got {votes!r:.50}")
        question = make_question(self._events, text, show=show, words=scale)
        attempts = range(self._again * votes, (self._again + 1) * votes)
        found = [self._answers(question, attempt) for attempt in attempts]
        for attempt, answer in zip(attempts, found, strict=True):
            if answer is None:
                wanted = Wanted(question, attempt)
                self._wanted.setdefault(wanted.key, wanted)
        return Answer(self, question, dict(scale), found)

    @property
    def read(self) -> tuple[str, ...]:
        """Digests of the questions whose answers were read, each once, in order."""
        return tuple(self._read)

    def read_votes(
        self, question: Question, found: Sequence[Judged | Failed | None]
    ) -> list[Verdict]:
        """Return the verdicts in the answers *found*; stops the grader if one is missing."""
        self._read[question.digest] = None
        if None in found:
            self._stopped = True
            raise _Stopped
        return [self._verdict_of(each, question) for each in found if each is not None]

    def _verdict_of(self, found: Judged | Failed, question: Question) -> Verdict:
        if isinstance(found, Failed):
            self._failure = NotJudged(found.cause)
            raise self._failure
        verdict = found.verdict(question.words)
        if verdict is None:
            self._failure = NotJudged("unreadable")
            raise self._failure
        return verdict

    def finish(self, give: Callable[["Ask"], T]) -> T:
        """
        Return what *give* makes of this.

        Raises:
            NotAsked: It read an answer that nobody was asked for.
            NotJudged: It read one that a judge failed to give, whatever it made of that.
        """
        made = None
        try:
            made = give(self)
        except (Exception, _Stopped):
            # What a grader makes of an answer that is not there, an error too, is of no account.
            if not self._stopped and self._failure is None:
                raise
        if self._stopped:
            raise NotAsked(list(self._wanted.values()))
        if self._failure is not None:
            raise self._failure
        assert made is not None, "a grader that was not stopped has made something"
        return made


def _nothing(_question: Question, _attempt: int) -> None:
    return None


def _check_scale(scale: Any) -> None:
    if not isinstance(scale, Mapping):
        raise BadQuestion(f"scale: expected words with their values, got {type(scale).__name__}")
    for word, value in scale.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not isfinite(value):
            raise BadQuestion(
                f"scale: expected a finite number for {word!r:.60}, got {value!r:.60}"
            )
