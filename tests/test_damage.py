import sqlite3
from contextlib import closing

import pytest
from forging import alter

from refold.engine import Episode, EventLog, LogDamaged
from refold.engine.chain import GENESIS, link
from refold.engine.errors import UnknownName
from refold.engine.log.audit import open_audit
from refold.replays.checks import audit_episode
from refold.scenarios import load

pytestmark = pytest.mark.slow

LAST = 11  # seq of the last event of the episode below: 2 to begin with, then 3, 3 and 4


@pytest.fixture
def recorded(tmp_path):
    """Return the path of a log with an episode ``hit``, to be damaged, and one ``other``."""
    path = tmp_path / "log.db"
    with EventLog(path) as log:
        for id, kind in (("other", "escalate"), ("hit", "archive")):
            episode = Episode.start(load("inbox/easy"), log=log, id=id)
            while not episode.over:
                episode.step({"type": kind})
    return path


def forge(path, seq, payload=None, *, late=1000):
    """
    Make the whole chain of ``hit`` fit to a change: a *payload* at *seq*, or a place left empty.

    The events from *late* on then stand a place later.
    """
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "SELECT id, CAST(payload AS BLOB) FROM events WHERE episode = 2 ORDER BY seq"
        ).fetchall()
    head, statements = GENESIS, []
    for place, (id, stored) in enumerate(rows):
        new = payload if place == seq else stored
        now = place + (place >= late)
        head = link(head, now, new)
        text = "UPDATE events SET payload = CAST(? AS TEXT), hash = ?, seq = ? WHERE id = ?"
        statements.append((text, new, head, now, id))
    alter(path, *reversed(statements))


def damage(path, reference="hit"):
    """Return the error that reading *reference* ends in; the other episode can still be read."""
    with EventLog(path, readonly=True) as log:
        with pytest.raises(LogDamaged, match=r"episode hit event \d+: expected") as error:
            log.events(reference)
        assert log.events("other").digest == log.find("other").digest
    assert error.value.episode == "hit"
    return error.value


CHANGED = "substr(payload, 1, length(payload) - 1) || ' }'"
OF_HIT = "WHERE episode = 2 AND seq ="


@pytest.mark.parametrize("reference", ["hit", "h", "last"])
@pytest.mark.parametrize("seq", range(LAST + 1))
def test_a_changed_payload_is_found(recorded, seq, reference):
    """One blank more anywhere breaks the chain right there."""
    alter(recorded, (f"UPDATE events SET payload = {CHANGED} {OF_HIT} {seq}",))
    assert damage(recorded, reference).seq == seq


@pytest.mark.parametrize("seq", range(LAST + 1))
def test_a_changed_hash_is_found(recorded, seq):
    """A hash that does not fit its payload is damage, even where the payload is fine."""
    alter(recorded, (f"UPDATE events SET hash = zeroblob(32) {OF_HIT} {seq}",))
    assert damage(recorded).seq == seq


@pytest.mark.parametrize("seq", range(LAST))
def test_a_changed_order_is_found(recorded, seq):
    """Two events that change places, their hashes with them, are found at the first of them."""
    alter(
        recorded,
        (f"UPDATE events SET seq = 1000 {OF_HIT} {seq}",),
        (f"UPDATE events SET seq = {seq} {OF_HIT} {seq + 1}",),
        (f"UPDATE events SET seq = {seq + 1} {OF_HIT} 1000",),
    )
    assert damage(recorded).seq == seq


@pytest.mark.parametrize("seq", range(LAST))
@pytest.mark.parametrize("close", [True, False], ids=["closed", "gap"])
def test_a_lost_event_is_found(recorded, seq, close):
    """An event that is gone is found at the next one, whether or not the others move up."""
    moves = [
        (f"UPDATE events SET seq = {later - 1} {OF_HIT} {later}",)
        for later in range(seq + 1, LAST + 1)
        if close
    ]
    alter(recorded, (f"DELETE FROM events {OF_HIT} {seq}",), *moves)
    assert damage(recorded).seq == (seq if close else seq + 1)


def test_a_gap_is_found_though_all_hashes_fit(recorded):
    """A chain that somebody computed over places with a gap is none."""
    forge(recorded, None, late=3)
    found = damage(recorded)
    assert (found.seq, "got a later one" in str(found)) == (3, True)


def test_a_last_event_that_was_moved_is_found(recorded):
    """The events read the same, but `verify` tells of it, and nothing can be added."""
    with EventLog(recorded, readonly=True) as log:
        before = log.events("hit").digest
    alter(recorded, (f"UPDATE events SET seq = seq + 5 {OF_HIT} {LAST}",))
    with EventLog(recorded) as log, open_audit(log.paths) as file:
        assert log.events("hit").digest == before
        assert "expected the last of 12 events" in str(audit_episode(log, file, "hit").problem)
        with pytest.raises(LogDamaged, match="expected the last of 12 events"):
            Episode.resume(log, "hit")


def test_an_event_of_another_episode_is_found(recorded):
    """The event of another episode at the same place, hash and all, does not fit into this one."""
    stolen = "SELECT payload, hash FROM events AS other WHERE other.episode = 1 AND other.seq = 3"
    alter(recorded, (f"UPDATE events SET (payload, hash) = ({stolen}) {OF_HIT} 3",))
    assert damage(recorded).seq == 3


FORGED = {
    "no-json": b'{"type":"episode_ended","how"}',
    "two": b'{"type":"action_refused","error":"a"},{"type":"action_refused","error":"b"}',
    "unknown": b'{"type":"nonsense_happened","a":1}',
    "extra": b'{"type":"action_refused","error":"a","more":1}',
    "missing": b'{"type":"action_refused"}',
    "wrong": b'{"type":"action_refused","error":3}',
    "no-utf-8": b'{"type":"action_refused","error":"\xff"}',
}


@pytest.mark.parametrize("payload", FORGED.values(), ids=FORGED)
@pytest.mark.parametrize("seq", [0, 3, LAST])
def test_a_forged_chain_needs_events_to_go_with_it(recorded, seq, payload):
    """Where the chain was made to fit, what is no event is found all the same."""
    forge(recorded, seq, payload)
    assert damage(recorded).seq == seq


STARTED = b'{"type":"episode_started","format":%d,"seed":1,"scenario":%s}'


@pytest.mark.parametrize(
    ("format", "scenario", "words"),
    [
        (1, b"3", "expected episode_started"),
        (1, b"{}", "expected episode_started"),
        (2, b'{"name":"a","family":"inbox","rules":1}', "expected event format 1 or older, got 2"),
    ],
)
def test_a_forged_start_is_found(recorded, format, scenario, words):
    """A stream whose start cannot be read is damaged at event 0."""
    forge(recorded, 0, STARTED % (format, scenario))
    assert damage(recorded).seq == 0
    with EventLog(recorded) as log, pytest.raises(LogDamaged, match=words):
        log.events("hit")


def test_a_stream_of_an_unknown_family_is_no_damage(recorded):
    """A family that is not installed is an error that names it: the log itself is fine."""
    scenario = b'{"name":"chess/easy","family":"chess","rules":1}'
    forge(recorded, 0, STARTED % (1, scenario))
    with EventLog(recorded) as log, pytest.raises(UnknownName, match=r"chess\.1"):
        log.events("hit")


def test_an_episode_without_events_is_damaged(recorded):
    """A row without a stream, as somebody with plain SQL may add it, is damage at event 0."""
    alter(recorded, ("DELETE FROM events WHERE episode = 2",))
    assert damage(recorded).seq == 0


@pytest.mark.parametrize("seq", [LAST - 1, LAST], ids=["end", "reward"])
def test_an_unreadable_end_is_damage_in_a_list_too(recorded, seq):
    """What a list shows of an episode comes from its last events: they may be unreadable."""
    tag = "episode_ended" if seq == LAST - 1 else "step_rewarded"
    forge(recorded, seq, b'{"type":"%s","nonsense":1}' % tag.encode())
    with EventLog(recorded) as log, pytest.raises(LogDamaged, match="episode hit"):
        log.find("hit")
