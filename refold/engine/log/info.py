"""What a log knows of an episode beside its events: the row that it stores, and a summary."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from attrs import field, fields, frozen

from refold.engine.chain import GENESIS
from refold.release import RELEASE


def utc_now() -> str:
    """Return the time in UTC, ISO 8601, to the millisecond."""
    return in_utc(datetime.now(UTC))


def in_utc(when: datetime) -> str:
    """Return *when*, in UTC unless it says otherwise, as ``utc_now`` returns it."""
    aware = when if when.tzinfo else when.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="milliseconds")


@frozen
class EpisodeRecord:
    """
    An episode's row in the log, which is stored once, when the episode begins.

    The one list of its columns, in their order: SQL, exports and summaries follow it. It stands
    beside the hash chain, so that two identical runs have identical digests.

    Attributes:
        id: Its name in this log.
        scenario: Name of the scenario, ``family/name`` for those that ship.
        seed: Seed of its environment.
        agent: Who played it.
        run: Name of the ``record`` call that made it; empty outside of one.
        epoch: 0-based number among the run's episodes of this scenario.
        release: Release of refold that wrote it.
        started_at: UTC, ISO 8601.
        ended_at: The same, or None while it has no end; the only column that is set later.
        parent: Id of the episode that it was forked from, or None.
        fork_at: Position at which it was, or None.
    """

    id: str
    scenario: str
    seed: int
    agent: str = ""
    run: str = ""
    epoch: int = 0
    release: str = RELEASE
    started_at: str = field(factory=utc_now)
    ended_at: str | None = None
    parent: str | None = None
    fork_at: int | None = None


@frozen
class EpisodeInfo(EpisodeRecord):
    """
    An episode at a glance: its row, and a summary of its events.

    Attributes:
        steps: Number of whole steps.
        total: Sum of the rewards so far.
        ended: ``terminated`` or ``truncated``; None while it has no end.
        reason: Why it ended, in a word of the family; None while it has no end.
        events: Number of events.
        digest: Hex head of the hash chain as stored; reading the events checks it.
    """

    steps: int = field(default=0, kw_only=True)
    total: float = field(default=0.0, kw_only=True)
    ended: str | None = field(default=None, kw_only=True)
    reason: str | None = field(default=None, kw_only=True)
    events: int = field(default=0, kw_only=True)
    digest: str = field(default=GENESIS.hex(), kw_only=True)


RECORD_FIELDS = tuple(each.name for each in fields(EpisodeRecord))
"""Names of the fields of ``EpisodeRecord``, in order."""


def record_fields(source: object) -> Mapping[str, Any]:
    """Return the fields of an ``EpisodeRecord`` by name, read from attributes of *source*."""
    return {name: getattr(source, name) for name in RECORD_FIELDS}
