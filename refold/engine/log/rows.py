"""Rows of the table ``episodes``: the SQL that writes and reads them, made from the record."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import msgspec

from refold.engine.chain import GENESIS
from refold.engine.errors import LogDamaged
from refold.engine.events import EpisodeEnded, StepRewarded
from refold.engine.log.info import RECORD_FIELDS, EpisodeInfo

# In the table, ``id`` is the row number, which orders episodes by when they began.
_COLUMNS = ["uid" if name == "id" else name for name in RECORD_FIELDS]

INSERT_EPISODE = (
    f"INSERT INTO episodes ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' for _ in _COLUMNS)})"
)
"""Takes the values of an ``EpisodeRecord``."""

# The summary is read from the stored events at each query, so it cannot disagree with them. The
# last step is found from the end by its tag: no other event is decoded, however long the episode.
SELECT_EPISODES = f"""
SELECT e.id, {", ".join(f"e.{name}" for name in _COLUMNS)},
    (SELECT CAST(payload AS BLOB) FROM events WHERE episode = e.id
        AND payload GLOB '{{"type":"step_rewarded",*' ORDER BY seq DESC LIMIT 1),
    CASE WHEN e.ended_at IS NULL THEN NULL ELSE
        (SELECT CAST(payload AS BLOB) FROM events WHERE episode = e.id
            AND payload GLOB '{{"type":"episode_ended",*' ORDER BY seq DESC LIMIT 1) END,
    (SELECT max(seq) + 1 FROM events WHERE episode = e.id),
    (SELECT hex(hash) FROM events WHERE episode = e.id ORDER BY seq DESC LIMIT 1)
FROM episodes AS e
"""
"""Gives rows for ``read_info``: row number, record, last step, end, number of events, digest."""

record_values = attrgetter(*RECORD_FIELDS)
"""Return the values of an ``EpisodeRecord`` in the order of ``INSERT_EPISODE``."""

_decode_step = msgspec.json.Decoder(StepRewarded).decode
_decode_end = msgspec.json.Decoder(EpisodeEnded).decode


def read_info(row: Sequence[Any]) -> EpisodeInfo:
    """
    Return the episode of a row that ``SELECT_EPISODES`` gave.

    Raises:
        LogDamaged: Its last step or its end cannot be read.
    """
    _key, *record, rewarded, ended, events, digest = row
    try:
        step = _decode_step(rewarded) if rewarded else None
        end = _decode_end(ended) if ended else None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise LogDamaged(record[0], events - 1, f"expected its last step, got {error}") from None
    return EpisodeInfo(
        *record,
        steps=step.step + 1 if step else 0,
        total=step.total if step else 0.0,
        ended=end.how if end else None,
        reason=end.reason if end else None,
        events=events or 0,
        digest=(digest or GENESIS.hex()).lower(),
    )
