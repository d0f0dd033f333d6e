import random
import sqlite3
from contextlib import closing

import pytest
from forging import record_family

from refold import cli
from refold.engine import Episode, EventLog
from refold.graders import grade, save_grade
from refold.scenarios import load

pytestmark = pytest.mark.slow

FLIPS = 150
TABLES = ("sqlite_master", "episodes", "events", "grades", "_sqlite_migrations")
BESIDE = {"uid", "agent", "run", "epoch", "release", "started_at", "ended_at", "applied_at"}
"""Columns beside the chain: verify sees that they are well-formed, not that they are true."""


@pytest.fixture
def log(tmp_path):
    """Return the path of a log: ``first``, its fork ``second``, and ``open``, which has no end."""
    path = tmp_path / "log.db"
    with EventLog(path) as log:
        record_family(log)
        other = Episode.start(load("workflow/hard"), log=log, id="open", agent="me", run="r")
        for step in range(12):
            other.step(other.legal_actions[0])
            if step == 6:
                save_grade(log, "open", grade(other.events))
        for id in ("first", "second", "open"):
            save_grade(log, id, grade(log.events(id)))
    return path


def contents(path):
    """Return table, columns and rows of all that a log consists of, its schema first."""
    found = []
    with closing(sqlite3.connect(path)) as log:
        log.text_factory = bytes
        for table in TABLES:
            ours = "WHERE substr(tbl_name, 1, 1) <> '_'" if table == "sqlite_master" else ""
            rows = log.execute(f"SELECT * FROM {table} NOT INDEXED {ours} ORDER BY 2, 3")
            found.append((table, [column[0] for column in rows.description], rows.fetchall()))
    return found


def changed_columns(before, after):
    """Return the columns in which two contents differ; all that is not a value counts as one."""
    if [(table, columns, len(rows)) for table, columns, rows in before] != [
        (table, columns, len(rows)) for table, columns, rows in after
    ]:
        return {"rows"}
    return {
        column
        for (table, columns, was), (_, _, rows) in zip(before, after, strict=True)
        for old, new in zip(was, rows, strict=True)
        for column, a, b in zip(columns, old, new, strict=True)
        if a != b
    }


def verify(capsys, path):
    """Return the exit code of verify and what it prints; it has words whatever the log is like."""
    code = cli.run(["verify", "--log", str(path)])
    said = capsys.readouterr()
    assert said.err
    return code, said.out


def readable(path):
    """Return ``contents``, or None where they cannot be read."""
    try:
        return contents(path)
    except (sqlite3.Error, UnicodeDecodeError):
        return None


def touched(before, after):
    """Return the ids of the episodes of which a payload or a hash is another than before."""
    if after is None:
        return set()
    left = {table: [row[3:] for row in rows] for table, _, rows in after}
    rows = {table: rows for table, _, rows in before}
    ids = {row[0]: row[1].decode() for row in rows["episodes"]}
    return {ids[row[1]] for row in rows["events"] if row[3:] not in left["events"]}


def test_flipped_bits(tmp_path, log, capsys):
    """
    Of 150 random flips of single bits in use, verify finds each that changes what the log says.

    Where it changes a payload or a hash, the episode is named, if the file can be opened at all.
    A flip that leaves all contents as they were lies where nothing is stored, and is not counted
    among the 150. What goes unseen lies in a column beside the chain.
    """
    true, before = log.read_bytes(), contents(log)
    dice = random.Random(400)
    found, unused, beside = 0, 0, []
    while found + len(beside) < FLIPS:
        place, bit = dice.randrange(len(true)), dice.randrange(8)
        flipped = bytearray(true)
        flipped[place] ^= 1 << bit
        copy = tmp_path / "flipped.db"
        copy.write_bytes(flipped)
        after = readable(copy)
        if after == before:
            unused += 1
            continue
        code, said = verify(capsys, copy)
        if code:
            found += 1
            sound = {line.split()[0] for line in said.splitlines() if "  ok " in line}
            assert code == 2 or not sound & touched(before, after), f"bit {bit} of byte {place}"
            continue
        assert after is not None, f"bit {bit} of byte {place} went unseen"
        changed = changed_columns(before, after)
        assert changed <= BESIDE, f"bit {bit} of byte {place} went unseen: {changed}"
        beside += changed
    counts = f"{found} found, {unused} unused, beside the chain: {beside}"
    assert found >= FLIPS - 4, counts
    assert unused < 4 * FLIPS, counts
    print(counts)
