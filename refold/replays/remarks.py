"""Check what people said, as a log holds it, and carry it in exports: one line for each remark."""

from collections.abc import Collection, Iterator
from typing import Literal

import msgspec
from attrs import fields

from refold.engine import EventLog, RefoldError
from refold.engine.codec import encode
from refold.engine.log.audit import Audit
from refold.engine.log.remarks import Kind, Remark
from refold.labels.making import stored_problem


class RemarkLine(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="remark"
):
    """What a person said, in a line of its own after all episodes; see ``Remark``."""

    version: Literal[1]
    episode: str
    digest: str
    step: int | None
    kind: Kind
    name: str
    value: str | None
    choices: tuple[str, ...]
    note: str
    author: str
    drawn: str
    at: str
    hash: str


_FIELDS = tuple(each.name for each in fields(Remark))


def export_remarks(log: EventLog, *, only: Collection[str] | None = None) -> list[bytes]:
    """
    Return a line for each remark of *log*, sorted; *only* those on these episodes, if given.

    Raises:
        RefoldError: A remark was altered.
    """
    chosen = (each for each in log.remarks() if only is None or each.episode in only)
    return sorted(encode(_line(each)) + b"\n" for each in chosen)


def _line(remark: Remark) -> RemarkLine:
    said = {name: getattr(remark, name) for name in _FIELDS}
    return RemarkLine(version=1, **said, hash=remark.hash.hex())


def store_remark(log: EventLog, line: RemarkLine, where: str) -> bool:
    """
    Store the remark of a *line*, checked; return False if the log has it already.

    Raises:
        RefoldError: It was altered, or the log holds no such state of its episode.
    """
    remark = Remark(**{name: getattr(line, name) for name in _FIELDS})
    problem = stored_problem(remark)
    if problem is None and remark.hash.hex() != line.hash:
        problem = "expected the hash to fit, got another; the file was altered, export it again"
    if problem is None and log.later_events(remark) is None:
        problem = (
            f"expected episode {remark.episode!r:.80} as it was labelled, got none; import it first"
        )
    if problem is not None:
        raise RefoldError(f"{where}: {problem}")
    return log.save_remark(remark)


def find_remark_problems(file: Audit) -> Iterator[str]:
    """Yield what is wrong with what people said in the log *file*."""
    for number, (remark, stored) in enumerate(file.remarks(), 1):
        what = f"remark {number} on {remark.episode}"
        if remark.hash != stored:
            yield f"{what}: expected the stored hash to fit, got another"
        elif problem := stored_problem(remark):
            yield f"{what}: {problem}"
        elif file.later_events(remark) is None:
            yield f"{what}: expected a state that its episode had, got another digest"
