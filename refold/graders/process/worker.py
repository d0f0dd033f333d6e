"""
The process that a grader from a file runs in; ``file_grader`` starts it and asks.

It reads a function's source, then episodes as stored payload lines, and answers each with a line
of JSON. What the function prints comes out on stderr. This keeps a grader's crash, hang or flood
away from refold. It is no sandbox: the code may do whatever its user may.
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
from refold.graders.custom import WrongResult, grade_by
from refold.graders.grading import Grade, RubricName

LONGEST_TEXT = 300


class LoadRequest(Struct, frozen=True):
    """First question: run the source that follows, *size* bytes, and take *function* from it."""

    path: str
    function: str
    rubric: RubricName
    size: int


class GradeRequest(Struct, frozen=True):
    """Grade the episode whose payload lines follow; *sizes* are their bytes, line ends apart."""

    episode: str
    sizes: tuple[int, ...]


class Response(Struct, frozen=True, omit_defaults=True):
    """A grade, or what is wrong; neither for: ready, and then: the function is there."""

    grade: Grade | None = None
    error: str | None = None


def main() -> None:
    """Answer the questions on stdin, on what was stdout, until there are no more."""
    questions, answers = _take_over_pipes()
    _send(answers, Response())
    load = msgspec.json.decode(questions.readline(), type=LoadRequest)
    try:
        function = _load_function(load, questions.read(load.size))
    except BaseException as error:  # whatever the code raises is told
        _send(answers, Response(error=_describe_error(error, load.path)))
        return
    _send(answers, Response())
    ask = msgspec.json.Decoder(GradeRequest).decode
    while line := questions.readline():
        asked = ask(line)
        payloads = [questions.read(size + 1)[:-1] for size in asked.sizes]
        events = Stream.read(payloads, episode=asked.episode)
        try:
            answer = Response(grade=grade_by(function, events, rubric=load.rubric))
        except BaseException as error:  # the same
            answer = Response(error=_describe_error(error, load.path))
        _send(answers, answer)


def _take_over_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Return the two ends of the talk, and leave an empty stdin and stderr as stdout behind."""
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return questions, answers


def _load_function(load: LoadRequest, source: bytes) -> Callable[[Stream], Any]:
    """Return the function that is asked for, its file's folder last among those imported from."""
    module = ModuleType(Path(load.path).stem)
    module.__file__ = load.path
    sys.modules.setdefault(module.__name__, module)
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
    """Return what was raised on one line, with the line of the file at *path* that it came from."""
    if isinstance(error, WrongResult | UnknownName):
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
