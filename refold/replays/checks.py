"""
Check everything about one episode in a log: chain, steps, row, lineage and saved grades.

A verdict of "nothing wrong" leaves open whether the end was cut off, and whether the columns
outside the hash chain (agent, run, epoch, times, release, lineage) are true.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial

import msgspec
from attrs import frozen

from refold.engine import EpisodeInfo, EventLog, LogDamaged, RefoldError, Stream, open_to_read
from refold.engine.chain import chain_heads
from refold.engine.exchanges import ModelCalled
from refold.engine.folding import step_ranges
from refold.engine.log.audit import Audit, SavedRow, open_audit
from refold.engine.log.left_out import LeftOut
from refold.graders import Grade, grade
from refold.jobs import Run, Tell
from refold.replays.verification import Divergence, find_row_mismatch, verify
from refold.scenarios.spec import stand_in_remark

_read_grade = msgspec.json.Decoder(Grade).decode


@frozen
class Verdict:
    """
    The result of checking one episode.

    Attributes:
        episode: Its id.
        digest: Digest of its events; None if they cannot be read.
        problem: The first problem found, in words; None if there is none.
        divergence: The first event that the rules would not have made, if that is the problem.
        remark: What is no problem, but must be known to read the verdict; None if nothing is.
    """

    episode: str
    digest: str | None
    problem: str | None = None
    divergence: Divergence | None = None
    remark: str | None = None


def resolve_id(log: EventLog, reference: str) -> str:
    """
    Return the id of the episode that *reference* names, even if its end cannot be read.

    Raises:
        UnknownEpisode, AmbiguousEpisode: As ``EventLog.find``.
    """
    try:
        return log.find(reference).id
    except LogDamaged as error:
        return error.episode


def audit_episode(log: EventLog, file: Audit, id: str, *, expect: str = "") -> Verdict:
    """
    Return the verdict on the episode *id*, which may hold anything, from anyone.

    Args:
        log: The log that holds it.
        file: The same log, opened for raw access to its rows.
        id: The whole id.
        expect: Lower-case hex digits that the digest must begin with.
    """
    digest = None
    try:
        stream = log.events(id)
        digest = stream.digest
        log.tail(id)  # raises if an event has a wrong seq, which no hash tells
        remark = stand_in_remark(stream.scenario)
        divergence = verify(stream)
        if divergence:
            return Verdict(id, digest, str(divergence), divergence, remark)
        problem = next(_problems(log, file, id, stream, expect), None)
        return Verdict(id, digest, problem, remark=remark)
    except RefoldError as error:
        return Verdict(id, digest, str(error))
    except (AttributeError, TypeError, ValueError) as error:  # SQLite stores any type anywhere
        problem = f"expected values of the types that the tables have, got others: {error}"
        return Verdict(id, digest, problem)


def audit_each(
    log: EventLog, file: Audit, ids: Iterable[str], *, expect: str = ""
) -> Iterator[tuple[str, Verdict]]:
    """Yield each of *ids* with the verdict on the episode; see ``audit_episode``."""
    for id in ids:
        yield id, audit_episode(log, file, id, expect=expect)


@frozen
class AuditElsewhere:
    """Opens the log at *path* in another process, to audit its episodes there."""

    path: str
    expect: str

    @contextmanager
    def __call__(self, _left_out: LeftOut, _tell: Tell) -> Iterator[Run[str, Verdict]]:
        """Return what audits episodes."""
        with open_to_read(self.path, again=True) as log, open_audit(log.paths) as file:
            yield partial(audit_each, log, file, expect=self.expect)


def _problems(log: EventLog, file: Audit, id: str, stream: Stream, expect: str) -> Iterator[str]:
    """Yield the problems around a *stream* that is valid in itself."""
    if not stream.digest.startswith(expect):
        yield f"digest: expected {expect}, got {stream.digest}; it is another episode, or cut off"
    info = log.find(id)
    found = find_row_mismatch(info, stream) or _lineage_problem(log, info, stream)
    if found:
        yield found
    told = _conversation_problem(info, stream)
    if told:
        yield f"conversation: {told}"
    if file.descends_from_itself(id):
        yield f"parent: expected an older episode, got {info.parent!r}, of its own forks"
    for row in file.grades(id):
        problem = _grade_problem(row, stream)
        if problem:
            yield f"saved grade by {row.rubric} v{row.version}: {problem}"


def _conversation_problem(info: EpisodeInfo, stream: Stream) -> str | None:
    if not any(isinstance(event, ModelCalled) for event in stream):
        return None
    # With all that reads a model's replies, which takes long to import.
    from refold.replays.conversations import find_conversation_problem  # noqa: PLC0415

    return find_conversation_problem(stream, agent=info.agent, since=info.fork_at or 0)


def _lineage_problem(log: EventLog, info: EpisodeInfo, stream: Stream) -> str | None:
    """Return the problem with the parent that *info* names, or None."""
    if info.parent is None or info.fork_at is None:
        return None
    ranges = step_ranges(stream)
    if info.fork_at >= len(ranges):
        return f"fork_at: expected at most {len(ranges) - 1}, got {info.fork_at}"
    try:
        known = resolve_id(log, info.parent) == info.parent
        parent = log.events(info.parent).payloads if known else ()
    except LogDamaged:
        return None  # the parent's own verdict says so
    except RefoldError:
        known, parent = False, ()
    if not known:
        return f"parent: expected an episode of the log, got {info.parent!r}"
    stop = ranges[info.fork_at].stop
    # Stored bytes, not values: a fork copies them, and only equal bytes give equal hashes.
    if parent[:stop] != stream.payloads[:stop]:
        return f"parent: expected one that shares {info.fork_at} steps, got {info.parent!r}"
    return None


def _grade_problem(row: SavedRow, stream: Stream) -> str | None:
    """Return the problem with a saved grade, or None; it may be of a shorter prefix."""
    try:
        saved = _read_grade(row.grade)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return f"expected a grade, got {error}"
    rubric = saved.rubric
    # The columns repeat what the JSON says, for queries; nothing but this keeps them equal.
    told = (row.digest, row.rubric, row.version, row.rubric_digest, row.score)
    said = (saved.episode_digest, rubric.name, rubric.version, rubric.digest, saved.score)
    if told != said:
        return f"expected {said}, as the grade says, got {told}"
    graded = stream if row.digest == stream.digest else _prefix_with_digest(stream, row.digest)
    if graded is None:
        return f"expected a digest that the episode had, got {row.digest}"
    again = grade(graded)
    # A grade by another rubric, or by a grader from a file, cannot be computed again from the log.
    if again.rubric.digest == rubric.digest and again.to_json() != row.grade:
        return f"expected {again.score} and its parts, as graded again, got others: {saved.score}"
    return None


def _prefix_with_digest(stream: Stream, digest: str) -> Stream | None:
    """Return the prefix of *stream* that has *digest*, or None."""
    for seq, head in enumerate(chain_heads(stream.payloads)):
        if head.hex() == digest:
            return Stream.read(stream.payloads[: seq + 1], head=head, episode="a beginning")
    return None
