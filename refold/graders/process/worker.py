"""
The child process that runs a grader from a file; ``file_grader`` starts it and sends requests.

It reads a function's source, then episodes as stored payload lines, and answers each with a line
of JSON. What the function prints goes to stderr. A crash, hang or flood of the grader stays in
this process. It is not a sandbox: the code may do whatever its user may.
"""

import io
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import IO, Any

import msgspec
from msgspec import Struct

from refold.engine import Stream
from refold.engine.codec import encode
from refold.engine.errors import UnknownName
from refold.graders.custom import WrongResult, grade_by, takes_ask
from refold.graders.grading import Grade, RubricName
from refold.graders.process.supervisor import fork_supervised
from refold.judges.asking import NotAsked, NotJudged, Wanted
from refold.judges.questions import BadQuestion, Question
from refold.judges.records import Failed, Judged

LONGEST_TEXT = 300
"""Letters of an exception's text that go into an error message."""


class LoadRequest(Struct, frozen=True):
    """
    First request: run the source that follows, *size* bytes, and take *function* from it.

    *judge* is the digest of the judge whose answers it will get; empty for none.
    """

    path: str
    function: str
    rubric: RubricName
    size: int
    judge: str = ""


class KnownAnswer(Struct, frozen=True):
    """What a judge answered to the *attempt* at the question with the digest *question*."""

    question: str
    attempt: int
    answer: Judged | Failed


class GradeRequest(Struct, frozen=True):
    """
    Grade the episode whose payload lines follow; *sizes* are their bytes, line ends apart.

    *known* is what a judge has answered, *again* which set of its answers to take.
    """

    episode: str
    sizes: tuple[int, ...]
    known: tuple[KnownAnswer, ...] = ()
    again: int = 0


class AskedFor(Struct, frozen=True):
    """
    An answer that is missing.

    What it is about is named, not quoted: the parent makes the question of the events it has.
    """

    text: str
    words: tuple[str, ...]
    show: tuple[int, ...]
    attempt: int


class Response(Struct, frozen=True, omit_defaults=True):
    """
    A grade, an error, missing answers to *ask* for, or why a judge gave none (*unjudged*).

    None of them means ready: first for requests, then for episodes, which *asks* is about.
    """

    grade: Grade | None = None
    error: str | None = None
    ask: tuple[AskedFor, ...] = ()
    unjudged: str | None = None
    asks: bool = False


def main() -> None:
    """Answer requests from the original stdin on the original stdout until there are no more."""
    fork_supervised()
    questions, answers = _take_over_pipes()
    _send(answers, Response())
    load = msgspec.json.decode(questions.readline(), type=LoadRequest)
    try:
        function = _load_function(load, questions.read(load.size))
        asks = takes_ask(function)
    except BaseException as error:  # strangers' code may call sys.exit(): that is an error, too
        _send(answers, Response(error=_describe_error(error, load.path)))
        return
    _send(answers, Response(asks=asks))
    rubric = load.rubric.judged_by(load.judge) if asks and load.judge else load.rubric
    read = msgspec.json.Decoder(GradeRequest).decode
    while line := questions.readline():
        asked = read(line)
        payloads = [questions.read(size + 1)[:-1] for size in asked.sizes]
        events = Stream.read(payloads, episode=asked.episode)
        _send(answers, _grade(function, events, asked, rubric, load.path))


def _grade(
    function: Callable[..., Any],
    events: Stream,
    asked: GradeRequest,
    rubric: RubricName,
    path: str,
) -> Response:
    known = {(each.question, each.attempt): each.answer for each in asked.known}

    def look_up(question: Question, attempt: int) -> Judged | Failed | None:
        return known.get((question.digest, attempt))

    try:
        given = grade_by(function, events, rubric=rubric, ask=look_up, again=asked.again)
        return Response(grade=given)
    except NotAsked as error:
        return Response(ask=tuple(map(_asked_for, error.wanted)))
    except NotJudged as error:
        return Response(unjudged=error.cause)
    except BaseException as error:  # as of loading it
        return Response(error=_describe_error(error, path))


def _asked_for(wanted: Wanted) -> AskedFor:
    question = wanted.question
    return AskedFor(question.text, question.words, question.show, wanted.attempt)


def _take_over_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """
    Return the pipes to and from the parent, and point stdin at nothing and stdout at stderr.

    So a grader that reads or prints cannot disturb the protocol.
    """
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return questions, answers


def _load_function(load: LoadRequest, source: bytes) -> Callable[[Stream], Any]:
    """
    Return the requested function of the file.

    Its folder comes last in ``sys.path``: the grader can import its neighbours, but they cannot
    replace modules of refold or the standard library.
    """
    module = ModuleType(Path(load.path).stem)
    module.__file__ = load.path
    sys.modules.setdefault(module.__name__, module)  # dataclasses and pickle look it up there
    sys.path.append(str(Path(load.path).absolute().parent))
    exec(compile(source, load.path, "exec"), module.__dict__)  # noqa: S102 - what was asked for
    known = {
        name: value
        for name, value in vars(module).items()
        if callable(value) and getattr(value, "__module__", "") == module.__name__
    }
    found = known.get(load.function, getattr(module, load.function, None))
    if not callable(found):
        raise UnknownName(f"function of {load.path}", load.function, known)
    function: Callable[[Stream], Any] = found
    return function


def _send(answers: IO[bytes], answer: Response) -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOBase):
            stream.flush()
    answers.write(encode(answer) + b"\n")
    answers.flush()


def _describe_error(error: BaseException, path: str) -> str:
    """Return *error* on one line, with the last line of the file at *path* that it passed."""
    if isinstance(error, WrongResult | UnknownName | BadQuestion):
        return str(error)[:LONGEST_TEXT]
    if isinstance(error, SyntaxError) and error.filename == path:
        return f"expected Python, got {error.msg} (line {error.lineno})"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == path]
    where = f" (line {lines[-1]})" if lines else ""
    text = " ".join(str(error).split())[:LONGEST_TEXT]
    return f"expected a result, got {type(error).__name__}{f': {text}' if text else ''}{where}"


if __name__ == "__main__":
    main()
