"""
Graders from files of Python, each in a process of its own with a time limit for each episode.

The episodes go over as their stored bytes, the grades come back as JSON. A grader that crashes,
hangs, floods or returns something else ends in ``GraderFailed``. This is no sandbox: run only
graders that you would run anyway.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from refold.engine import RefoldError, Stream
from refold.engine.codec import encode
from refold.graders import Grade, RubricName
from refold.graders.process.child import ChildProcess, Trouble
from refold.graders.process.worker import Answer, Ask, Load

SECONDS = 60.0
"""Time limit for each episode, where none is given."""

_AHEAD = 64
_AHEAD_BYTES = 2**20

_answer = msgspec.json.Decoder(Answer).decode


class GraderFailed(RefoldError):
    """A grader from a file cannot be had, or gave no grade."""


class ToGrade(Protocol):
    """An episode that is to be graded."""

    @property
    def id(self) -> str:
        """What errors call it."""

    @property
    def stream(self) -> Stream:
        """Its events."""


T = TypeVar("T", bound=ToGrade)


class FileGrader:
    """
    A function of a Python file that grades episodes, read but not run yet.

    Attributes:
        rubric: What its grades say they were given by: ``FILE:FUNCTION`` without folders,
            version 0, and the hex SHA-256 of the function's name, a zero byte and the source.

    Args:
        reference: ``path/to/file.py:function``.

    Raises:
        GraderFailed: It is none, or there is no such file.
    """

    def __init__(self, reference: str) -> None:
        self.path, _, self.function = reference.rpartition(":")
        if not self.path or not self.function.isidentifier():
            problem = f"expected FILE:FUNCTION, such as mine.py:careful; got {reference!r}"
            raise GraderFailed(f"grader: {problem}")
        try:
            self.source = Path(self.path).read_bytes()
        except (OSError, ValueError) as error:
            got = error.strerror if isinstance(error, OSError) else error
            raise GraderFailed(f"grader {self.path}: expected a Python file, got {got}") from None
        digest = sha256(self.function.encode() + b"\0" + self.source).hexdigest()
        self.rubric = RubricName(f"{Path(self.path).name}:{self.function}", 0, digest)

    def grades(
        self,
        episodes: Iterable[T],
        *,
        seconds: float = SECONDS,
        tell: Callable[[str], None] = lambda line: None,
    ) -> Iterator[tuple[T, Grade]]:
        """
        Yield each of *episodes* with its grade, in order; some are read ahead.

        Args:
            episodes: What to grade.
            seconds: How long to wait for the grade of one episode.
            tell: Is given each line that the function prints.

        Raises:
            GraderFailed: The function is missing, crashed, gave no grade in time, printed too
                much, or returned what is no grade. The grades yielded before are right.
        """
        with ChildProcess(["-m", "refold.graders.process.worker"], tell) as child:
            load = Load(self.path, self.function, self.rubric, len(self.source))
            child.send(encode(load) + b"\n" + self.source)
            self._next(child, None, max(seconds, SECONDS))  # for Python to start
            self._next(child, None, seconds)
            source = iter(episodes)
            asked: deque[T] = deque()
            while True:
                while len(asked) < _AHEAD and child.unsent < _AHEAD_BYTES:
                    if (episode := next(source, None)) is None:
                        break
                    asked.append(episode)
                    child.send(_question(episode))
                if not asked:
                    break
                given = self._next(child, asked[0], seconds)
                assert given is not None
                yield asked.popleft(), given
            child.drain()

    def _next(self, child: ChildProcess, episode: ToGrade | None, seconds: float) -> Grade | None:
        """Return the grade of *episode*; None if it is ready to give some."""
        try:
            answer = _answer(child.line(seconds))
        except Trouble as error:
            raise self._failed(episode, f"{error}; mend the grader") from None
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise self._failed(episode, "expected JSON of one, got something else") from None
        if answer.error is not None:
            raise self._failed(episode, answer.error)
        graded = answer.grade.episode_digest if answer.grade else None
        if graded != (episode.stream.digest if episode else None):
            raise self._failed(episode, "expected that of its events, got another")
        return answer.grade

    def _failed(self, episode: ToGrade | None, problem: str) -> GraderFailed:
        what = f" grade of episode {episode.id}" if episode else ""
        return GraderFailed(f"grader {self.rubric.name}{what}: {problem}")


def _question(episode: ToGrade) -> bytes:
    payloads = episode.stream.payloads
    ask = Ask(episode.id, tuple(map(len, payloads)))
    return b"\n".join([encode(ask), *payloads, b""])
