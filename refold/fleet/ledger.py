"""
The driver's side of the run's log: what goes out of it to workers, and what comes back into it.

What comes back is appended only if the events that the log has are the beginning of it, by hashes
that are computed here. Of two ways that an episode went on, the first that came stays.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec
from attrs import frozen

from refold.engine import EpisodeInfo, EpisodeRecord, EventLog, RefoldError
from refold.engine.chain import chain_heads
from refold.engine.log.info import record_fields
from refold.engine.log.protocol import Tail
from refold.fleet.bundles import Job, Result, pack, unpack
from refold.fleet.dealing import Taken
from refold.graders import Grade

_ENDED = b'{"type":"episode_ended"'


@frozen
class Stored:
    """
    What a bundle has brought for an episode.

    Attributes:
        info: The episode's row, as it was when the run began.
        payloads: The events that are new in the log.
        done: Whether it has been played as far as its agent plays.
        score: Its score, None if it has no grade.
        left: Why it cannot be played now; None if it can, or is done.
    """

    info: EpisodeInfo
    payloads: Sequence[bytes]
    done: bool
    score: float | None
    left: str | None


class Ledger:
    """
    The episodes of a run, in its log.

    Args:
        log: The log, open for writing; nobody else may append to these episodes.
        infos: The episodes.
        told: Called with what each bundle has brought, once that is stored.

    Attributes:
        refused: Number of answers that continue differently than the log, and were left out.
    """

    def __init__(
        self, log: EventLog, infos: Iterable[EpisodeInfo], told: Callable[[Sequence[Stored]], None]
    ) -> None:
        self._log = log
        self._infos = {info.id: info for info in infos}
        self._told = told
        self._tails: dict[str, Tail] = {}
        # Where workers were told that an episode stands, which may be before its tail by now.
        self._heads: dict[str, dict[int, bytes]] = {}
        self._done: set[str] = set()
        self.refused = 0

    def jobs(self, ids: Iterable[str]) -> bytes:
        """Return a bundle with the episodes *ids*, to be played on from where they stand."""
        return pack(tuple(self._job(id) for id in ids))

    def _job(self, id: str) -> Job:
        self._mark(id)
        record = EpisodeRecord(**record_fields(self._infos[id]))
        return Job(record, self._log.events(id).payloads)

    def wanted(self, ids: Iterable[str]) -> dict[str, int]:
        """Return for each of *ids* how many of its events are here."""
        return {id: self._mark(id) for id in ids if id not in self._done}

    def _mark(self, id: str) -> int:
        """Remember the tail of an episode, for what continues from there; return its next seq."""
        tail = self._tail(id)
        self._heads.setdefault(id, {})[tail.seq] = tail.head
        return tail.seq

    def _tail(self, id: str) -> Tail:
        if id not in self._tails:
            self._tails[id] = self._log.tail(id)
        return self._tails[id]

    def open(self) -> list[str]:
        """Return the ids of the episodes that are not done, in the order of the plan."""
        return [id for id in self._infos if id not in self._done]

    def take(self, bundle: bytes) -> Taken:
        """
        Store what is new in a *bundle*, all or none, and return what became of its episodes.

        Raises:
            RefoldError: It is no bundle; the log is full, locked or gone. Nothing was stored.
        """
        results = {result.id: result for result in unpack(bundle, Result)}
        with self._log.transaction():
            found = [each for result in results.values() for each in self._store(result)]
        self._told(found)
        for each in found:
            if each.done:
                self._forget(each.info.id)
        return Taken(
            {each.info.id for each in found if each.done},
            {each.info.id for each in found if each.left is not None},
        )

    def _forget(self, id: str) -> None:
        self._done.add(id)
        del self._tails[id], self._heads[id]

    def _store(self, result: Result) -> Iterator[Stored]:
        """Append what *result* adds to its episode, if it continues as the log does."""
        base = self._heads.get(result.id, {}).get(result.first)
        if base is None or result.id in self._done:
            self.refused += result.id not in self._done
            return
        tail = self._tail(result.id)
        known = tail.seq - result.first  # of its payloads: they were shipped before
        if known > len(result.payloads):  # more was shipped meanwhile
            return
        shipped = chain_heads(result.payloads[:known], head=base, seq=result.first)
        if [base, *shipped][-1] != tail.head or not self._append(tail, result, known):
            self.refused += 1
            return
        score = None if result.grade is None else self._save_grade(result, result.grade)
        done = result.played or _is_end(result.payloads)
        left = None if done else result.left
        yield Stored(self._infos[result.id], result.payloads[known:], done, score, left)

    def _append(self, tail: Tail, result: Result, known: int) -> bool:
        """Append what is not *known* of *result*; nothing, and return False, if it does not fit."""
        new = result.payloads[known:]
        if not _are_events(new):
            return False
        try:
            with self._log.transaction():
                # The log hashes what it stores, so the digest is looked at afterwards.
                after = self._log.append(tail, new, end=_is_end(new)) if new else tail
                if after.head.hex() != result.digest:
                    raise _Unfitting
        except _Unfitting:
            return False
        self._tails[result.id] = after
        return True

    def _save_grade(self, result: Result, content: bytes) -> float | None:
        try:
            grade = msgspec.json.decode(content, type=Grade)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise RefoldError(
                f"bundle: expected the grade of episode {result.id}, got {error}"
            ) from None
        if grade.episode_digest != result.digest:
            return None
        rubric = (grade.rubric.name, grade.rubric.version, grade.rubric.digest)
        # The bytes as they came: encoded again, a number may look different.
        self._log.save_grade(
            result.id, digest=result.digest, rubric=rubric, score=grade.score, grade=content
        )
        return grade.score


class _Unfitting(Exception):
    """What was appended has another digest than it should."""


def _is_end(payloads: Sequence[bytes]) -> bool:
    return any(payload.startswith(_ENDED) for payload in payloads)


def _are_events(payloads: Sequence[bytes]) -> bool:
    """Return whether *payloads* can be stored as events; what they say is for others to check."""
    try:
        b"".join(payloads).decode()
    except UnicodeDecodeError:
        return False
    return all(payload.startswith(b'{"type":"') for payload in payloads)
