"""What a log tells of an episode at a glance, in one query."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from typing import Any

import msgspec
from attrs import field, frozen

from refold.engine.codec import GENESIS
from refold.engine.errors import LogDamaged
from refold.engine.events import EpisodeEnded, StepRewarded

SELECT = """
SELECT e.id, e.uid, e.scenario, e.seed, e.agent, e.run, e.epoch, e.release, e.started_at,
    e.ended_at, e.parent, e.fork_at,
    (SELECT CAST(payload AS BLOB) FROM events WHERE episode = e.id
        AND payload GLOB '{"type":"step_rewarded",*' ORDER BY seq DESC LIMIT 1),
    CASE WHEN e.ended_at IS NULL THEN NULL ELSE
        (SELECT CAST(payload AS BLOB) FROM events WHERE episode = e.id
            AND payload GLOB '{"type":"episode_ended",*' ORDER BY seq DESC LIMIT 1) END,
    (SELECT max(seq) + 1 FROM events WHERE episode = e.id),
    (SELECT hex(hash) FROM events WHERE episode = e.id ORDER BY seq DESC LIMIT 1)
FROM episodes AS e
"""


def now() -> str:
    """Return the time in UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@cache
def release() -> str:
    """Return the release of refold that is running."""
    return version("refold")


@frozen
class EpisodeInfo:
    """
    What the log knows of an episode without reading its stream.

    Attributes:
        id: Its name in this log.
        scenario: Name of the scenario, ``family/name`` for those that ship.
        seed: Seed of its world.
        agent: Who played it.
        run: Name of the ``record`` call that made it; empty outside of one.
        epoch: 0-based number among the run's episodes of this scenario.
        release: Release of refold that wrote it.
        started_at: UTC, ISO 8601.
        ended_at: The same, or None while it has no end.
        parent: Id of the episode that it was forked from, or None.
        fork_at: Position at which it was, or None.
        steps: Number of whole steps.
        total: Sum of the rewards so far.
        ended: ``terminated`` or ``truncated``; None while it has no end.
        reason: Why it ended, in a word of the family; None while it has no end.
        events: Number of events.
        digest: Hex head of the hash chain as stored; reading the events checks it.
    """

    id: str
    scenario: str
    seed: int
    agent: str = ""
    run: str = ""
    epoch: int = 0
    release: str = field(factory=release)
    started_at: str = field(factory=now)
    ended_at: str | None = None
    parent: str | None = None
    fork_at: int | None = None
    steps: int = 0
    total: float = 0.0
    ended: str | None = None
    reason: str | None = None
    events: int = 0
    digest: str = GENESIS.hex()


def read_info(row: Sequence[Any]) -> EpisodeInfo:
    """
    Return the episode of a row that ``SELECT`` gave.

    Raises:
        LogDamaged: Its last step or its end cannot be read.
    """
    rewarded, ended = row[12], row[13]
    try:
        step = _last_step(rewarded) if rewarded else None
        end = _end(ended) if ended else None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise LogDamaged(row[1], row[14] - 1, f"expected its last step, got {error}") from None
    return EpisodeInfo(
        id=row[1],
        scenario=row[2],
        seed=row[3],
        agent=row[4],
        run=row[5],
        epoch=row[6],
        release=row[7],
        started_at=row[8],
        ended_at=row[9],
        parent=row[10],
        fork_at=row[11],
        steps=step.step + 1 if step else 0,
        total=step.total if step else 0.0,
        ended=end.how if end else None,
        reason=end.reason if end else None,
        events=row[14] or 0,
        digest=(row[15] or GENESIS.hex()).lower(),
    )


_last_step = msgspec.json.Decoder(StepRewarded).decode
_end = msgspec.json.Decoder(EpisodeEnded).decode
