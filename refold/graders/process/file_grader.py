"""
Graders from Python files, each in a child process with a time limit for each episode.

Episodes are sent as their stored bytes, grades come back as JSON. A grader that crashes, hangs,
floods its output or returns something else raises ``GraderFailed``. This is isolation, not a
sandbox: run only graders that you would run anyway.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from refold.engine import RefoldError, Stream
from refold.engine.codec import encode
from refold.engine.text_marks import without_bom
from refold.graders import Grade, RubricName
from refold.graders.judging import MOST_ROUNDS, NO_JUDGE, Judging
from refold.graders.process import DEFAULT_TIMEOUT
from refold.graders.process.child import ChildProcess, NoAnswer
from refold.graders.process.worker import (
    AskedFor,
    GradeRequest,
    KnownAnswer,
    LoadRequest,
    Response,
)
from refold.judges.asking import NotAsked, NotJudged, Wanted
from refold.judges.questions import BadQuestion, make_question

# Sent ahead, so that the child never waits for its parent; limited, so that memory stays flat.
_MOST_AHEAD = 64
_MOST_UNSENT_BYTES = 2**20

_decode_response = msgspec.json.Decoder(Response).decode


class GraderFailed(RefoldError):
    """A grader cannot be loaded from its file, or returned no grade."""


class EpisodeToGrade(Protocol):
    """An episode to grade."""

    @property
    def id(self) -> str:
        """Its name in error messages."""

    @property
    def stream(self) -> Stream:
        """Its events."""


T = TypeVar("T", bound=EpisodeToGrade)


class FileGrader:
    """
    A grading function in a Python file, whose source is read once and run in child processes.

    Attributes:
        rubric: The rubric that its grades name: ``FILE:FUNCTION`` without folders, version 0,
            and the hex SHA-256 of the function's name, a zero byte and the source.

    Args:
        reference: ``path/to/file.py:function``.

    Raises:
        GraderFailed: *reference* has another form, or the file cannot be read.
    """

    def __init__(self, reference: str) -> None:
        self.path, _, self.function = reference.rpartition(":")
        if not self.path or not self.function.isidentifier():
            problem = f"expected FILE:FUNCTION, such as mine.py:careful; got {reference!r}"
            raise GraderFailed(f"grader: {problem}")
        try:
            if Path(self.path).is_fifo():
                raise OSError(0, "a named pipe")
            self.source = Path(self.path).read_bytes()
        except (OSError, ValueError) as error:
            got = error.strerror if isinstance(error, OSError) else error
            raise GraderFailed(f"grader {self.path}: expected a Python file, got {got}") from None
        without_bom(self.source, f"grader {self.path}")  # refuses UTF-16; Python reads the rest
        digest = sha256(self.function.encode() + b"\0" + self.source).hexdigest()
        self.rubric = RubricName(f"{Path(self.path).name}:{self.function}", 0, digest)

    def grade_all(
        self,
        episodes: Iterable[T],
        *,
        seconds: float = DEFAULT_TIMEOUT,
        on_output: Callable[[str], None] = lambda line: None,
        judging: Judging = NO_JUDGE,
        in_step: bool = False,
    ) -> Iterator[tuple[T, Grade | NotAsked | NotJudged]]:
        """
        Yield each of *episodes* with its grade, in order; up to 64 are read ahead.

        A function that asks a judge gets the answers of *judging*; where one is missing, or the
        judge failed to give it, that comes in the grade's place. No other function meets that.

        Args:
            episodes: The episodes to grade.
            seconds: Time limit for each of them.
            on_output: Is given each line that the function prints.
            judging: What a judge has answered.
            in_step: Whether to read nothing ahead, so that what the function prints comes before
                the grade of the same episode.

        Raises:
            GraderFailed: The function is missing, crashed, gave no grade in time, printed too
                much, or returned something else. The grades yielded before are valid.
        """
        with ChildProcess(["-m", "refold.graders.process.worker"], on_output) as child:
            judge = judging.judge
            load = LoadRequest(self.path, self.function, self.rubric, len(self.source), judge)
            child.send(encode(load) + b"\n" + self.source)
            self._read(child, None, max(seconds, DEFAULT_TIMEOUT))  # Python starting up
            if self._read(child, None, seconds).asks:
                for episode in episodes:
                    yield episode, self._grade_asking(child, episode, seconds, judging)
            else:
                most = 1 if in_step else _MOST_AHEAD
                yield from self._grade_ahead(child, iter(episodes), seconds, most)
            child.drain()

    def _grade_ahead(
        self, child: ChildProcess, source: Iterator[T], seconds: float, most: int
    ) -> Iterator[tuple[T, Grade]]:
        asked: deque[T] = deque()
        while True:
            while len(asked) < most and child.unsent_bytes < _MOST_UNSENT_BYTES:
                if (episode := next(source, None)) is None:
                    break
                asked.append(episode)
                child.send(_grade_request(episode, (), 0))
            if not asked:
                return
            given = self._read(child, asked[0], seconds).grade
            assert given is not None
            yield asked.popleft(), given

    def _grade_asking(
        self, child: ChildProcess, episode: EpisodeToGrade, seconds: float, judging: Judging
    ) -> Grade | NotAsked | NotJudged:
        """Return the grade of *episode*, or why there is none; the child asks, this looks up."""
        known: list[KnownAnswer] = []
        for _ in range(MOST_ROUNDS + 1):
            child.send(_grade_request(episode, known, judging.again))
            response = self._read(child, episode, seconds)
            if response.grade is not None:
                return response.grade
            if response.unjudged is not None:
                return NotJudged(response.unjudged)
            missing = []
            for wanted in self._wanted(episode, response.ask):
                answer = judging.answers(wanted.question, wanted.attempt)
                if answer is None:
                    missing.append(wanted)
                else:
                    known.append(KnownAnswer(*wanted.key, answer))
            if missing:
                return NotAsked(missing)
        expected = f"expected at most {MOST_ROUNDS} rounds of questions, got more"
        raise self._failure(episode, f"{expected}; ask before reading answers")

    def _wanted(self, episode: EpisodeToGrade, asked: Iterable[AskedFor]) -> list[Wanted]:
        """Return what the child asks for; the questions are made here, of the events themselves."""
        try:
            return [
                Wanted(
                    make_question(episode.stream, each.text, show=each.show, words=each.words),
                    each.attempt,
                )
                for each in asked
            ]
        except BadQuestion as error:
            raise self._failure(episode, str(error)) from None

    def _read(
        self, child: ChildProcess, episode: EpisodeToGrade | None, seconds: float
    ) -> Response:
        """Return what the child says about *episode*; if that is None, that it is ready."""
        try:
            answer = _decode_response(child.read_line(seconds))
        except NoAnswer as error:
            raise self._failure(episode, f"{error}; fix the grader") from None
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise self._failure(episode, "expected JSON of one, got something else") from None
        if answer.error is not None:
            raise self._failure(episode, answer.error)
        if episode is not None and (answer.ask or answer.unjudged is not None):
            return answer
        # A grader that writes to the pipe itself would shift all responses after it by one.
        graded = answer.grade.episode_digest if answer.grade else None
        if graded != (episode.stream.digest if episode else None):
            raise self._failure(episode, "expected that of its events, got another")
        return answer

    def _failure(self, episode: EpisodeToGrade | None, problem: str) -> GraderFailed:
        what = f" grade of episode {episode.id}" if episode else ""
        return GraderFailed(f"grader {self.rubric.name}{what}: {problem}")


def _grade_request(episode: EpisodeToGrade, known: Iterable[KnownAnswer], again: int) -> bytes:
    payloads = episode.stream.payloads
    ask = GradeRequest(episode.id, tuple(map(len, payloads)), tuple(known), again)
    return b"\n".join([encode(ask), *payloads, b""])
