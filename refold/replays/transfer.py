"""
Export and import episodes as JSON Lines: a header, then one line with the bytes of each event.

Events are never re-encoded, so digests survive the round trip; an import whose digest is not the
header's is refused. Of an episode that can still be continued, an agent that is a model or a
script is marked as imported: see ``refold.agents.origins``.
"""

from collections.abc import Callable, Collection, Iterator
from typing import IO, Literal

import msgspec
from attrs import evolve

from refold.agents.origins import IMPORT, mark_origin, strip_origin
from refold.engine import EpisodeInfo, EpisodeRecord, EventLog, RefoldError, Stream
from refold.engine.codec import encode
from refold.engine.episode import LARGEST_SEED
from refold.engine.episode_ids import check_id
from refold.engine.events import EpisodeEnded
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.engine.log.info import record_fields
from refold.engine.log.judgements import Judgement, unpack
from refold.engine.text_marks import without_bom
from refold.replays.judgements import bytes_of, judgement_problem
from refold.replays.remarks import RemarkLine, store_remark
from refold.replays.verification import find_row_mismatch

LONGEST_TEXT = 5000
"""Characters of a text in a header; an agent may be the path of a script."""
LONGEST_LINE = 64 * 2**20
"""Bytes; a file without line ends must not be read into memory whole."""


class EpisodeHeader(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="episode"
):
    """
    First line of an exported episode; *events* lines with the stream follow it.

    Declared, not made from ``EpisodeRecord``: the format has a version of its own.
    """

    version: Literal[1]
    id: str
    scenario: str
    seed: int
    agent: str
    run: str
    epoch: int
    release: str
    started_at: str
    ended_at: str | None
    events: int
    digest: str
    parent: str | None = None
    fork_at: int | None = None


_NONE = msgspec.Raw(b"")


class JudgementLine(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="type",
    tag="judgement",
):
    """
    A judge's answer, in a line of its own after all episodes.

    The *body* of its question comes with the first answer to it.
    """

    version: Literal[1]
    question: str
    judge: str
    attempt: int
    payload: msgspec.Raw
    hash: str
    asked_at: str
    first_asked_of: str
    body: msgspec.Raw = _NONE


_decode_line = msgspec.json.Decoder(EpisodeHeader | JudgementLine | RemarkLine).decode


def export_lines(log: EventLog, info: EpisodeInfo) -> list[bytes]:
    """
    Return the lines of an export of the episode *info* of *log*, each with its line end.

    Raises:
        LogDamaged: The stored chain is broken.
    """
    stream = log.events(info.id)
    row = record_fields(info)
    # An import marks it again, so what was imported is exported as it came.
    row = {**row, "agent": strip_origin(info.agent, IMPORT)}
    header = EpisodeHeader(version=1, **row, events=len(stream), digest=stream.digest)
    return [encode(header) + b"\n", *(payload + b"\n" for payload in stream.payloads)]


def export_judgements(log: EventLog, *, only: Collection[str] | None = None) -> Iterator[bytes]:
    """
    Yield a line for each answer of a judge in *log*; *only* those first asked of these episodes.

    Raises:
        RefoldError: An answer or its question cannot be read.
    """
    told: set[str] = set()
    for found, stored in log.judgements():
        if only is not None and found.first_asked_of not in only:
            continue
        body = unpack(stored)
        if body is None:
            raise RefoldError(f"question {found.question[:12]}: expected its text, got none")
        line = JudgementLine(
            version=1,
            question=found.question,
            judge=found.judge,
            attempt=found.attempt,
            payload=msgspec.Raw(found.payload),
            hash=found.hash.hex(),
            asked_at=found.asked_at,
            first_asked_of=found.first_asked_of,
            body=_NONE if found.question in told else msgspec.Raw(body),
        )
        told.add(found.question)
        yield encode(line) + b"\n"


def import_lines(
    log: EventLog,
    lines: IO[bytes],
    *,
    where: str,
    on_remark: Callable[[bool], None] = lambda _new: None,
) -> Iterator[EpisodeInfo]:
    """
    Store each episode in *lines* and yield its row in *log*.

    Args:
        log: The log to write to.
        lines: Exported episodes, what judges answered, and what people said.
        where: The file's name in error messages.
        on_remark: Told of each remark whether it is new to the log.

    Raises:
        RefoldError: A line is not part of an export, an episode is cut short, or its digest is
            not the header's. Episodes yielded before stay in the log.
        EpisodeExists: The log already holds an episode of that id.
    """
    numbered = enumerate(_read_lines(lines, where), 1)
    bodies: dict[str, bytes] = {}
    for number, line in numbered:
        header = _read_header(line, f"{where} line {number}")
        if isinstance(header, JudgementLine):
            _store_judgement(log, header, bodies, f"{where} line {number}")
            continue
        if isinstance(header, RemarkLine):
            on_remark(store_remark(log, header, f"{where} line {number}"))
            continue
        payloads = [
            payload for _, (_, payload) in zip(range(header.events), numbered, strict=False)
        ]
        yield _store(log, header, payloads, f"{where} line {number}")


def _read_lines(lines: IO[bytes], where: str) -> Iterator[bytes]:
    first = True
    while line := lines.readline(LONGEST_LINE):
        if not line.endswith(b"\n") and len(line) == LONGEST_LINE:
            raise RefoldError(
                f"{where}: expected lines below {LONGEST_LINE} bytes, got a longer one"
            )
        if first:
            line = without_bom(line, where)
            first = False
        if line.strip():
            yield line.rstrip(b"\r\n")


def _read_header(line: bytes, where: str) -> EpisodeHeader | JudgementLine | RemarkLine:
    try:
        header: EpisodeHeader | JudgementLine | RemarkLine = _decode_line(line)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise RefoldError(
            f"{where}: expected the header of an exported episode, got {error}"
        ) from None
    _check_bounds(header, where)
    if isinstance(header, EpisodeHeader):
        check_id(header.id)
    return header


def _store_judgement(
    log: EventLog, line: JudgementLine, bodies: dict[str, bytes], where: str
) -> None:
    """Store an answer, checked against its hash, and its question against its digest."""
    body = bytes(line.body) or bodies.get(line.question, b"")
    payload = bytes(line.payload)
    problem = judgement_problem(
        line.question, line.judge, line.attempt, payload, bytes_of(line.hash), body
    )
    if problem is not None:
        raise RefoldError(f"{where}: {problem}; the file was altered, export it again")
    bodies[line.question] = body
    kept = Judgement(
        line.question,
        line.judge,
        line.attempt,
        payload,
        bytes_of(line.hash),
        line.asked_at,
        line.first_asked_of,
    )
    log.save_judgement(kept, body)


def _check_bounds(header: EpisodeHeader | JudgementLine | RemarkLine, where: str) -> None:
    for name in header.__struct_fields__:
        value = getattr(header, name)
        # JSON holds larger numbers than a column of SQLite.
        if isinstance(value, int) and not 0 <= value <= LARGEST_SEED:
            raise RefoldError(f"{where}: expected {name} 0 to {LARGEST_SEED}, got {value}")
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            raise RefoldError(
                f"{where}: expected {name} of at most {LONGEST_TEXT} characters, got {len(value)}"
            )


def _store(log: EventLog, header: EpisodeHeader, payloads: list[bytes], where: str) -> EpisodeInfo:
    if len(payloads) < header.events:
        raise RefoldError(
            f"{where}: expected {header.events} events after it, got {len(payloads)}; "
            "the file is cut short"
        )
    # Computes the chain from the bytes: the digest in the header is only a claim until then.
    stream = Stream.read(payloads, episode=header.id)
    if stream.digest != header.digest:
        raise RefoldError(
            f"{where}: expected events of digest {header.digest[:12]}, got {stream.digest[:12]}; "
            "the file was altered, export it again"
        )
    record = EpisodeRecord(**record_fields(header))
    if _can_be_resumed(stream):
        record = evolve(record, agent=mark_origin(record.agent, IMPORT))
    if problem := find_row_mismatch(record, stream):
        raise RefoldError(f"{where}: {problem}; the file was altered, export it again")
    log.begin(record, payloads, end=header.ended_at is not None)
    return log.find(header.id)


def _can_be_resumed(stream: Stream) -> bool:
    """Return whether an episode has not ended, or only because its model's API kept failing."""
    # The end stands before the reward of its step, or last if it came from outside.
    ends = [event for event in stream[-2:] if isinstance(event, EpisodeEnded)]
    return not ends or ends[0].reason == INSTRUMENT_FAILED
