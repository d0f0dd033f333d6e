"""
Grades as text files that people review and git merges: the baseline of a project.

A file holds the grades of one scenario by one grader. Each record has three lines: a comment that
says which episode it is, the grade as JSON, and a blank one. The first says which rubrics gave the
grades; the others follow by episode digest. A file holds no totals and no times, so that branches
that change different records merge; the blank line keeps a changed record apart from a new one
after it. What git could not merge is refused: the text is a function of episodes and graders, so
writing it again is always right.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec
from attrs import frozen

from refold.engine import RefoldError
from refold.engine.codec import encode
from refold.engine.terminal_text import safe_text
from refold.graders.grading import Grade, RubricName

CURE = "`refold check --update` writes it again"

T = TypeVar("T")

_MARKERS = ("<<<<<<<", "|||||||", "=======", ">>>>>>>")
_DIGEST_LETTERS = 16


class _Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first record: the rubrics that gave the grades of a file."""

    graded_by: tuple[RubricName, ...]


@frozen
class BaselineFile:
    """
    The grades of a file.

    Attributes:
        rubrics: The rubrics that gave them, as the file's first record says.
        grades: By episode digest.
        lines: Numbers of the lines of the grades, by episode digest.
    """

    rubrics: tuple[RubricName, ...]
    grades: Mapping[str, Grade]
    lines: Mapping[str, int]

    @property
    def merged(self) -> int:
        """How many grades are by other rubrics: of a branch without the change of the rubric."""
        return sum(grade.rubric not in self.rubrics for grade in self.grades.values())


def baseline_text(grades: Iterable[tuple[str, Grade]]) -> str:
    """Return the text of a file with *grades*, each with words that tell whose episode it is."""
    by_digest: dict[str, tuple[str, Grade]] = {}
    for words, grade in grades:
        # Equal episodes have equal grades; which of their names is told must not hang on order.
        known = by_digest.get(grade.episode_digest)
        by_digest[grade.episode_digest] = (
            (words, grade)
            if known is None
            else min(known, (words, grade), key=lambda each: each[0])
        )
    rubrics = {grade.rubric for _, grade in by_digest.values()}
    head = _Head(tuple(sorted(rubrics, key=lambda each: (each.name, each.version, each.digest))))
    records = [_record("rubrics", encode(head))]
    for digest, (words, grade) in sorted(by_digest.items()):
        records.append(_record(f"{digest[:_DIGEST_LETTERS]} {words}", grade.to_json()))
    return "".join(records)


def _record(comment: str, body: bytes) -> str:
    return f"# {safe_text(comment)}\n{body.decode()}\n\n"


def read_baseline(text: str, where: str) -> BaselineFile:
    """
    Return the grades in *text*, the file that errors call *where*.

    Raises:
        RefoldError: It holds what git could not merge, two grades of one episode, or anything
            else than records.
    """
    lines = [line.rstrip("\r") for line in text.removesuffix("\n").split("\n")]
    _refuse_conflicts(lines, where)
    records = _records(lines, where)
    head = _decode(*next(records)[1:], _Head, where)
    grades: dict[str, Grade] = {}
    places: dict[str, int] = {}
    for comment, body, number in records:
        grade = _decode(body, number, Grade, where)
        digest = grade.episode_digest
        if comment[:_DIGEST_LETTERS] != digest[:_DIGEST_LETTERS]:
            raise _refusal(where, number, f"the grade of {comment!r}", f"that of {digest}")
        if digest in grades:
            raise _refusal(where, number, "one grade of each episode", f"two of {digest[:16]}")
        grades[digest], places[digest] = grade, number
    return BaselineFile(head.graded_by, grades, places)


def _refuse_conflicts(lines: Sequence[str], where: str) -> None:
    for number, line in enumerate(lines, 1):
        if line.startswith(_MARKERS):
            raise _refusal(where, number, "records", "a conflict of git", "take either side, then ")


def _records(lines: Sequence[str], where: str) -> Iterator[tuple[str, str, int]]:
    """Yield the comment of each record, its JSON, and the number of that line."""
    for start in range(0, len(lines), 3):
        record = lines[start : start + 3]
        if len(record) < 3 or not record[0].startswith("# ") or record[2]:
            raise _refusal(where, start + 1, "a comment, a grade and a blank line", "another text")
        yield record[0][2:], record[1], start + 2


def _decode(line: str, number: int, kind: type[T], where: str) -> T:
    try:
        return msgspec.json.decode(line, type=kind)
    except msgspec.MsgspecError as error:
        expected = f"the JSON of a {kind.__name__.strip('_').lower()}"
        raise _refusal(where, number, expected, str(error)) from None


def _refusal(where: str, line: int, expected: str, got: str, first: str = "") -> RefoldError:
    return RefoldError(f"{where} line {line}: expected {expected}, got {got}; {first}{CURE}")
